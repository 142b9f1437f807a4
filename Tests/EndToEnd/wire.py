"""A bare connection, for what no HTTP client would send."""

import contextlib
import json
import socket

from ledge import WAIT_SECONDS

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
RECORD = b'{"key":"k","client_id":"c"}'


def post(path, *fields, body=None):
    """The bytes of a POST, with the length of its body where there is one."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", *fields]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + (body or b"")


def chunk(content):
    """One chunk of a chunked body; an empty one ends it."""
    return b"%x\r\n%s\r\n" % (len(content), content)


class Wire:
    """A socket to the server that remembers what it has read."""

    def __init__(self, server, source="127.0.0.1", timeout=WAIT_SECONDS, receive_buffer=None):
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.bind((source, 0))
        self.socket.connect((server.host, server.port))
        self.received = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, content):
        """Sends all of it; a server that has heard enough may close the connection on the way."""
        with contextlib.suppress(ConnectionError):
            self.socket.sendall(content)

    def read_to_end(self):
        """Reads until the server closes the connection; a server that leaves it open makes this time out."""
        with contextlib.suppress(ConnectionError):
            while piece := self.socket.recv(65536):
                self.received += piece
        return self.received

    def read(self, byte_count):
        """Reads that many bytes, or what comes before the end."""
        while len(self.received) < byte_count and (piece := self.socket.recv(65536)):
            self.received += piece
        return self.received

    def answers(self):
        """Says that nothing more comes, reads to the end, and takes the bytes apart: a list of (status, body)."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_WR)
        return parse(self.read_to_end())

    def is_closed(self):
        """Whether the server has closed the connection, without waiting for it."""
        self.socket.setblocking(False)
        try:
            while piece := self.socket.recv(65536):
                self.received += piece
            return True
        except BlockingIOError:
            return False
        except ConnectionError:
            return True
        finally:
            self.socket.setblocking(True)


def parse(received):
    """Takes apart whole answers with a length; bytes that are none fail."""
    answers = []
    while received:
        head, separator, received = received.partition(b"\r\n\r\n")
        assert separator and head.startswith(b"HTTP/1.1 "), head[:200]
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        length = int(fields.get(b"content-length", 0))
        assert len(received) >= length, received[:200]
        answers.append((int(head.split(b" ")[1]), received[:length]))
        received = received[length:]
    return answers


def refused(server, content, status):
    """Sends bytes that must be answered once, with a JSON message, and then nothing more; returns the message."""
    with Wire(server) as wire:
        wire.send(content)
        answers = wire.answers()
    assert [answer for answer, _ in answers] == [status], (content[:200], answers)
    message = json.loads(answers[0][1])["message"]
    assert message
    return message
