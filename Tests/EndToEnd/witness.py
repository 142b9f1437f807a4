"""A healthy client that measures its requests, in a process of its own, while other clients attack the server.

As a program: witness.py HOST PORT, until its input ends; then it prints what it saw, as JSON.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from ledge import ask

# A healthy client waits this long at most, where the machine has nothing else to do; otherwise as much longer.
SECONDS_MAX = 2
SECONDS_ALONE = 1.5
# Where a connection ends before it has answered anything, a client opens another one, so many times.
ATTEMPTS = 3
# A client keeps its connection for so many requests, then comes anew: it must get in as well as through.
REQUESTS_PER_CONNECTION = 10


@dataclass
class Sight:
    """What the witness saw: milliseconds of each GET and each POST, and the ids that were acknowledged."""

    get: list
    post: list
    acknowledged: list
    wrong: list

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

    def end(self):
        output, _ = self.process.communicate(timeout=60)
        return Sight(**json.loads(output))


def alone(server):
    """What the witness measures without an attack."""
    witness = Witness(server)
    time.sleep(SECONDS_ALONE)
    return witness.end()


@contextlib.contextmanager
def witnessed(server, attack, rest=1.5):
    """Runs what is within as an attack, for `rest` seconds more, and demands that a healthy client hardly notices.

    Prints what the client saw alone and under the attack, and what memory the server held at most.
    """
    before = alone(server)
    held = server.memory()
    Path(f"/proc/{server.pid}/clear_refs").write_text("5")
    witness = Witness(server)
    try:
        yield
        time.sleep(rest)
    finally:
        under = witness.end()
    print(f"  {attack}")
    print(f"    alone  {before}")
    print(f"    under  {under}")
    print(f"    memory {held >> 20} MiB before, {server.peak_memory() >> 20} at most, {server.memory() >> 20} after")
    assert not under.wrong, under.wrong[:3]
    busy = max(1, os.getloadavg()[0] / os.cpu_count())
    assert Sight.share(under.get + under.post, 0.99) < SECONDS_MAX * 1000 * busy, str(under)
    for identifier in under.acknowledged[-5:]:
        assert server.ask("GET", f"/api/v1/telemetry/{identifier}").status == 200


def requests(host, port):
    """Yields (kind, milliseconds, id or None, what was wrong or None) of one request after the other."""
    import http.client

    identifier = None
    while True:
        with contextlib.closing(http.client.HTTPConnection(host, port, timeout=30)) as connection:
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
    sight = Sight([], [], [], [])
    for kind, milliseconds, identifier, wrong in requests(sys.argv[1], int(sys.argv[2])):
        getattr(sight, kind).append(round(milliseconds, 3))
        if wrong:
            sight.wrong.append(wrong)
        elif kind == "post":
            sight.acknowledged.append(identifier)
        if select.select([sys.stdin], [], [], 0.002)[0]:
            break
    print(json.dumps(sight.__dict__))


if __name__ == "__main__":
    main()
