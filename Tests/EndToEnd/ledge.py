"""The real binary as a process, and what every script around it needs. Needs the standard library only."""

import argparse
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Clients can join a network that has a combiner.
COMBINER = ("--combiner", "main=127.0.0.1:12080")
# How long a test waits for what must happen: only what never happens takes so long, on however slow a machine.
WAIT_SECONDS = 600
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
    """`ledge serve` on a data directory; `with` kills it if it still runs at the end.

    It is ready when this is constructed, unless `is_awaited` is false.
    """

    def __init__(self, binary, data, port=0, options=(), environment=None, log=None, is_awaited=True):
        self.data = Path(data)
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
        self._address = None
        self._announced = threading.Event()
        threading.Thread(target=self._read_output, daemon=True).start()
        if is_awaited:
            began = time.monotonic()
            self._await_address()
            self.start_seconds = time.monotonic() - began

    def _read_output(self):
        """Reads the server's output to its end, so that the pipe never fills up; notes the line with its address."""
        for line in self.process.stdout:
            if self._address is None and (address := LISTENING.match(line)):
                self._address = address
                self._announced.set()
        self._announced.set()

    def _await_address(self):
        self._announced.wait(WAIT_SECONDS)
        if self._address is None:
            self.kill()
            raise RuntimeError(f"the server did not start; its log ends: {self.log_end()}")
        self.host, self.port = self._address[1], int(self._address[2])
        self.url = f"http://{self.host}:{self.port}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()

    def log_end(self):
        """The end of its log, for a message about its failure."""
        return self.log.read_text(errors="replace")[-2000:].strip() or "nothing"

    @property
    def pid(self):
        return self.process.pid

    @property
    def runs(self):
        return self.process.poll() is None

    def kill(self):
        """Ends it as a crash does, with SIGKILL."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Stops it with SIGTERM and returns its exit code."""
        self.process.terminate()
        try:
            return self.process.wait(WAIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise RuntimeError(f"the server did not stop within {WAIT_SECONDS} s of SIGTERM") from None

    def stop_cleanly(self):
        code = self.stop()
        assert code == 0, f"exit code {code} after SIGTERM; the log ends: {self.log_end()}"

    def connect(self, timeout=WAIT_SECONDS):
        return contextlib.closing(http.client.HTTPConnection(self.host, self.port, timeout=timeout))

    def ask(self, method, path, body=None, headers=None, **json_body):
        """One request on a connection of its own; keyword arguments make a JSON body."""
        with self.connect() as connection:
            return ask(connection, method, path, body, headers, **json_body)

    def memory(self):
        return memory(self.pid)

    def peak_memory(self):
        return memory(self.pid, "VmHWM")


def memory(pid, what="VmRSS"):
    """A process's resident memory in bytes, or with VmHWM its peak; 0 once the process has ended."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{what}:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


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


def until(condition, interval=0.05):
    """Waits until a condition holds, and returns the seconds that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < WAIT_SECONDS, f"it did not happen within {WAIT_SECONDS} s"
        time.sleep(interval)
    return time.monotonic() - began


def cpu_seconds(pid):
    """How much processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# Command lines and C programs


def command_line(description, binary=".build/release/ledge"):
    """A parser whose help is a script's docstring, with the options of every script that runs the binary."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--binary", type=_built, default=binary, help="the program to test (default: %(default)s)"
    )
    # SIGTERM unwinds the script, so that servers and temporary directories are removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(f"{parser.prog}: terminated"))
    return parser


def _built(text):
    path = next((path for path in (Path(text).resolve(), ROOT / text) if path.exists()), None)
    if path is None:
        raise argparse.ArgumentTypeError(f"{text} does not exist; scripts/run builds it")
    return path


def add_seed(parser):
    default = int(os.environ.get("SEED", time.time_ns() % 1_000_000))
    parser.add_argument("--seed", type=int, default=default, help="repeats a run (default: $SEED, or random)")


def compile_c(source, output, *options):
    """Compiles a C file with the system's compiler, or with the one that Swift includes."""
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler:
        swift = shutil.which("swift") or sys.exit("there is neither a C compiler nor Swift")
        compiler = Path(swift).resolve().parent / "clang"
    subprocess.run([compiler, "-Wall", "-D_GNU_SOURCE", *options, "-o", output, source, "-ldl"], check=True)
    return str(output)


def preload(name, directory):
    """Compiles NAME.c of this folder for LD_PRELOAD, and returns the environment that loads it."""
    library = Path(directory) / f"{name}.so"
    return {"LD_PRELOAD": compile_c(ROOT / f"Tests/EndToEnd/{name}.c", library, "-O1", "-shared", "-fPIC")}
