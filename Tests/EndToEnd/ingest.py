"""Many documents in one request, a JSON object on each line, and how the answers of queries were found."""

import json
import subprocess

from endpoints import endpoints
from events import join
from network import page, value
from promises import client, message, promise

LINES = {"Content-Type": "application/x-ndjson"}
KINDS = ("attributes", "metrics", "statuses", "telemetry")


def lines(documents):
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def telemetry(numbers, **fields):
    """Telemetry whose ids are numbers."""
    return [{"telemetry_id": f"t{n}", "key": "cpu", "value": n, "client_id": "edge-1", **fields} for n in numbers]


def ingest(server, name, content):
    """The receipt of a body of lines."""
    return value(server.ask("POST", f"/api/v1/{name}", content, LINES), 200)


@endpoints.tries(*(f"POST /api/v1/{name}" for name in KINDS))
def many_documents_come_as_lines(network):
    documents = {
        "attributes": {"key": "site", "value": "Lund", "entity_id": "edge-1"},
        "metrics": {"key": "loss", "value": 0.5, "model_id": "model-1", "sender": {"client_id": "edge-1"}},
        "statuses": {"status": "done", "type": "LOG", "sender": {"client_id": "edge-1"}},
        "telemetry": {"key": "cpu", "value": 0.5, "client_id": "edge-1"},
    }
    for name, document in documents.items():
        before = network.get(f"{name}/count")
        for slash in ("", "/"):
            content = lines([document, document]) + b"\r\n" + json.dumps({**document, "colour": 1}).encode() + b"\n7"
            receipt = value(network.ask("POST", name + slash, content, LINES), 200)
            assert (receipt["accepted"], receipt["refused"]) == (2, 2), receipt
            assert [error["line"] for error in receipt["errors"]] == [4, 5], receipt
            assert receipt["errors"][0]["error"] == "Invalid object: unknown field 'colour'", receipt
        assert network.get(f"{name}/count") == before + 4
        newest = network.get(name, X_Limit="1")["result"][0]
        assert newest["sender"]["client_id"] == "edge-1"
        assert all(newest[key] == item for key, item in document.items() if key != "sender"), newest


@endpoints.tries(refused=["POST /api/v1/metrics"])
def a_metric_alone_is_refused(network):
    metric = {"key": "loss", "value": 0.5, "model_id": "m", "sender": {"client_id": "edge-1"}}
    for slash in ("", "/"):
        reply = network.ask("POST", f"metrics{slash}", **metric)
        assert "application/x-ndjson" in message(reply, 405)
        assert reply.headers["allow"] == "GET, HEAD, POST"
    assert network.get("metrics/count") == 3


@promise
def five_thousand_lines_come_back(place):
    documents = telemetry(range(5000))
    with place.server() as server:
        assert ingest(server, "telemetry", lines(documents)) == {"accepted": 5000, "refused": 0, "errors": []}
        found = server.ask("GET", "/api/v1/telemetry", headers={"X-Sort-Order": "asc"}).json
        assert found["count"] == 5000
        assert [(d["telemetry_id"], d["value"]) for d in found["result"]] == [(f"t{n}", n) for n in range(5000)]
        # The official client has no word for telemetry; it reads metrics.
        metrics = [
            {"metric_id": f"m{n}", "key": "loss", "value": n, "step": n, "model_id": "m", "sender": {"client_id": "e"}}
            for n in range(5000)
        ]
        assert ingest(server, "metrics", lines(metrics))["accepted"] == 5000
        assert page(client(server).get_metrics(), "metric_id") == (5000, [f"m{n}" for n in reversed(range(5000))])
        assert client(server).get_metrics(sender_client_id="e", n_max=2)["count"] == 5000
    with place.server() as server:
        assert server.ask("GET", "/api/v1/telemetry/count").json == 5000
        assert client(server).get_metrics_count() == 5000
    place.check()


@promise
def what_a_receipt_accepts_survives_a_crash(place):
    with place.server() as server:
        assert ingest(server, "telemetry", lines(telemetry(range(2500))))["accepted"] == 2500
        server.kill()
    with place.server() as server:
        assert server.ask("GET", "/api/v1/telemetry/count").json == 2500
        # The same again: what is there is refused, and nothing comes twice.
        receipt = ingest(server, "telemetry", lines(telemetry(range(3000))))
        assert (receipt["accepted"], receipt["refused"], len(receipt["errors"])) == (500, 2500, 1000)
        assert receipt["errors"][0] == {"line": 1, "error": "Entity with id: t0 already exists"}
        assert server.ask("GET", "/api/v1/telemetry/count").json == 3000
    place.check()


@promise
def curl_sends_lines_of_unknown_length(place):
    path = place.file("lines.jsonl", lines(telemetry(range(20_000), meta={"text": "x" * 100})))
    with place.server() as server:
        # As a whole, where curl waits for 100 Continue, and as a stream from standard input.
        for how, accepted in ((("--data-binary", f"@{path}"), 20_000), (("-X", "POST", "-T", "-"), 0)):
            command = ["curl", "-sS", "--max-time", "60", "-H", "Content-Type: application/jsonl", *how]
            with path.open("rb") as content:
                url = f"{server.url}/api/v1/telemetry"
                result = subprocess.run([*command, url], stdin=content, capture_output=True, check=True)
            receipt = json.loads(result.stdout)
            assert (receipt["accepted"], receipt["refused"]) == (accepted, 20_000 - accepted), receipt


@promise
def a_long_body_takes_little_memory(place):
    def body():
        for number in range(1500):
            yield lines(telemetry([number], meta={"text": "x" * 100_000}))

    with place.server() as server:
        ingest(server, "telemetry", lines(telemetry(range(10_000, 10_010), meta={"text": "x" * 100_000})))
        before = server.peak_memory()
        with server.connect() as connection:
            # An iterable goes out in chunks, without a length.
            connection.request("POST", "/api/v1/telemetry", body=body(), headers=LINES)
            receipt = json.loads(connection.getresponse().read())
        assert receipt == {"accepted": 1500, "refused": 0, "errors": []}
        grown = (server.peak_memory() - before) >> 20
        print(f"\n150 MB of lines: peak memory grew by {grown} MiB, to {server.peak_memory() >> 20} MiB")
        assert grown < 64, grown


@promise
def garbage_among_the_lines_is_refused_line_by_line(place):
    with place.server() as server:
        join(server)
        broken = [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"null", b'{"key":1}', b"x" * 2_000_000, b'"\x00"', b"{}" * 9]
        content = b"\n".join(item for one in broken for item in (one, json.dumps(telemetry([0])[0]).encode()))
        receipt = ingest(server, "telemetry", content)
        assert receipt["accepted"] == 1, receipt
        # An empty line is none; of the good ones only the first is new.
        assert receipt["refused"] == len(broken) - 1 + len(broken) - 1, receipt
        assert server.ask("GET", "/health").status == 200
    place.check()


PLAN = [
    "segments",
    "segments_skipped",
    "segments_counted",
    "segments_read",
    "records_read",
    "records_scanned",
    "order",
    "sort_key",
    "conditions",
    "warnings",
]


@endpoints.tries(
    "GET /api/v1/telemetry",
    "GET /api/v1/telemetry/count",
    "POST /api/v1/telemetry/list",
    "POST /api/v1/telemetry/count",
)
def a_query_explains_how_it_was_answered(network):
    for slash in ("", "/"):
        for method, list_, count, question, body in (
            ("GET", "telemetry", "telemetry/count", "&client_id=edge-1&meta.unit=null", {}),
            ("POST", "telemetry/list", "telemetry/count", "", {"client_id": "edge-1", "meta.unit": None}),
        ):
            found = value(network.ask(method, f"{list_}{slash}?explain=1{question}", **body), 200)
            assert list(found) == ["count", "result", "explain"]
            assert (found["count"], len(found["result"])) == (2, 2)
            counted = value(network.ask(method, f"{count}{slash}?explain=1{question}", **body), 200)
            assert list(counted) == ["count", "explain"] and counted["count"] == 2
            for plan in (found["explain"], counted["explain"]):
                assert list(plan) == PLAN, plan
                parts = ("segments_skipped", "segments_counted", "segments_read")
                assert plan["segments"] == sum(plan[part] for part in parts) > 0, plan
                answered = {step["field"]: step["answered_by"] for step in plan["conditions"]}
                assert answered == {"client_id": "postings", "meta.unit": "scan"}, plan
                assert plan["records_scanned"] > 0
            assert (found["explain"]["records_read"], found["explain"]["order"]) == (2, "log")
            assert counted["explain"]["order"] is None
            # Without it the answers are as ever, and it is never a condition.
            assert network.ask(method, f"{count}{slash}?explain=0{question}", **body).json == 2


@promise
def a_query_says_how_long_it_took(place):
    with place.server() as server:
        ingest(server, "telemetry", lines(telemetry(range(10))))
        for path in ("telemetry", "telemetry/count", "telemetry?key=cpu"):
            assert server.ask("GET", f"/api/v1/{path}").headers["server-timing"].startswith("query;dur="), path
        timing = server.ask("GET", "/api/v1/telemetry?meta.unit=x").headers["server-timing"]
        assert timing.startswith('scan;desc="10 documents read", query;dur='), timing
