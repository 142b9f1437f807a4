"""Clients that write to a server until it is killed or its power is cut, and note in a ledger what it acknowledged."""

import itertools
import random
import threading

from ledge import COMBINER, WAIT_SECONDS, Refused
from ledger import CONNECTION_LOST

CHUNK_BYTES = 256 << 10
# Longer than what the server writes to the disk in the background before it syncs, so that durable offsets are reported.
LONG_CHUNK_BYTES = 2 << 20
LONG_FILE_BYTES = 40 << 20
# Small segments, so that many crashes happen while one ends, is sealed or merged.
OPTIONS = ("--segment-size", "16KiB", *COMBINER)


class PoweredConnection:
    """A connection that delivers no response after the power has been cut.

    While a file system is shut down, Linux reports success for some of the current syncs though it wrote nothing. After
    a real power cut no client would receive those responses, so none may receive them here.
    """

    def __init__(self, connection, crowd):
        self.request = connection.request
        self.connection = connection
        self.crowd = crowd

    def getresponse(self):
        response = self.connection.getresponse()
        if not self.crowd.has_power:
            raise ConnectionError("the power was cut")
        return response


class Crowd:
    """Clients of one server, each in a thread with a connection of its own, until it is killed or its power is cut."""

    def __init__(self, server, ledger, round_number, count):
        self.server = server
        self.ledger = ledger
        self.round = round_number
        self.failures = []
        self.has_power = True
        self.unfinished = [upload for upload in ledger.uploads.values() if not upload.is_long]
        work = [self.send_long_files] + [self.send_files] * 4 + [self.post_batches] * 2 + [self.change_clients] * 4
        work += [self.create_sessions]
        work += [self.post_events] * max(1, count - len(work))
        self.threads = [threading.Thread(target=self.run, args=pair, daemon=True) for pair in enumerate(work)]
        for thread in self.threads:
            thread.start()

    def run(self, worker, work):
        chance = random.Random(f"{self.ledger.seed} {self.round} {worker}")
        try:
            with self.server.connect() as connection:
                work(PoweredConnection(connection, self), worker, chance)
        except (Refused, AssertionError) as failure:
            self.failures.append(str(failure))
        except CONNECTION_LOST:
            # Expected; the comparison finds out what became of the last request.
            pass

    def join(self):
        for thread in self.threads:
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive(), "a request has neither an answer nor an end"
        assert not self.failures, f"not served: {self.failures[:3]}"

    def post_events(self, connection, worker, _):
        for number in itertools.count():
            self.ledger.post_event(connection, f"{self.round}-w{worker}-{number}")

    def post_batches(self, connection, worker, chance):
        for number in itertools.count():
            lines = range(chance.randrange(1, 300))
            self.ledger.post_batch(connection, [f"{self.round}-w{worker}-{number}-{line}" for line in lines])

    def change_clients(self, connection, worker, chance):
        """Creates, replaces and deletes a few documents, over and over."""
        while True:
            identifier = f"client-{worker}-{chance.randrange(6)}"
            if self.ledger.clients.get(identifier) is not None and chance.random() < 0.3:
                self.ledger.delete_client(connection, identifier)
            else:
                self.ledger.store_client(connection, identifier)

    def create_sessions(self, connection, worker, _):
        for number in itertools.count():
            self.ledger.create_session(connection, f"session-{self.round}-{worker}-{number}")

    def send_files(self, connection, worker, chance):
        """Resumes the uploads that a crash interrupted, then sends new ones; makes a model of each."""
        uploads = self.unfinished[worker % 4 :: 4]
        for number in itertools.count():
            if uploads:
                upload = uploads.pop(0)
            else:
                byte_count = 8 * chance.randrange(1, 110_000)
                name = f"{self.round}-{worker}-{number}.bin"
                upload = self.ledger.begin_upload(connection, name, byte_count, CHUNK_BYTES)
            self.ledger.complete(connection, upload)
            self.ledger.publish(connection, upload)

    def send_long_files(self, connection, worker, _):
        """A file that many crashes interrupt; never completed, so that its offsets can be compared after each."""
        for number in itertools.count():
            upload = next((upload for upload in list(self.ledger.uploads.values()) if upload.is_long), None)
            if not upload:
                name = f"{self.round}-{worker}-{number}.long"
                upload = self.ledger.begin_upload(connection, name, LONG_FILE_BYTES, LONG_CHUNK_BYTES)
                upload.is_long = True
            self.ledger.send_chunks(connection, upload)
            self.ledger.abort(connection, upload)
