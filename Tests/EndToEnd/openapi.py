"""The OpenAPI document is valid, and thousands of requests generated from it are answered as it describes."""

import json
import re
import subprocess
import sys
from pathlib import Path

from ledge import WAIT_SECONDS
from network import ENDPOINTS, network
from promises import Place, promise
from stored import NETWORK

SEED = 20261124
REQUESTS_AT_LEAST = 2000
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "positive_data_acceptance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
    "use_after_free",
)

# Refusals of requests that are shaped as they should be.
REFUSALS = ["2xx", "304", "401", "403", "404", "406", "409", "416", "429"]

# Where the server takes more than the document promises, on purpose.
LENIENT = {
    # A form's empty field is one that was not filled in.
    "GET /api/v1/statuses/histogram",
    # The id is in the path; what the body says of it is not looked at.
    "PUT /api/v1/sessions/{id}",
    # A body of nothing but spaces is none.
    "POST /api/v1/combiners/clients/count",
}


def operations(document):
    """Yields every operation as (`GET /path`, operation)."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def ids(stored):
    """Ids that are there, by noun, so that not every request for one is answered 404."""
    found = {name: [next(iter(document.values())) for document in documents] for name, documents in NETWORK.items()}
    found["models"] = ["model-1", "model-2", "model-3"]
    found["combiners"] = ["main", "spare"]
    found["packages"] = [stored.add_package(b"code")["package_id"]]
    uploads = [stored.post("file-upload/init", file_name="seed.npz", file_size=size) for size in (0, 9)]
    found["file-upload"] = [upload["upload_id"] for upload in uploads]
    return found


def settings(document, known):
    """The configuration of schemathesis, as a file."""
    by_state = [name for name, operation in operations(document) if "$ref" not in operation["responses"]["400"]]
    toml = [f"hooks = {json.dumps(str(HOOKS))}", "[dictionaries]"]
    toml += [*(f"{noun} = {{ values = {json.dumps(values)} }}" for noun, values in known.items())]
    toml += ["[checks]", "enabled = false"]
    for check in CHECKS:
        toml += [f"[checks.{check}]", "enabled = true"]
        toml += [f"expected-statuses = {json.dumps(REFUSALS)}"] if check == "positive_data_acceptance" else []
    for noun in known:
        toml += ["[[operations]]", f'include-tag = "{noun}"', "[operations.parameters]"]
        toml += [f'"path.id" = {{ dictionary = "{noun}", probability = 0.7 }}']
    # A 400 of its own says that a request may be refused for what the network is doing.
    for check, names in (("positive_data_acceptance", by_state), ("negative_data_rejection", sorted(LENIENT))):
        toml += ["[[operations]]", f"include-name = {json.dumps(names)}"]
        toml += [f"[operations.checks.{check}]", "enabled = false"]
    return "\n".join(toml) + "\n"


def replay(stored, *options):
    """Asks the server what its document says one may ask, and what it says one may not."""
    document = stored.get("/openapi.json")
    configuration = stored.place.file("schemathesis.toml", settings(document, ids(stored)).encode())
    report = stored.place.path / "report.json"
    command = [Path(sys.executable).with_name("schemathesis"), "--config-file", configuration, "run"]
    # From a file: where schemathesis fetches a document itself, it leaves that endpoint out.
    file = stored.place.file("openapi.json", json.dumps(document).encode())
    command += [file, "--url", stored.url, "--seed", str(SEED), "--no-color"]
    command += ["--generation-database", "none", "--suppress-health-check", "all", "--warnings", "off"]
    command += ["--continue-on-failure", "--report", "json", "--report-json-path", report, *options]
    for name, content in stored.headers.items():
        command += ["--header", f"{name}:{content}"]
    ran = subprocess.run(command, cwd=stored.place.path, capture_output=True, text=True, timeout=WAIT_SECONDS)
    assert report.exists(), ran.stdout + ran.stderr
    found = json.loads(report.read_text())
    requests, failures = found["test_cases"]["generated"], found["test_cases"]["unique_failures"]
    print(
        f"  schemathesis, seed {SEED}: {found['operations']['tested']} operations, {requests} requests, "
        f"{failures} failures in {found['running_time']:.0f} s"
    )
    assert ran.returncode == 0 and failures == 0 and found["complete"], ran.stdout[-20000:]
    assert found["operations"]["tested"] == len(ENDPOINTS), found["operations"]
    return requests


@promise
def the_document_is_valid(place):
    from openapi_spec_validator import OpenAPIV31SpecValidator

    for authentication in (False, True):
        path = place.path / ("on" if authentication else "off")
        path.mkdir()
        with network(Place(place.binary, path), authentication) as stored:
            document = stored.get("/openapi.json")
            OpenAPIV31SpecValidator(document).validate()
            assert sorted(name for name, _ in operations(document)) == sorted(ENDPOINTS)
            guarded = {name for name, operation in operations(document) if operation.get("security")}
            assert bool(guarded) == authentication, guarded
            for name, operation in operations(document):
                assert ("401" in operation["responses"]) >= (name in guarded), name


@promise
def the_documentation_page_needs_nothing_from_elsewhere(place):
    with network(place, False) as stored:
        reply = stored.ask("GET", "/docs")
        page = reply.body.decode()
        assert reply.headers["content-type"] == "text/html; charset=utf-8"
        for endpoint in ENDPOINTS:
            method, path = endpoint.split()
            assert re.search(rf">{method}</span> <code>{re.escape(path)}</code>", page), endpoint
        links = re.findall(r'(?:href|src|action|url)\s*[=(]\s*"?([^")\s>]+)', page)
        assert all(link.startswith("#") or link == "/openapi.json" for link in links), links
        assert not re.search(r"<(script|img|link|iframe|form|object)\b|@import|\son\w+=", page)
        targets = set(re.findall(r'\bid="([^"]+)"', page))
        assert {link[1:] for link in links if link.startswith("#")} <= targets


@promise
def the_server_answers_as_its_document_says(place):
    with network(place, False) as stored:
        requests = replay(stored, "--max-examples", "5", "--phases", "examples,coverage,fuzzing")
        assert requests >= REQUESTS_AT_LEAST, requests
        assert stored.server.ask("GET", "/health").status == 200


@promise
def the_server_answers_as_its_document_says_with_tokens(place):
    with network(place, True) as stored:
        replay(stored, "--max-examples", "4", "--phases", "fuzzing")
        assert stored.server.ask("GET", "/health").status == 200
