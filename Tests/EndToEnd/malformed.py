"""Bytes that are no request, or two at once: refused, closed, and nothing after them is taken for a request."""

from urllib.parse import quote

from ledge import cpu_seconds
from promises import message, promise
from wire import HEALTH, RECORD, Wire, chunk, post, refused

TELEMETRY = "/api/v1/telemetry"
CHUNKED = "Transfer-Encoding: chunked"
RECORD_CHUNKED = chunk(RECORD) + chunk(b"")
LENGTH = f"Content-Length: {len(RECORD)}"


def request(*lines):
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


# Each contains a second request for servers that read it in another way; none may be executed.
AMBIGUOUS = [
    (400, post(TELEMETRY, LENGTH, CHUNKED) + RECORD_CHUNKED),
    (400, post(TELEMETRY, CHUNKED, LENGTH) + RECORD_CHUNKED),
    (400, post(TELEMETRY, LENGTH, LENGTH) + RECORD),
    (400, post(TELEMETRY, LENGTH, "Content-Length: 5") + RECORD),
    (400, post(TELEMETRY, f"{LENGTH}, {len(RECORD)}") + RECORD),
    (400, post(TELEMETRY, "Content-Length: -1") + RECORD),
    (400, post(TELEMETRY, "Content-Length: +27") + RECORD),
    (400, post(TELEMETRY, "Content-Length: 0x1b") + RECORD),
    (400, post(TELEMETRY, "Content-Length: 2 7") + RECORD),
    (400, post(TELEMETRY, "Content-Length:") + RECORD),
    (400, post(TELEMETRY, "Content-Length: 18446744073709551615") + RECORD),
    (400, post(TELEMETRY, "Content-Length: 99999999999999999999999") + RECORD),
    (413, post(TELEMETRY, "Content-Length: 9223372036854775807") + RECORD),
    (501, post(TELEMETRY, "Transfer-Encoding: gzip, chunked") + RECORD_CHUNKED),
    (501, post(TELEMETRY, "Transfer-Encoding: xchunked") + RECORD_CHUNKED),
    (501, post(TELEMETRY, "Transfer-Encoding: identity") + RECORD_CHUNKED),
    (400, post(TELEMETRY, "Transfer-Encoding: chunked, chunked") + RECORD_CHUNKED),
    (400, post(TELEMETRY, CHUNKED, "Transfer-Encoding: identity") + RECORD_CHUNKED),
    (400, post(TELEMETRY, "Transfer-Encoding: \x0bchunked") + RECORD_CHUNKED),
    (400, post(TELEMETRY, "Transfer-Encoding : chunked") + RECORD_CHUNKED),
    (400, post(TELEMETRY, "X: a", " Transfer-Encoding: chunked") + RECORD_CHUNKED),
    (400, post(TELEMETRY, "X: a", "\tb", LENGTH) + RECORD),
    (400, post(TELEMETRY, "X: a\nTransfer-Encoding: chunked") + RECORD_CHUNKED),
    (400, post(TELEMETRY, "X: a\rTransfer-Encoding: chunked") + RECORD_CHUNKED),
    (400, post(TELEMETRY, "X: a\0b", LENGTH) + RECORD),
    (400, post(TELEMETRY, ": a", LENGTH) + RECORD),
    (400, request(f"POST {TELEMETRY} HTTP/1.0", CHUNKED) + RECORD_CHUNKED),
    (400, post(TELEMETRY, CHUNKED) + b"1000000000000001b\r\n" + RECORD + b"\r\n0\r\n\r\n"),
    (400, post(TELEMETRY, CHUNKED) + b"-1b\r\n" + RECORD + b"\r\n0\r\n\r\n"),
    (400, post(TELEMETRY, CHUNKED) + b"0x1b\r\n" + RECORD + b"\r\n0\r\n\r\n"),
    (400, post(TELEMETRY, CHUNKED) + b"1b \r\n" + RECORD + b"\r\n0\r\n\r\n"),
    (400, post(TELEMETRY, CHUNKED) + b"1b\n" + RECORD + b"\n0\n\n"),
    (400, post(TELEMETRY, CHUNKED) + b"1b;\nx\r\n" + RECORD + b"\r\n0\r\n\r\n"),
    (400, post(TELEMETRY, CHUNKED) + b"1b\r\n" + RECORD + b"0\r\n\r\n"),
    (400, post(TELEMETRY, CHUNKED) + b"1b;a=" + b"x" * 200_000 + b"\r\n" + RECORD + b"\r\n0\r\n\r\n"),
    (431, post(TELEMETRY, CHUNKED) + b"1b\r\n" + RECORD + b"\r\n0\r\nX: " + b"y" * 20_000 + b"\r\n\r\n"),
    (415, post(TELEMETRY, "Content-Encoding: gzip", body=RECORD)),
    (415, post(TELEMETRY, "Content-Encoding: identity, br", body=RECORD)),
]

# What speaks something else.
NO_REQUEST = [
    (400, b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03" + bytes(200)),
    (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    (400, bytes(i * 7919 % 251 + 1 for i in range(5000))),
    (400, b"SSH-2.0-OpenSSH_9.2\r\n"),
    (505, b"GET /health\r\n\r\n"),
    (505, request("GET /health HTTP/2.0", "Host: localhost")),
    (505, request("GET /health HTTP/1.2", "Host: localhost")),
    (505, b"GET /health HTTP/1.1\nHost: localhost\n\n"),
    (400, request("get /health HTTP/1.1", "Host: localhost")),
    (400, request("NONSENSE /health HTTP/1.1", "Host: localhost")),
    (400, request("GET health HTTP/1.1", "Host: localhost")),
    (400, request("GET /hea lth HTTP/1.1", "Host: localhost")),
    (400, request("GET /hea\0lth HTTP/1.1", "Host: localhost")),
    (400, request("GET /h\xff HTTP/1.1", "Host: localhost")),
    (400, request("GET /health HTTP/1.1")),
    (400, request("GET /health HTTP/1.1", "Host: localhost", "Host: evil")),
    (400, request("GET /health HTTP/1.1", "Host: localhost", "X\xff: a")),
]


@promise
def ambiguous_requests_are_refused_with_everything_after_them(place):
    following = post(TELEMETRY, body=RECORD)
    with place.server() as server:
        for status, content in AMBIGUOUS:
            refused(server, content + following, status)
        assert server.ask("GET", f"{TELEMETRY}/count").json == 0


@promise
def bytes_that_are_no_request_are_refused_with_a_reason(place):
    with place.server() as server:
        for status, content in NO_REQUEST:
            refused(server, content + HEALTH, status)
        assert server.ask("GET", "/health").status == 200


@promise
def requests_after_the_last_of_a_connection_are_ignored(place):
    following = post(TELEMETRY, body=RECORD)
    with place.server() as server:
        for first in (
            request("GET /health HTTP/1.1", "Host: localhost", "Connection: close"),
            request("GET /health HTTP/1.1", "Host: localhost", "Connection: Close, x"),
            request("GET /health HTTP/1.0"),
            # A server that does not change the protocol goes on in HTTP, on a connection of its own.
            request("GET /health HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: h2c"),
        ):
            with Wire(server) as wire:
                wire.send(first + following + b"\0garbage")
                assert wire.answers() == [(200, b'{"status":"ok"}')], first
        with Wire(server) as wire:
            wire.send(request("CONNECT edge:80 HTTP/1.1", "Host: localhost") + following)
            assert [status for status, _ in wire.answers()] == [404]
        assert server.ask("GET", f"{TELEMETRY}/count").json == 0


@promise
def requests_before_a_broken_one_are_answered_first(place):
    with place.server() as server:
        with Wire(server) as wire:
            wire.send(post(TELEMETRY, body=RECORD) + HEALTH + b"GARBAGE\r\n\r\n" + post(TELEMETRY, body=RECORD))
            assert [status for status, _ in wire.answers()] == [201, 200, 400]
        assert server.ask("GET", f"{TELEMETRY}/count").json == 1


@promise
def a_head_has_limits(place):
    def get(*lines, target="/health"):
        return request(f"GET {target} HTTP/1.1", "Host: localhost", *lines)

    with place.server() as server:
        assert "16384" in refused(server, get(target="/" + "a" * 17_000), 414)
        refused(server, get(target="/health?" + "a" * 1_000_000), 414)
        for lines in (["X: a"] * 100, ["X: " + "a" * 17_000], ["X: " + "a" * 15_000] * 5, ["X: " + "a" * 5_000_000]):
            assert "100 lines" in refused(server, get(*lines), 431)
        # What is below the limits is taken.
        with Wire(server) as wire:
            wire.send(get(*["X: a"] * 90, "Y: " + "a" * 16_000, "Connection: close", target="/health?" + "a" * 16_000))
            assert [status for status, _ in wire.answers()] == [200]


@promise
def a_body_has_a_limit_however_it_comes(place):
    with place.server() as server:
        refused(server, post(TELEMETRY, "Content-Length: 1048577"), 413)
        refused(server, post(TELEMETRY, CHUNKED) + chunk(b" " * 65536) * 17 + chunk(b""), 413)
        refused(server, post(TELEMETRY, CHUNKED) + chunk(b" " * (2 << 20)), 413)


@promise
def json_that_readers_disagree_about_is_never_stored(place):
    def body(value):
        return b'{"key":"k","client_id":"c","meta":' + value + b"}"

    with place.server() as server:
        for content in (
            b'{"key":"a","key":"b","client_id":"c"}',
            b'{"key":"a","\\u006bey":"b","client_id":"c"}',
            body(b'{"a":1,"a":1}'),
            b'{"key":"\xff","client_id":"c"}',
            b'{"key":"\xc0\xaf","client_id":"c"}',
            b'{"key":"\xed\xa0\x80","client_id":"c"}',
            b'{"key":"\xf5\x80\x80\x80","client_id":"c"}',
            b'{"key":"\\ud800","client_id":"c"}',
            b'{"key":"\\udc00\\ud800","client_id":"c"}',
            b'{"key":"a\0b","client_id":"c"}',
            b'{"key":"a","client_id":"c"}\0',
            b'{"key":"a","client_id":"c",}',
            b'{"key":"a","client_id":"c","value":01}',
            b'{"key":"a","client_id":"c","value":NaN}',
            body(b"[" * 64 + b"]" * 64),
            body(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
            b"[" * 1_000_000,
            b'{"":' * 250_000,
        ):
            message(server.ask("POST", TELEMETRY, content), 400)
        lines = b'{"key":"a","client_id":"c"}\n{"key":"\xff","client_id":"c"}\n'
        reply = server.ask("POST", TELEMETRY, lines, {"Content-Type": "application/x-ndjson"})
        assert (reply.status, reply.json["accepted"]) == (200, 1), reply.body
        assert server.ask("GET", f"{TELEMETRY}/count").json == 1


@promise
def a_number_of_a_million_digits_takes_no_longer_than_text(place):
    digits = b"7" * 1_000_000
    with place.server() as server:
        for value in (digits, b"0." + digits, b"1e" + digits, b"1e-" + digits, b"-0." + b"0" * 1_000_000 + b"1"):
            for name in (b"value", b"meta"):
                began = cpu_seconds(server.pid)
                content = b'{"key":"k","client_id":"c","%s":%s}' % (
                    name,
                    value if name == b"value" else b'{"a":%s}' % value,
                )
                status = server.ask("POST", TELEMETRY, content).status
                assert status in (201, 400), (status, name, value[:20])
                # Processor time, which does not depend on what else the machine does. Quadratic work takes minutes.
                assert cpu_seconds(server.pid) - began < 5, (name, value[:20])
        for query in ("value__gt=" + "9" * 15_000, "value=1e" + "9" * 15_000):
            assert server.ask("GET", f"{TELEMETRY}?{query}").status in (200, 400)
    place.check()


@promise
def no_name_reaches_a_file_outside(place):
    secret = place.path / "secret"
    secret.write_text("a secret of the machine")
    names = ["..", ".", "../secret", "../../secret", str(secret), "..\\secret", "secret\0.npz", "%2e%2e/secret"]
    names += ["a" * 5000, "....//secret", "/", "//", "~root", "\u2025/secret", "\r\nX: y", "-", "CON"]
    names += ["blobs/../../secret"]
    with place.server() as server:
        paths = list(server.ask("GET", "/openapi.json").json["paths"].items())
        before = sorted(str(path) for path in place.path.rglob("*"))
        tried = 0
        for path, methods in paths:
            if "{" not in path:
                continue
            for name in names:
                for spelled in {quote(name, safe=""), quote(name, safe="").replace("%2F", "/").replace(".", "%2e")}:
                    head, _, rest = path.partition("{")
                    target = head + spelled + rest.partition("}")[2]
                    for method in methods:
                        reply = server.ask(method.upper(), target, b"{}", {"X-Chunk-Index": "0"})
                        assert reply.status < 500, (method, target, reply.status)
                        assert b"a secret" not in reply.body, target
                        tried += 1
        for name in names:
            reply = server.ask("POST", "/api/v1/file-upload/init", file_name=name, file_size=1)
            assert reply.status in (200, 400), name
            reply = server.ask("POST", "/api/v1/models/", helper="binaryhelper", file_token=name)
            assert reply.status in (400, 404), name
        made = {str(path) for path in place.path.rglob("*")} - set(before)
        assert all(path.startswith(str(place.data)) for path in made), made
        assert secret.read_text() == "a secret of the machine"
        print(f"  {tried} paths tried")
    place.check()
