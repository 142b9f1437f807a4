"""A healthy client that measures its requests, in a process of its own, while other clients attack the server.

As a program: witness.py HOST PORT, until its input ends; it prints each request as a line of JSON.
"""

import contextlib
import json
import select
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from ledge import WAIT_SECONDS, ask, until

# So many requests of a healthy client are answered while an attack continues.
ANSWERS = 200
# Where a connection ends before it has answered anything, a client opens another one, so many times.
ATTEMPTS = 3
# A client keeps its connection for so many requests, then comes anew: it must get in as well as through.
REQUESTS_PER_CONNECTION = 10


@dataclass
class Sight:
    """What the witness saw: milliseconds of each GET and each POST, and the ids that were acknowledged."""

    get: list = field(default_factory=list)
    post: list = field(default_factory=list)
    acknowledged: list = field(default_factory=list)
    wrong: list = field(default_factory=list)

    def add(self, kind, milliseconds, identifier, wrong):
        getattr(self, kind).append(milliseconds)
        if wrong:
            self.wrong.append(wrong)
        elif kind == "post":
            self.acknowledged.append(identifier)

    @property
    def count(self):
        return len(self.get) + len(self.post)

    @staticmethod
    def share(times, part):
        return sorted(times)[min(len(times) - 1, int(len(times) * part))] if times else float("nan")

    def __str__(self):
        return "   ".join(
            f"{name} {self.share(times, 0.5):6.1f} / {self.share(times, 0.99):6.1f} ms"
            for name, times in (("GET", self.get), ("POST", self.post))
        )


class Witness:
    """The process, until `end`."""

    def __init__(self, server):
        arguments = [sys.executable, __file__, server.host, str(server.port)]
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.sight = Sight()
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stdout:
            self.sight.add(*json.loads(line))

    def await_answers(self):
        """Waits until requests that begin now have been answered."""
        count = self.sight.count + ANSWERS
        until(lambda: self.sight.count >= count or not self.reader.is_alive())

    def end(self):
        self.process.stdin.close()
        self.process.wait(WAIT_SECONDS)
        self.reader.join(WAIT_SECONDS)
        return self.sight


def alone(server):
    """What the witness measures without an attack."""
    witness = Witness(server)
    witness.await_answers()
    return witness.end()


@contextlib.contextmanager
def witnessed(server, attack):
    """Runs what is within as an attack, and demands that a healthy client is answered correctly while it continues.

    Yields the client, for who wants to await its answers within. Prints how long it waited alone and under the attack,
    and what memory the server held at most. How long depends on the machine, so it is not tested.
    """
    before = alone(server)
    held = server.memory()
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")
    witness = Witness(server)
    try:
        yield witness
        witness.await_answers()
    finally:
        under = witness.end()
    print(f"  {attack}")
    print(f"    alone  {before}")
    print(f"    under  {under}")
    print(f"    memory {held >> 20} MiB before, {server.peak_memory() >> 20} at most, {server.memory() >> 20} after")
    assert not under.wrong, under.wrong[:3]
    for identifier in under.acknowledged[-5:]:
        assert server.ask("GET", f"/api/v1/telemetry/{identifier}").status == 200


def requests(host, port):
    """Yields (kind, milliseconds, id or None, what was wrong or None) of one request after the other."""
    import http.client

    identifier = None
    while True:
        with contextlib.closing(http.client.HTTPConnection(host, port, timeout=WAIT_SECONDS)) as connection:
            for number in range(REQUESTS_PER_CONNECTION):
                posts = number % 2 == 0 or identifier is None
                began = time.monotonic()
                for _ in range(ATTEMPTS):
                    try:
                        if posts:
                            record = {"key": "health", "value": 1, "client_id": "witness"}
                            reply = ask(connection, "POST", "/api/v1/telemetry", **record)
                        else:
                            reply = ask(connection, "GET", f"/api/v1/telemetry/{identifier}")
                        expected = 201 if posts else 200
                        wrong = None if reply.status == expected else f"{reply.status} {reply.body[:200]}"
                        break
                    except (ConnectionError, http.client.BadStatusLine) as error:
                        connection.close()
                        wrong = repr(error)
                    except (OSError, http.client.HTTPException) as error:
                        wrong = repr(error)
                        break
                if posts and not wrong:
                    identifier = reply.json["telemetry_id"]
                yield "post" if posts else "get", (time.monotonic() - began) * 1000, identifier, wrong
                if wrong:
                    break


def main():
    for request in requests(sys.argv[1], int(sys.argv[2])):
        print(json.dumps(request), flush=True)
        if select.select([sys.stdin], [], [], 0.002)[0]:
            break


if __name__ == "__main__":
    main()
