"""A crowd of clients that write until the server dies, and the ledger of what they sent and what they were promised.

The content of everything follows from its id and the seed, so the ledger holds ids only.
"""

import http.client
import itertools
import json
import random
import subprocess
import threading
import zlib
from dataclasses import dataclass, field

from ledge import Refused, ask, post

PAGE = 5000
CHUNK_BYTES = 256 << 10
# Longer than what the server sends to the disk unasked before it syncs, so that durable offsets are reported.
LONG_CHUNK_BYTES = 2 << 20
LONG_FILE_BYTES = 40 << 20
# What a client may see when the server dies under it.
CONNECTION_LOST = (OSError, http.client.HTTPException)
# Small segments, so that many deaths fall into the moment one ends, is sealed or merged.
OPTIONS = ["--segment-size", "16KiB", "--combiner", "main=127.0.0.1:12080"]
KINDS = ("records", "of them in batches", "changes of documents", "deletions", "sessions", "chunks", "complete uploads", "models")


class Broken(AssertionError):
    """A promise that was not kept."""


def demand(holds, sentence):
    if not holds:
        raise Broken(sentence)


@dataclass
class Upload:
    """A file on its way to the server, and what the server has said about it."""

    identifier: str
    name: str
    byte_count: int
    chunk_bytes: int
    received: int = 0
    durable: int = 0
    # The chunk that was sent last may be there without an answer.
    sent: int = 0
    is_long: bool = False
    token: str = ""
    # Its model may be there without an answer.
    model: str = ""


@dataclass
class Ledger:
    """What was sent and what was acknowledged, over all the deaths of a server."""

    seed: int
    events: set = field(default_factory=set)
    acknowledged_events: set = field(default_factory=set)
    open_batches: list = field(default_factory=list)
    # The version of each client's document that was acknowledged last, none for a deleted one; and what has no answer.
    documents: dict = field(default_factory=dict)
    open_changes: dict = field(default_factory=dict)
    versions: itertools.count = field(default_factory=itertools.count)
    sessions: set = field(default_factory=set)
    acknowledged_sessions: set = field(default_factory=set)
    uploads: dict = field(default_factory=dict)
    # The ids of models that were acknowledged, with the name of the file of each; and those whose bytes were compared.
    models: dict = field(default_factory=dict)
    compared: set = field(default_factory=set)
    counts: dict = field(default_factory=lambda: dict.fromkeys(KINDS, 0))

    def event(self, identifier):
        """A telemetry record: of any length up to some kilobytes."""
        chance = zlib.crc32(f"{self.seed} {identifier}".encode())
        return {
            "telemetry_id": identifier,
            "key": f"key-{chance % 20}",
            "value": chance / 7,
            "client_id": identifier.split("-")[1],
            "meta": {"padding": "x" * (20 + (chance % 97 * 40 if chance % 11 == 0 else chance % 200))},
        }

    def document_name(self, identifier, version):
        return f"{identifier} {version} {'y' * (zlib.crc32(f'{self.seed} {version}'.encode()) % 300)}"

    def file(self, name, byte_count):
        return random.Random(f"{self.seed} {name}").randbytes(byte_count)

    def answered(self, kind, count=1):
        self.counts[kind] += count

    def __str__(self):
        return ", ".join(f"{count} {kind}" for kind, count in self.counts.items())


class Line:
    """A connection that brings no answer any more once the power has gone.

    In the moment a file system is shut down Linux answers some syncs under way with success, though nothing of theirs was
    written. With a real power cut nobody would hear of it; so nobody may here.
    """

    def __init__(self, connection, crowd):
        self.request = connection.request
        self.connection = connection
        self.crowd = crowd

    def getresponse(self):
        response = self.connection.getresponse()
        if not self.crowd.has_power:
            raise ConnectionError("the power has gone")
        return response


class Crowd:
    """Clients at work on one server, each on a connection of its own, until it dies or the power goes; 0 do nothing."""

    def __init__(self, server, ledger, round_number, count):
        self.server = server
        self.ledger = ledger
        self.round = round_number
        self.refusals = []
        self.has_power = True
        self.unfinished = [upload for upload in ledger.uploads.values() if not upload.is_long]
        work = [self.send_long_files] + [self.send_files] * 4 + [self.post_batches] * 2 + [self.change_documents] * 4
        work += [self.make_sessions] + [self.post_events] * max(1, count - len(work) - 1)
        work = work if count else []
        self.threads = [threading.Thread(target=self.run, args=pair, daemon=True) for pair in enumerate(work)]
        for thread in self.threads:
            thread.start()

    def run(self, worker, work):
        try:
            with self.server.connect(timeout=30) as connection:
                work(Line(connection, self), worker)
        except (Refused, Broken) as refusal:
            self.refusals.append(str(refusal))
        except CONNECTION_LOST:
            # It died, as it should; whoever waits for an answer will learn what came of it.
            pass

    def join(self):
        for thread in self.threads:
            thread.join(timeout=60)
            demand(not thread.is_alive(), "a request has no answer and no end")
        demand(not self.refusals, f"not served: {self.refusals[:3]}")

    def post_events(self, connection, worker):
        for number in itertools.count():
            identifier = f"{self.round}-w{worker}-{number}"
            self.ledger.events.add(identifier)
            post(connection, "telemetry", **self.ledger.event(identifier))
            self.ledger.acknowledged_events.add(identifier)
            self.ledger.answered("records")

    def post_batches(self, connection, worker):
        """Lines of JSON, a hundred or more in a request."""
        chance = random.Random(f"{self.ledger.seed} {self.round} {worker}")
        for number in itertools.count():
            batch = [f"{self.round}-w{worker}-{number}-{line}" for line in range(chance.randrange(1, 300))]
            lines = "".join(json.dumps(self.ledger.event(identifier)) + "\n" for identifier in batch)
            self.ledger.events.update(batch)
            self.ledger.open_batches.append(batch)
            receipt = post(connection, "telemetry", lines.encode(), {"Content-Type": "application/x-ndjson"})
            demand(receipt["accepted"] == len(batch), f"{receipt['accepted']} of {len(batch)} lines were accepted")
            self.ledger.open_batches.remove(batch)
            self.ledger.acknowledged_events.update(batch)
            self.ledger.answered("records", len(batch))
            self.ledger.answered("of them in batches", len(batch))

    def change_documents(self, connection, worker):
        """Makes, replaces and deletes a few documents, over and over."""
        chance = random.Random(f"{self.ledger.seed} {self.round} {worker}")
        while True:
            identifier = f"client-{worker}-{chance.randrange(6)}"
            is_deletion = self.ledger.documents.get(identifier) is not None and chance.random() < 0.3
            version = None if is_deletion else next(self.ledger.versions)
            self.ledger.open_changes[identifier] = version
            if is_deletion:
                reply = ask(connection, "DELETE", f"/api/v1/clients/{identifier}")
                if reply.status >= 300:
                    raise Refused(f"DELETE {identifier}: {reply.status} {reply.body[:300]}")
            else:
                name = self.ledger.document_name(identifier, version)
                post(connection, "clients/add", client_id=identifier, name=name, package="local")
            self.ledger.documents[identifier] = version
            del self.ledger.open_changes[identifier]
            self.ledger.answered("deletions" if is_deletion else "changes of documents")

    def make_sessions(self, connection, worker):
        for number in itertools.count():
            name = f"session-{self.round}-{worker}-{number}"
            self.ledger.sessions.add(name)
            post(connection, "sessions", name=name, session_config={"model_id": "none", "rounds": 3})
            self.ledger.acknowledged_sessions.add(name)
            self.ledger.answered("sessions")

    def send_files(self, connection, worker):
        """Goes on with what this client sent before the server died, then with new files; makes a model of each."""
        chance = random.Random(f"{self.ledger.seed} {self.round} {worker}")
        for upload in self.unfinished[worker % 4 :: 4]:
            self.send(connection, upload)
        for number in itertools.count():
            name = f"{self.round}-{worker}-{number}.bin"
            self.send(connection, self.begin(connection, name, 8 * chance.randrange(1, 110_000), CHUNK_BYTES))

    def send_long_files(self, connection, worker):
        """A file that many deaths pass over; never complete, so that its offsets can be compared after each."""
        for number in itertools.count():
            before = [upload for upload in self.ledger.uploads.values() if upload.is_long]
            name = f"{self.round}-{worker}-{number}.long"
            upload = before[0] if before else self.begin(connection, name, LONG_FILE_BYTES, LONG_CHUNK_BYTES)
            upload.is_long = True
            self.send_chunks(connection, upload)
            post(connection, f"file-upload/{upload.identifier}/abort")
            del self.ledger.uploads[upload.identifier]

    def begin(self, connection, name, byte_count, chunk_bytes):
        reply = post(connection, "file-upload/init", file_name=name, file_size=byte_count, chunk_size=chunk_bytes)
        upload = Upload(reply["upload_id"], name, byte_count, chunk_bytes)
        self.ledger.uploads[upload.identifier] = upload
        return upload

    def send(self, connection, upload):
        self.complete(connection, upload)
        publish(connection, self.ledger, upload)

    def complete(self, connection, upload):
        self.send_chunks(connection, upload)
        upload.token = post(connection, f"file-upload/{upload.identifier}/complete")["file_token"]
        self.ledger.answered("complete uploads")

    def send_chunks(self, connection, upload):
        content = self.ledger.file(upload.name, upload.byte_count)
        path = f"file-upload/{upload.identifier}"
        while upload.received < upload.byte_count:
            index = upload.received // upload.chunk_bytes
            chunk = content[upload.received : upload.received + upload.chunk_bytes]
            upload.sent = upload.received + len(chunk)
            reply = post(connection, f"{path}/chunk", chunk, {"X-Chunk-Index": str(index)})
            demand(reply["bytes_received"] == upload.sent, f"{upload.name}: {reply} after {upload.sent} bytes")
            upload.received = upload.sent
            self.ledger.answered("chunks")
            if index % 2:
                upload.durable = max(upload.durable, position(connection, upload)["bytes_durable"])


def publish(connection, ledger, upload):
    """Makes a model of an upload that is complete, now or where an answer was lost before."""
    upload.model = f"model-{upload.name}"
    reply = ask(connection, "GET", f"/api/v1/models/{upload.model}")
    if reply.status == 404:
        post(connection, "models/", helper="binaryhelper", file_token=upload.token, model_id=upload.model, name=upload.name)
    elif reply.status >= 300:
        raise Refused(f"models/{upload.model}: {reply.status} {reply.body[:300]}")
    ledger.models[upload.model] = upload
    del ledger.uploads[upload.identifier]
    ledger.answered("models")


def position(connection, upload):
    """What the server says of an upload."""
    reply = ask(connection, "GET", f"/api/v1/file-upload/{upload.identifier}")
    if reply.status >= 300:
        raise Refused(f"file-upload/{upload.identifier}: {reply.status} {reply.body[:300]}")
    return reply.json


# Verification


def verify(server, ledger, power_failed=False, is_last=False):
    """Compares all that a server has with the ledger, after its death; from then on what is there is acknowledged."""
    with server.connect() as connection:
        try:
            verify_events(connection, ledger)
            verify_documents(connection, ledger)
            verify_sessions(connection, ledger)
            verify_uploads(connection, ledger, power_failed)
            verify_models(connection, ledger, is_last)
        except Refused as refusal:
            raise Broken(f"refused: {refusal}") from None
        except CONNECTION_LOST as loss:
            raise Broken(f"the server went away: {loss!r}; it said: {server.last_words()}") from None


def listed(connection, collection):
    """All documents of a collection, oldest first."""
    documents = []
    while True:
        headers = {"X-Limit": str(PAGE), "X-Skip": str(len(documents)), "X-Sort-Order": "asc"}
        reply = ask(connection, "GET", f"/api/v1/{collection}/", headers=headers)
        demand(reply.status == 200, f"{collection}: {reply.status} {reply.body[:300]}")
        page = reply.json
        documents += page["result"]
        if len(page["result"]) < PAGE:
            demand(page["count"] == len(documents), f"{collection}: {page['count']} counted, {len(documents)} listed")
            return documents


def verify_events(connection, ledger):
    present = set()
    for record in listed(connection, "telemetry"):
        identifier = record["telemetry_id"]
        demand(identifier in ledger.events, f"phantom: {identifier} was never sent, or was not there before")
        demand(identifier not in present, f"{identifier} is listed twice")
        for member, value in ledger.event(identifier).items():
            demand(record[member] == value, f"{identifier}: {member} is {record[member]!r}, sent was {value!r}")
        present.add(identifier)
    lost = ledger.acknowledged_events - present
    demand(not lost, f"lost: {len(lost)} acknowledged records, such as {sorted(lost)[:3]}")
    for batch in ledger.open_batches:
        count = sum(identifier in present for identifier in batch)
        whole = all(identifier in present for identifier in batch[:count])
        demand(whole, f"{count} records of the batch {batch[0]} are there, and not the first ones")
    some = sorted(present)
    for identifier in some[:: len(some) // 30 + 1]:
        reply = ask(connection, "GET", f"/api/v1/telemetry/{identifier}")
        demand(reply.status == 200, f"{identifier} is listed but not found: {reply.status}")
    ledger.open_batches.clear()
    ledger.events = present
    ledger.acknowledged_events = set(present)


def verify_documents(connection, ledger):
    found = {}
    for document in listed(connection, "clients"):
        identifier = document["client_id"]
        demand(identifier not in found, f"{identifier} is listed twice")
        found[identifier] = document["name"]
    known = ledger.documents.keys() | ledger.open_changes.keys()
    demand(found.keys() <= known, f"phantom: clients {sorted(found.keys() - known)}")
    for identifier in known:
        allowed = {ledger.documents.get(identifier)}
        if identifier in ledger.open_changes:
            allowed.add(ledger.open_changes[identifier])
        names = {None if version is None else ledger.document_name(identifier, version): version for version in allowed}
        name = found.get(identifier)
        demand(name in names, f"lost: client {identifier} is {name!r}, acknowledged was {list(names)!r}")
        ledger.documents[identifier] = names[name]
    ledger.open_changes.clear()


def verify_sessions(connection, ledger):
    names = [session["name"] for session in listed(connection, "sessions")]
    present = set(names)
    demand(len(present) == len(names), "a session is listed twice")
    demand(present <= ledger.sessions, f"phantom: sessions {sorted(present - ledger.sessions)[:3]}")
    lost = ledger.acknowledged_sessions - present
    demand(not lost, f"lost: {len(lost)} sessions, such as {sorted(lost)[:3]}")
    ledger.sessions, ledger.acknowledged_sessions = present, set(present)


def verify_uploads(connection, ledger, power_failed):
    for upload in list(ledger.uploads.values()):
        if upload.token:
            # What `complete` promised: a model can be made of it.
            publish(connection, ledger, upload)
            continue
        reply = ask(connection, "GET", f"/api/v1/file-upload/{upload.identifier}")
        if reply.status == 404 and upload.is_long and upload.received == upload.byte_count:
            # It was being aborted.
            del ledger.uploads[upload.identifier]
            continue
        state = position(connection, upload)
        # A chunk survives the death of the process, and a power cut once it was called durable.
        promised = upload.durable if power_failed else upload.received
        received, durable = state["bytes_received"], state["bytes_durable"]
        demand(received >= promised, f"lost: {upload.name} has {received} bytes, promised were {promised}")
        demand(durable <= received <= upload.sent, f"{upload.name}: {durable} durable, {received} there, {upload.sent} sent")
        upload.received, upload.durable, upload.sent = received, durable, received


def verify_models(connection, ledger, is_last):
    found = {model["model_id"]: model for model in listed(connection, "models")}
    # One whose answer was lost was made known by `verify_uploads`, if there was a model.
    demand(found.keys() <= ledger.models.keys(), f"phantom: models {sorted(found.keys() - ledger.models.keys())[:3]}")
    lost = ledger.models.keys() - found.keys()
    demand(not lost, f"lost: {len(lost)} models, such as {sorted(lost)[:3]}")
    for identifier in sorted(found):
        if identifier in ledger.compared and not is_last:
            continue
        upload = ledger.models[identifier]
        reply = ask(connection, "GET", f"/api/v1/models/{identifier}/download")
        is_whole = reply.status == 200 and reply.body == ledger.file(upload.name, upload.byte_count)
        demand(is_whole, f"model {identifier} is not what was sent: {reply.status}, {len(reply.body)} bytes")
        ledger.compared.add(identifier)


def check(binary, data):
    """Demands that a directory without a server is sound."""
    result = subprocess.run([str(binary), "check", str(data)], capture_output=True, text=True)
    demand(result.returncode == 0, f"ledge check: exit {result.returncode}\n{result.stdout}{result.stderr}")
