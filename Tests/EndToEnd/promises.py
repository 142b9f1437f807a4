"""The list of cases, and what each gets: a directory of its own and the binary."""

import contextlib
import os
import subprocess
from pathlib import Path

from ledge import COMBINER, ROOT, WAIT_SECONDS, Server
from ledger import check

DIGITS = ROOT / "fixtures/models/digits-mlp.npz"

cases = []


def promise(function):
    """Makes a function a case."""
    cases.append(function)
    return function


class Place:
    """A temporary directory for one case, with the binary at hand."""

    def __init__(self, binary, path):
        self.binary = binary
        self.path = Path(path)
        self.data = self.path / "data"

    @contextlib.contextmanager
    def server(self, port=0, options=COMBINER):
        """A server on the data directory; stopped at the end, and then it must have stopped cleanly."""
        with Server(self.binary, self.data, port, options) as server:
            yield server
            if server.runs:
                server.stop_cleanly()

    def tool(self, *arguments, input=None):
        """Runs a command of the binary to its end; its notes on uploads are kept in this directory."""
        return subprocess.run(
            [str(self.binary), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            input=input,
            env={**os.environ, "XDG_STATE_HOME": str(self.path / "state")},
        )

    def check(self):
        check(self.binary, self.data)

    def file(self, name, content):
        path = self.path / name
        path.write_bytes(content)
        return path


def client(server):
    """The official client."""
    from scaleoututil.api.client import Scaleout

    return Scaleout(host=server.host, port=server.port)


def message(reply, status):
    """The text of a refusal, which must be JSON with a message, whatever went wrong."""
    assert reply.status == status, f"status {reply.status} instead of {status}: {reply.body[:300]}"
    text = reply.json["message"]
    assert isinstance(text, str) and text
    return text
