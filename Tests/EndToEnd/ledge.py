"""The real binary as a process: a server started, asked, killed and stopped. Needs the standard library only."""

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 30
STOP_SECONDS = 20
LISTENING = re.compile(r"^listening on http://(.+):(\d+)$")


class Refused(Exception):
    """The server answered, but not with a 2xx."""


@dataclass
class Reply:
    """One answer over HTTP."""

    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class Server:
    """`ledge serve` on a data directory, answering once this is made; `with` kills it if it still runs at the end."""

    def __init__(self, binary, data, port=0, options=(), environment=None, log=None):
        self.log = Path(log or f"{data}.log")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(binary), "serve", "--data", str(data), "--listen", f"127.0.0.1:{port}", *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        self._said = []
        self._answers = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()
        if not self._answers.wait(START_SECONDS) or not self._said or not LISTENING.match(self._said[-1]):
            self.kill()
            raise RuntimeError(f"the server did not start; it said: {self.last_words()}")
        self.host, self.port = LISTENING.match(self._said[-1]).group(1, 2)
        self.port = int(self.port)
        self.url = f"http://{self.host}:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def _listen(self):
        """Reads what the server prints until it says where it listens, then goes on so that it never waits for us."""
        for line in self.process.stdout:
            if self._answers.is_set():
                continue
            self._said.append(line.rstrip("\n"))
            if LISTENING.match(self._said[-1]):
                self._answers.set()
        self._answers.set()

    def last_words(self):
        """The end of what it logged, for a message about its failure."""
        return self.log.read_text(errors="replace")[-2000:].strip() or "nothing"

    @property
    def pid(self):
        return self.process.pid

    @property
    def runs(self):
        return self.process.poll() is None

    def kill(self):
        """Ends it as a crash does: no warning, no last write."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Asks it to stop and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"the server did not stop within {STOP_SECONDS} s of SIGTERM") from None

    def connect(self, timeout=60):
        return contextlib.closing(http.client.HTTPConnection(self.host, self.port, timeout=timeout))

    def ask(self, method, path, body=None, headers=None, **json_body):
        """One request on a connection of its own; keyword arguments make a JSON body."""
        with self.connect() as connection:
            return ask(connection, method, path, body, headers, **json_body)

    def peak_memory(self):
        """The most memory it has held so far, in bytes."""
        return self.memory("VmHWM")

    def memory(self, what="VmRSS"):
        """The memory it holds now, in bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"^{what}:\s+(\d+) kB$", status, re.MULTILINE)[1]) * 1024


def ask(connection, method, path, body=None, headers=None, **json_body):
    """One request on an open connection."""
    headers = dict(headers or {})
    if json_body:
        body = json.dumps(json_body).encode()
        headers["Content-Type"] = "application/json"
    connection.request(method, path, body=body, headers=headers)
    response = connection.getresponse()
    return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


def post(connection, path, body=None, headers=None, **json_body):
    """A POST below /api/v1 that has to succeed; returns the JSON it answers."""
    reply = ask(connection, "POST", f"/api/v1/{path}", body, headers, **json_body)
    if reply.status >= 300:
        raise Refused(f"{path}: {reply.status} {reply.body[:300]}")
    return reply.json


def send_chunks(connection, upload, content, chunk_size, first=0, end=None):
    """Sends the chunks of a file from number `first` until before number `end`."""
    for index in range(first, -(-len(content) // chunk_size) if end is None else end):
        chunk = content[index * chunk_size : (index + 1) * chunk_size]
        reply = post(connection, f"file-upload/{upload}/chunk", chunk, {"X-Chunk-Index": str(index)})
        assert reply["chunk_index"] == index
