"""Chunked uploads as raw requests: order, repetition, size limits, crashes, orphans."""

import hashlib
import os
import subprocess

from ledge import send_chunks
from promises import client, message, promise

CHUNK = 900 * 1024


def begin(server, byte_count, name="seed.bin", chunk_size=CHUNK):
    reply = server.ask("POST", "/api/v1/file-upload/init", file_name=name, file_size=byte_count, chunk_size=chunk_size)
    assert reply.status == 200, reply.body
    assert reply.json["total_chunks"] == -(-byte_count // reply.json["chunk_size"])
    return reply.json["upload_id"]


def send(server, upload, index, content, **headers):
    """Sends one chunk as the official client does: without a Content-Type."""
    return server.ask("POST", f"/api/v1/file-upload/{upload}/chunk", content, {"X-Chunk-Index": str(index), **headers})


def send_all(server, upload, content, first=0, end=None):
    """Sends chunks of the usual size on one connection."""
    with server.connect() as connection:
        send_chunks(connection, upload, content, CHUNK, first, end)


def complete(server, upload):
    return server.ask("POST", f"/api/v1/file-upload/{upload}/complete")


def position(server, upload):
    reply = server.ask("GET", f"/api/v1/file-upload/{upload}")
    assert reply.status == 200, reply.body
    return reply.json


def make_model(server, token):
    """Makes a model of an uploaded file and returns the bytes that the server serves for it."""
    reply = server.ask("POST", "/api/v1/models/", helper="binaryhelper", file_token=token)
    assert reply.status < 300, reply.body
    identifier = client(server).get_active_model()["model_id"]
    return server.ask("GET", f"/api/v1/models/{identifier}/download").body


@promise
def an_upload_goes_on_after_the_server_was_killed(place):
    content = os.urandom(20 * CHUNK) + b"the end "
    with place.server() as server:
        upload = begin(server, len(content))
        send_all(server, upload, content, end=11)
        server.kill()
    with place.server() as server:
        state = position(server, upload)
        assert (state["file_name"], state["file_size"]) == ("seed.bin", len(content))
        # What a chunk's 200 promised survives the death of the process.
        assert (state["next_chunk_index"], state["bytes_received"]) == (11, 11 * CHUNK)
        assert not state["complete"]
        send_all(server, upload, content, first=11)
        token = complete(server, upload).json
        assert (token["file_name"], token["file_size"]) == ("seed.bin", len(content))
        assert make_model(server, token["file_token"]) == content
    place.check()


@promise
def a_chunk_cut_off_by_a_crash_never_counted(place):
    content = os.urandom(4 * CHUNK)
    with place.server() as server:
        upload = begin(server, len(content))
        send_all(server, upload, content, end=2)
        with server.connect() as connection:
            connection.putrequest("POST", f"/api/v1/file-upload/{upload}/chunk")
            connection.putheader("X-Chunk-Index", "2")
            connection.putheader("Content-Length", str(CHUNK))
            connection.endheaders(content[2 * CHUNK : 2 * CHUNK + CHUNK // 2])
        assert position(server, upload)["next_chunk_index"] == 2
        server.kill()
    with place.server() as server:
        assert position(server, upload)["next_chunk_index"] == 2
        send_all(server, upload, content, first=2)
        assert make_model(server, complete(server, upload).json["file_token"]) == content
    place.check()


@promise
def a_completed_upload_survives_a_kill(place):
    content = bytes(range(256)) * 8000
    with place.server() as server:
        upload = begin(server, len(content))
        send_all(server, upload, content)
        token = complete(server, upload).json["file_token"]
        server.kill()
    with place.server() as server:
        assert complete(server, upload).json["file_token"] == token
        assert make_model(server, token) == content
        server.kill()
    with place.server() as server:
        assert client(server).get_models_count() == 1
    place.check()


@promise
def the_last_chunk_may_be_sent_again(place):
    content = os.urandom(3 * CHUNK)
    with place.server() as server:
        upload = begin(server, len(content))
        send_all(server, upload, content, end=2)
        assert send(server, upload, 1, content[CHUNK : 2 * CHUNK]).status == 200
        assert position(server, upload)["bytes_received"] == 2 * CHUNK
        message(send(server, upload, 1, os.urandom(CHUNK)), 400)
        message(send(server, upload, 0, content[:CHUNK]), 400)
        message(send(server, upload, 3, content[2 * CHUNK :]), 400)
        send_all(server, upload, content, first=2)
        token = complete(server, upload).json["file_token"]
        assert complete(server, upload).json["file_token"] == token
        assert make_model(server, token) == content
    place.check()


@promise
def chunks_of_any_size_make_the_file(place):
    content = os.urandom(2_000_000)
    with place.server() as server:
        upload = begin(server, len(content), chunk_size=None)
        sent = 0
        for index, size in enumerate((1, 300_000, 262_144, 262_143, 1_000_000, 175_712)):
            assert send(server, upload, index, content[sent : sent + size]).status == 200
            sent += size
        assert make_model(server, complete(server, upload).json["file_token"]) == content
    place.check()


@promise
def a_requested_chunk_size_is_clamped(place):
    with place.server() as server:
        for asked, given in ((1, 256 * 1024), (CHUNK, CHUNK), (1 << 40, 10 * 1024 * 1024), (None, CHUNK)):
            reply = server.ask("POST", "/api/v1/file-upload/init", file_name="a", file_size=5 << 20, chunk_size=asked)
            assert reply.json["chunk_size"] == given, asked


@promise
def an_empty_file_is_complete_without_a_chunk(place):
    with place.server() as server:
        reply = server.ask("POST", "/api/v1/file-upload/init", file_name="empty.bin", file_size=0)
        assert (reply.status, reply.json["total_chunks"]) == (200, 0)
        token = complete(server, reply.json["upload_id"])
        assert (token.status, token.json["file_size"]) == (200, 0)
    place.check()


@promise
def an_upload_that_lacks_bytes_is_not_complete(place):
    with place.server() as server:
        upload = begin(server, 2 * CHUNK)
        message(complete(server, upload), 400)
        assert send(server, upload, 0, bytes(CHUNK)).status == 200
        message(complete(server, upload), 400)
        # More than was announced is refused, and what was there before stays.
        message(send(server, upload, 1, bytes(CHUNK + 1)), 400)
        assert position(server, upload)["bytes_received"] == CHUNK


@promise
def a_chunk_longer_than_the_limit_is_too_large(place):
    with place.server() as server:
        upload = begin(server, 40 << 20)
        message(send(server, upload, 0, bytes((10 << 20) + 1)), 413)
        assert send(server, upload, 0, bytes(10 << 20)).status == 200


@promise
def a_chunk_needs_its_index(place):
    with place.server() as server:
        upload = begin(server, CHUNK)
        path = f"/api/v1/file-upload/{upload}/chunk"
        message(server.ask("POST", path, b"x"), 400)
        for index in ("", "one", "-1", "1.0", "99999999999999999999"):
            message(server.ask("POST", path, b"x", {"X-Chunk-Index": index}), 400)


@promise
def a_chunk_that_differs_from_its_checksum_never_counts(place):
    with place.server() as server:
        upload = begin(server, CHUNK)
        content = os.urandom(CHUNK)
        sound = "sha256:" + hashlib.sha256(content).hexdigest()
        for wrong in ("xxh3:" + "0" * 32, "sha256:" + "0" * 64, sound[:-1], "md5:00", ""):
            message(send(server, upload, 0, content, **{"X-Chunk-Checksum": wrong}), 400)
            assert position(server, upload)["bytes_received"] == 0
        assert send(server, upload, 0, content, **{"X-Chunk-Checksum": sound}).status == 200
        assert make_model(server, complete(server, upload).json["file_token"]) == content
    place.check()


@promise
def an_unknown_upload_is_not_found(place):
    with place.server() as server:
        for upload in ("00000000-0000-4000-8000-000000000000", "nonsense", "..%2F..%2Fledge.json"):
            for reply in (
                send(server, upload, 0, b"x"),
                complete(server, upload),
                server.ask("POST", f"/api/v1/file-upload/{upload}/abort"),
                server.ask("GET", f"/api/v1/file-upload/{upload}"),
            ):
                assert message(reply, 404) == "Unknown upload_id"


@promise
def an_aborted_upload_is_gone(place):
    with place.server() as server:
        unfinished, finished = begin(server, CHUNK), begin(server, 4)
        assert send(server, unfinished, 0, bytes(1000)).status == 200
        assert send(server, finished, 0, b"done").status == 200
        assert complete(server, finished).status == 200
        for upload in (unfinished, finished):
            reply = server.ask("POST", f"/api/v1/file-upload/{upload}/abort")
            assert (reply.status, reply.json) == (200, {"message": "Upload aborted"})
            message(complete(server, upload), 404)
        assert not any((place.data / "uploads").rglob("*.part"))
    place.check()


@promise
def a_file_name_is_never_a_path(place):
    outside = place.path / "escaped"
    with place.server() as server:
        for name in ("../../escaped", str(outside), "a/../../../escaped", "nul\0byte", "модель 1+1.npz", "." * 300):
            reply = server.ask("POST", "/api/v1/file-upload/init", file_name=name, file_size=4)
            assert reply.status in (200, 400), name
            if reply.status == 200:
                upload = reply.json["upload_id"]
                assert send(server, upload, 0, b"four").status == 200
                assert complete(server, upload).json["file_name"]
        assert not outside.exists()
    place.check()


@promise
def a_stored_file_can_be_read_without_us(place):
    content = bytes(3_000_000) + os.urandom(3_000_000)
    with place.server() as server:
        upload = begin(server, len(content))
        send_all(server, upload, content)
        assert make_model(server, complete(server, upload).json["file_token"]) == content
    [blob] = (place.data / "blobs").rglob("*.zst")
    assert subprocess.run(["zstd", "--decompress", "--stdout", blob], capture_output=True, check=True).stdout == content
    # The half that shrinks is compressed, the half that does not is kept as it was.
    assert 3_000_000 < blob.stat().st_size < 3_100_000
