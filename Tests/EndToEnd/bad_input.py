"""Invalid input: each request is answered with a JSON error and the right status, and nothing is lost."""

import json
import select
import socket

from events import telemetry
from ledge import WAIT_SECONDS
from promises import message, promise


@promise
def an_unknown_field_is_refused(place):
    with place.server() as server:
        message(server.ask("POST", "/api/v1/telemetry", key="cpu", value=1, client_id="a", colour="red"), 400)
        assert server.ask("GET", "/api/v1/telemetry/count").json == 0


@promise
def a_wrong_type_is_refused(place):
    with place.server() as server:
        for wrong in ({"key": 7}, {"value": "much"}, {"value": [1]}, {"meta": "text"}, {"timestamp": "soon"}):
            body = {"key": "cpu", "value": 1, "client_id": "a", **wrong}
            message(server.ask("POST", "/api/v1/telemetry", **body), 400)
        message(server.ask("POST", "/api/v1/attributes/", key="a", value="b", sender=7), 400)
        assert server.ask("GET", "/api/v1/telemetry/count").json == 0


@promise
def a_missing_field_is_named(place):
    with place.server() as server:
        assert "key" in message(server.ask("POST", "/api/v1/telemetry", value=1, client_id="a"), 400)


@promise
def broken_json_is_refused(place):
    with place.server() as server:
        for body in (b"", b"{", b'{"key":"cpu"', b"[1,2]", b"7", b'{"key":"\xff"}', b'{"a":1}x', b"[" * 100_000):
            reply = server.ask("POST", "/api/v1/telemetry", body, {"Content-Type": "application/json"})
            message(reply, 400)


@promise
def a_body_of_two_gigabytes_is_refused_without_being_read(place):
    byte_count = 2 << 30
    with place.server() as server:
        head = (
            f"POST /api/v1/telemetry HTTP/1.1\r\nHost: {server.host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {byte_count}\r\n\r\n"
        )
        with socket.create_connection((server.host, server.port), timeout=WAIT_SECONDS) as connection:
            connection.sendall(head.encode())
            sent = 0
            # A client that goes on sending must be able to read the answer, not find its connection reset.
            while sent < 64 << 20 and not select.select([connection], [], [], 0)[0]:
                sent += connection.send(b" " * 65536)
            reply = connection.recv(65536).decode()
        assert " 413 " in reply.splitlines()[0], reply
        assert json.loads(reply.partition("\r\n\r\n")[2])["message"]
        assert server.peak_memory() < 256 << 20
        assert server.ask("GET", "/health").status == 200


@promise
def a_senseless_limit_means_no_limit(place):
    with place.server() as server:
        for _ in range(3):
            telemetry(server)
        for limit in ("-1", "0", "abc", "1.5", ""):
            page = server.ask("GET", "/api/v1/telemetry", headers={"X-Limit": limit}).json
            assert (page["count"], len(page["result"])) == (3, 3), limit
        for skip in ("-1", "x"):
            page = server.ask("GET", "/api/v1/telemetry", headers={"X-Skip": skip}).json
            assert len(page["result"]) == 3, skip


@promise
def a_senseless_upload_is_refused(place):
    with place.server() as server:
        for body in (
            {"file_name": "a"},
            {"file_size": 4},
            {"file_name": "a", "file_size": -1},
            {"file_name": "a", "file_size": 1.5},
            {"file_name": "a", "file_size": "many"},
            {"file_name": "a", "file_size": 1 << 62},
            {"file_name": 7, "file_size": 4},
        ):
            message(server.ask("POST", "/api/v1/file-upload/init", **body), 400)
        assert not list((place.data / "uploads").iterdir())


@promise
def an_unknown_path_answers_json(place):
    with place.server() as server:
        for method, path in (
            ("GET", "/api/v1/nonsense"),
            ("GET", "/"),
            ("GET", "/api/v1/telemetry/..%2F..%2Fledge.json"),
            ("GET", "/api/v1/models/../../etc/passwd"),
        ):
            message(server.ask(method, path), 404)
        assert message(server.ask("DELETE", "/api/v1/telemetry/"), server.ask("DELETE", "/api/v1/telemetry/").status)


@promise
def an_id_that_is_taken_is_a_conflict(place):
    with place.server() as server:
        telemetry(server, telemetry_id="mine", value=1)
        body = {"telemetry_id": "mine", "key": "cpu", "value": 2, "client_id": "a"}
        message(server.ask("POST", "/api/v1/telemetry", **body), 409)
        assert server.ask("GET", "/api/v1/telemetry/mine").json["value"] == 1
