"""Cases are functions that promise something and take a place to prove it in; the runner finds them here."""

import contextlib
import os
import subprocess
from pathlib import Path

from ledge import Server

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "fixtures/models/digits-mlp.npz"

# Clients can join a network that has a combiner.
COMBINER = ("--combiner", "main=127.0.0.1:12080")

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
                code = server.stop()
                assert code == 0, f"exit code {code} after SIGTERM: {server.last_words()}"

    def tool(self, *arguments, timeout=120):
        """Runs a command of the binary to its end; its memory of uploads is kept in this place."""
        return subprocess.run(
            [str(self.binary), *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=timeout,
            env={**os.environ, "XDG_STATE_HOME": str(self.path / "state")},
        )

    def check(self):
        """`ledge check` on the data directory must find nothing."""
        result = self.tool("check", self.data)
        assert result.returncode == 0, f"ledge check: exit {result.returncode}\n{result.stdout}{result.stderr}"

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
