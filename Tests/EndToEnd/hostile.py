"""Hostile and broken clients: none of them affects a healthy client."""

import contextlib
import io
import itertools
import json
import os
import random
import socket
import struct
import subprocess
import time

from ledge import COMBINER, ROOT, until
from promises import promise
from uploads import CHUNK, begin, complete, make_model, send_all
from wire import HEALTH, RECORD, Wire, chunk, parse, post
from witness import witnessed

TELEMETRY = "/api/v1/telemetry"
CHUNKED = "Transfer-Encoding: chunked"
BUSY = post(TELEMETRY, "Content-Length: 1000", "Expect: 100-continue")
MEMORY_MAX = 256 << 20


def occupied(server, count, source="127.0.0.1"):
    """Connections that are sending a request: the server has read its head, and waits for the body."""
    return wires(server, count, BUSY, expected=b"HTTP/1.1 100 ", source=source)


@contextlib.contextmanager
def wires(server, count, content=b"", expected=b"", **options):
    """Many connections at once, each of which has sent the same bytes, and received what is expected."""
    with contextlib.ExitStack() as stack:
        made = []
        for _ in range(count):
            made.append(stack.enter_context(Wire(server, **options)))
            made[-1].send(content)
        for wire in made:
            assert wire.read(len(expected)).startswith(expected), wire.received
        yield made


def trickle(made, content):
    """Sends a byte over each connection, and again after a moment, until the server has closed all of them."""

    def all_closed():
        nonlocal made
        made = [wire for wire in made if not wire.is_closed()]
        for wire in made:
            wire.send(content)
        return not made

    until(all_closed, 0.2)


@promise
def heads_that_never_end_hold_no_connection(place):
    with place.server(options=(*COMBINER, "--header-timeout", "2")) as server:
        with wires(server, 300, b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: ") as made:
            with witnessed(server, "300 heads, a byte at a time"):
                trickle(made, b"a")
            for wire in made[:5]:
                assert [status for status, _ in parse(wire.received)] == [408]


@promise
def bodies_that_trickle_hold_no_connection(place):
    with place.server(options=(*COMBINER, "--stall-timeout", "2")) as server:
        head = post(TELEMETRY, "Content-Length: 100000")
        upload = begin(server, CHUNK)
        part = post(f"/api/v1/file-upload/{upload}/chunk", "X-Chunk-Index: 0", f"Content-Length: {CHUNK}")
        with wires(server, 200, head) as made, Wire(server) as chunked, Wire(server) as uploading:
            chunked.send(post(TELEMETRY, CHUNKED))
            uploading.send(part)
            with witnessed(server, "202 bodies, a byte at a time"):
                trickle([*made, chunked, uploading], b"1")
            for wire in (*made[:3], chunked, uploading):
                assert [status for status, _ in parse(wire.received)] == [408], wire.received
        # What was sent of the chunk never counted, and the upload goes on.
        content = os.urandom(CHUNK)
        send_all(server, upload, content)
        assert make_model(server, complete(server, upload).json["file_token"]) == content
        assert server.ask("GET", f"{TELEMETRY}/count").json == server.ask("GET", f"{TELEMETRY}/count?key=health").json
    place.check()


@promise
def a_slow_line_may_take_as_long_as_it_needs(place):
    with place.server(options=(*COMBINER, "--stall-timeout", "5", "--min-rate", "100")) as server:
        content = os.urandom(60_000)
        upload = begin(server, len(content))
        with Wire(server) as wire:
            wire.send(post(f"/api/v1/file-upload/{upload}/chunk", "X-Chunk-Index: 0", "Content-Length: 60000"))
            for start in range(0, len(content), 1000):
                wire.send(content[start : start + 1000])
                time.sleep(0.1)
            wire.send(b"")
            wire.read(1)
        assert make_model(server, complete(server, upload).json["file_token"]) == content


@promise
def readers_that_stop_hold_no_memory(place):
    content = os.urandom(24 << 20)
    with place.server(options=(*COMBINER, "--stall-timeout", "3")) as server:
        upload = begin(server, len(content))
        send_all(server, upload, content)
        message_of_model = server.ask(
            "POST", "/api/v1/models/", helper="binaryhelper", file_token=complete(server, upload).json["file_token"]
        )
        assert message_of_model.status < 300
        model = server.ask("GET", "/api/v1/models/").json["result"][0]["model_id"]
        download = f"GET /api/v1/models/{model}/download HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
        with wires(server, 100, download, receive_buffer=4096) as made:
            with witnessed(server, "100 downloads that are not read"):
                assert server.peak_memory() < MEMORY_MAX, server.peak_memory() >> 20
                sockets = until(lambda: open_sockets(server) < 20)
            print(f"    closed after {sockets:.1f} s")
            del made
        assert server.ask("GET", f"/api/v1/models/{model}/download").body == content


def open_sockets(server):
    """How many sockets the server has open."""
    count = 0
    for name in os.listdir(f"/proc/{server.pid}/fd"):
        with contextlib.suppress(OSError):
            count += os.readlink(f"/proc/{server.pid}/fd/{name}").startswith("socket:")
    return count


@promise
def idle_connections_make_room_for_those_that_ask(place):
    with place.server(options=(*COMBINER, "--max-connections", "64")) as server:
        with witnessed(server, "2000 connections that say nothing, or half a line; 64 are allowed"):
            with contextlib.ExitStack() as stack:
                for number in range(2000):
                    wire = stack.enter_context(Wire(server))
                    if number % 2:
                        wire.send(b"GET /hea")
                    assert number % 100 or open_sockets(server) < 64 + 64 + 30
        assert server.ask("GET", "/health").status == 200


@promise
def a_connection_past_the_limit_is_refused_with_a_reason(place):
    with place.server(options=(*COMBINER, "--max-connections", "8")) as server:
        with occupied(server, 8) as busy:
            with Wire(server) as wire:
                [(status, body)] = wire.answers()
            assert status == 503 and "--max-connections" in json.loads(body)["message"]
            # Too many of those, and they are only closed.
            with wires(server, 200) as refused:
                until(lambda: all(wire.is_closed() for wire in refused))
            busy[0].socket.close()
            until(lambda: server_answers(server))


def server_answers(server):
    try:
        return server.ask("GET", "/health").status == 200
    except OSError:
        return False


@promise
def connections_per_address_are_limited(place):
    with place.server(options=(*COMBINER, "--max-connections-per-address", "5")) as server:
        with occupied(server, 5, source="127.0.0.2"):
            with Wire(server, source="127.0.0.2") as wire:
                [(status, body)] = wire.answers()
            assert status == 503 and "--max-connections-per-address" in json.loads(body)["message"]
            assert server.ask("GET", "/health").status == 200


@promise
def an_address_that_has_idle_connections_loses_those_first(place):
    with place.server(options=(*COMBINER, "--max-connections-per-address", "5")) as server:
        with wires(server, 5, HEALTH, source="127.0.0.2") as idle:
            until(lambda: all(b"ok" in wire.read(1) for wire in idle))
            with Wire(server, source="127.0.0.2") as wire:
                wire.send(HEALTH)
                assert wire.read(1).startswith(b"HTTP/1.1 200")
            until(lambda: sum(wire.is_closed() for wire in idle) == 1)


@promise
def requests_whose_answers_are_not_read_hold_no_memory(place):
    with place.server(options=(*COMBINER, "--stall-timeout", "3")) as server:
        flood = (HEALTH * 1000 + post(TELEMETRY, body=RECORD) * 20) * 20
        with wires(server, 8, receive_buffer=4096) as made:
            for wire in made:
                wire.socket.setblocking(False)
            with witnessed(server, "8 connections of 20,000 requests each whose answers are not read"):
                for _ in range(20):
                    for wire in made:
                        with contextlib.suppress(BlockingIOError, ConnectionError):
                            wire.socket.send(flood)
                    time.sleep(0.1)
            assert server.peak_memory() < MEMORY_MAX
        # Who reads gets each answer, in order.
        with Wire(server) as wire:
            wire.send(HEALTH * 500 + b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert [status for status, _ in wire.answers()] == [200] * 501


@promise
def bodies_on_their_way_hold_bounded_memory(place):
    with place.server(options=(*COMBINER, "--stall-timeout", "4")) as server:
        most = post(TELEMETRY, "Content-Length: 1048576") + b'{"key":"' + b"a" * 1_000_000
        with witnessed(server, "300 JSON bodies of 1 MB that lack their end") as witness, wires(server, 300, most):
            witness.await_answers()
        assert server.peak_memory() < MEMORY_MAX, server.peak_memory() >> 20
        lines = post(TELEMETRY, CHUNKED, "Content-Type: application/x-ndjson") + chunk(b'{"key":"' + b"a" * 1_000_000)
        with witnessed(server, "300 bodies of JSON lines of 1 MB that lack their end") as witness, wires(server, 300, lines):
            witness.await_answers()
        assert server.peak_memory() < MEMORY_MAX, server.peak_memory() >> 20


@promise
def bodies_in_chunks_of_a_byte_are_read(place):
    with place.server() as server:
        content = b'{"key":"k","client_id":"c","meta":{"a":"' + b"a" * 300_000 + b'"}}'
        body = b"".join(b"1\r\n%c\r\n" % byte for byte in content) + b"0\r\n\r\n"
        with witnessed(server, "4 bodies of 300,000 chunks of a byte"):
            for _ in range(4):
                with Wire(server) as wire:
                    wire.send(post(TELEMETRY, CHUNKED) + body)
                    assert wire.read(1).startswith(b"HTTP/1.1 201")


@promise
def connections_that_break_leave_nothing(place):
    chance = random.Random(7)
    with place.server() as server:
        upload = begin(server, CHUNK)
        beginnings = [
            b"",
            b"GET /health HTTP/1.1\r\n",
            HEALTH,
            post(TELEMETRY, "Content-Length: 1000") + b'{"key":',
            post(TELEMETRY, CHUNKED) + chunk(b'{"key":')[:-3],
            post(f"/api/v1/file-upload/{upload}/chunk", "X-Chunk-Index: 0", f"Content-Length: {CHUNK}")
            + bytes(500_000),
            post("/api/v1/models/", "Content-Type: multipart/form-data; boundary=b", "Content-Length: 900000")
            + b'--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n'
            + bytes(300_000),
            b"\x16\x03\x01",
            bytes(chance.randrange(256) for _ in range(2000)),
        ]
        before = open_sockets(server)
        with witnessed(server, "1000 connections reset, half closed or dropped, at nine places"):
            for number in range(1000):
                with Wire(server) as wire:
                    wire.send(beginnings[number % len(beginnings)])
                    if number % 3 == 0:
                        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    elif number % 3 == 1:
                        with contextlib.suppress(OSError):
                            wire.socket.shutdown(socket.SHUT_WR)
        until(lambda: open_sockets(server) <= before + 5)
        content = os.urandom(CHUNK)
        until(lambda: server.ask("GET", f"/api/v1/file-upload/{upload}").json["bytes_received"] == 0)
        send_all(server, upload, content)
        assert make_model(server, complete(server, upload).json["file_token"]) == content
        uploads = list((place.data / "uploads").iterdir())
        assert not uploads, uploads
        assert server.ask("GET", f"{TELEMETRY}/count").json == server.ask("GET", f"{TELEMETRY}/count?key=health").json
    place.check()


@promise
def unfinished_uploads_are_bounded(place):
    def start(source="127.0.0.1", byte_count=1000):
        body = json.dumps({"file_name": "a", "file_size": byte_count}).encode()
        with Wire(server, source=source) as wire:
            wire.send(post("/api/v1/file-upload/init", "Connection: close", body=body))
            [(status, answer)] = wire.answers()
            return status, json.loads(answer)

    caps = ("--max-unfinished-uploads", "6", "--max-unfinished-uploads-per-address", "4")
    caps += ("--max-unfinished-bytes", "10KB")
    with place.server(options=caps) as server:
        made = [start()[1]["upload_id"] for _ in range(4)]
        status, answer = start()
        assert status == 429 and "--max-unfinished-uploads-per-address" in answer["message"]
        status, answer = start("127.0.0.2", 7000)
        assert status == 507 and "--max-unfinished-bytes" in answer["message"]
        assert [start("127.0.0.2")[0] for _ in range(2)] == [200, 200]
        status, answer = start("127.0.0.2")
        assert status == 429 and "--max-unfinished-uploads)" in answer["message"]
        # A closed connection releases its slot.
        assert server.ask("POST", f"/api/v1/file-upload/{made[0]}/abort").status == 200
        assert start()[0] == 200
    # After a restart they count together, but for no address.
    with place.server(options=caps) as server:
        status, answer = start()
        assert status == 429 and "--max-unfinished-uploads)" in answer["message"]
        for upload in made[1:]:
            assert server.ask("POST", f"/api/v1/file-upload/{upload}/abort").status == 200
        assert start(byte_count=8000)[0] == 507
        assert start(byte_count=7000)[0] == 200
    place.check()


def deflated_bomb(byte_count, name="0.npy", claims=None):
    """An .npz with one array of zeros: a thousandth of `byte_count` on the wire; its header may claim another size."""
    import zipfile

    header = "{'descr': '<f4', 'fortran_order': False, 'shape': (%d,), }" % ((claims or byte_count) // 4)
    head = b"\x93NUMPY\x01\x00" + struct.pack("<H", 118) + header.ljust(117).encode() + b"\n"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open(name, "w", force_zip64=True) as member:
            member.write(head)
            for _ in range(byte_count >> 20):
                member.write(bytes(1 << 20))
    return made.getvalue()


def overlapping(count):
    """A .zip whose directory names one member many times over."""
    import zipfile

    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("0.npy", bytes(1 << 20))
    content = made.getvalue()
    end = content.rindex(b"PK\x05\x06")
    start = content.index(b"PK\x01\x02")
    entry = content[start:end]
    tail = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(entry) * count, start, 0)
    return content[:start] + entry * count + tail


@promise
def ids_that_collide_without_a_seed_are_events_like_others(place):
    blocks = [line.split() for line in (ROOT / "fixtures/colliding-ids.txt").read_text().splitlines()]
    ids = ["".join(choice) for choice in itertools.product(*blocks)]
    *first, last = [{"telemetry_id": identifier, "key": "cpu", "client_id": "edge-1"} for identifier in ids]
    content = b"".join(json.dumps(event).encode() + b"\n" for event in first)
    with place.server(options=(*COMBINER, "--segment-size", "8KiB")) as server:
        with witnessed(server, f"{len(ids)} ids of events that have one XXH3-64 without a seed"):
            receipt = server.ask("POST", TELEMETRY, content, {"Content-Type": "application/x-ndjson"}).json
            assert receipt["accepted"] == len(first), receipt
            until(lambda: list(server.data.glob("collections/telemetry/*.idx")))
            assert server.ask("POST", TELEMETRY, **last).status == 201
        assert server.ask("GET", f"{TELEMETRY}/count?client_id=edge-1").json == len(ids)
        for event in (*first, last):
            assert server.ask("GET", f"{TELEMETRY}/{event['telemetry_id']}").status == 200
            assert server.ask("POST", TELEMETRY, **event).status == 409
    place.check()


@promise
def files_that_inflate_cost_no_more_than_they_are(place):
    zeros = subprocess.run(["zstd", "-1", "-c"], input=bytes(256 << 20), capture_output=True, check=True).stdout
    bombs = {
        "1 GiB of zeros in an .npz": deflated_bomb(1 << 30),
        "an .npz that claims 1 TiB": deflated_bomb(1 << 20, claims=1 << 40),
        "a zip with one member 60,000 times": overlapping(60_000),
        "256 MiB of zeros as .zst": zeros,
        "a zip in a zip in a zip": nested(8),
    }
    with place.server() as server:
        for name, content in bombs.items():
            with witnessed(server, f"{name}: {len(content):,} bytes, uploaded as a model"):
                for helper in ("numpyhelper", "binaryhelper"):
                    upload = begin(server, len(content))
                    send_all(server, upload, content)
                    token = complete(server, upload).json["file_token"]
                    reply = server.ask("POST", "/api/v1/models/", helper=helper, file_token=token)
                    assert reply.status in (200, 400), (name, reply.body)
                assert server.peak_memory() < MEMORY_MAX, server.peak_memory() >> 20
    place.check()


def nested(depth):
    import zipfile

    content = bytes(1 << 20)
    for level in range(depth):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for copy in range(4):
                archive.writestr(f"{copy}.npy", content)
        content = made.getvalue()
    return content
