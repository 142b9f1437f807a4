"""The commands of docs/MIGRATION.md, on what FEDn 0.33 wrote: its collections, and the objects of its buckets."""

import hashlib
import json
import shutil

from ledge import ROOT
from promises import DIGITS, promise

FEDN = ROOT / "fixtures/fedn/canonical"
# The collection of FEDn, the name in Ledge and in the methods of the official client, and its key.
COLLECTIONS = {
    "control.attributes": ("attributes", "attribute_id"),
    "control.metrics": ("metrics", "metric_id"),
    "control.model": ("models", "model_id"),
    "control.packages": ("packages", "package_id"),
    "control.rounds": ("rounds", "round_id"),
    "control.sessions": ("sessions", "session_id"),
    "control.status": ("statuses", "status_id"),
    "control.telemetry": ("telemetry", "telemetry_id"),
    "control.training_runs": ("runs", "run_id"),
    "control.validations": ("validations", "validation_id"),
    "network.clients": ("clients", "client_id"),
    "network.combiners": ("combiners", "combiner_id"),
}
COMBINER = ("--combiner", "combiner=edge.example:7000")


def documents(dump, collection):
    """The documents of one collection of the dump."""
    return [json.loads(line) for line in (dump / f"{collection}.json").read_text().splitlines()]


def key(name, collection, document):
    """The id that a document has in Ledge."""
    return document[{"control.model": "model", "network.combiners": "name"}.get(collection, name)]


def ids(dump):
    """The different ids of each collection."""
    return {
        name: {key(identifier, collection, document) for document in documents(dump, collection)}
        for collection, (name, identifier) in COLLECTIONS.items()
    }


def copy_buckets(place):
    """A copy of FEDn's buckets, each model with other bytes, and a second copy without the newest model."""
    buckets = place.path / "buckets"
    for bucket in ("fedn-models", "fedn-context"):
        (buckets / bucket).mkdir(parents=True)
    for model in documents(FEDN, "control.model"):
        (buckets / "fedn-models" / model["model"]).write_bytes(DIGITS.read_bytes() + model["model"].encode())
    for package in documents(FEDN, "control.packages"):
        (buckets / "fedn-context" / package["storage_file_name"]).write_bytes(package["name"].encode() * 100)
    return buckets


def migrated(place, *arguments, status=0):
    """The summary of `ledge import --json` and its messages."""
    result = place.tool("import", "--data", place.data, "--json", *arguments)
    assert result.returncode == status, f"exit {result.returncode}: {result.stderr}"
    summary = json.loads(result.stdout)
    parts = summary["collections"]
    counts = {part["collection"]: (part["imported"], part["existing"], part["refused"]) for part in parts}
    return counts, summary, result.stderr


@promise
def the_official_client_lists_a_migrated_network(place):
    from scaleoututil.api.client import Scaleout

    place.data.mkdir()
    buckets = copy_buckets(place)
    counts, summary, _ = migrated(place, "--files", buckets, FEDN)
    expected = ids(FEDN)
    duplicates = {"packages": 1}
    assert counts == {name: (len(found), duplicates.get(name, 0), 0) for name, found in expected.items()}, counts
    assert [skipped["name"] for skipped in summary["skipped"]] == ["control.predictions.json"]
    with place.server(options=COMBINER) as server:
        client = Scaleout(host=server.host, port=server.port)
        for name, identifier in COLLECTIONS.values():
            # The client lists most collections, the others are read as it would.
            if hasattr(client, f"get_{name}"):
                found = getattr(client, f"get_{name}")(n_max=500)
            else:
                found = server.ask("GET", f"/api/v1/{name}/", headers={"X-Limit": "500"}).json
            assert found["count"] == len(expected[name]), (name, found["count"])
            assert {document[identifier] for document in found["result"]} == expected[name], name
        for model in documents(FEDN, "control.model"):
            found = client.get_model(model["model"])
            content = DIGITS.read_bytes() + model["model"].encode()
            assert (found["parent_model"], found["session_id"]) == (model["parent_model"], model["session_id"])
            assert found["checksum"] == hashlib.sha256(content).hexdigest()
            milliseconds = int(model["committed_at"]["$date"]["$numberLong"]) % 1000
            assert found["committed_at"].endswith(f".{milliseconds:03}000Z"), found
            assert server.ask("GET", f"/api/v1/models/{model['model']}/download").body == content
        assert {found["status"] for found in client.get_clients()["result"]} == {"offline"}
        assert client.get_active_package()["name"] == "second"
        combiner = client.get_combiner("combiner")
        assert (combiner["address"], combiner["port"]) == ("edge.example", 7000), combiner
        edge = documents(FEDN, "network.clients")[0]
        joined = server.ask("POST", "/api/v1/clients/add", name=edge["name"], client_id=edge["client_id"])
        assert joined.json["host"] == "edge.example", joined.json
    place.check()


@promise
def a_repeated_migration_completes_the_first(place):
    place.data.mkdir()
    buckets = copy_buckets(place)
    missing = documents(FEDN, "control.model")[-1]["model"]
    (buckets / "fedn-models" / missing).rename(place.path / "missing")
    counts, _, messages = migrated(place, "--files", buckets, FEDN, status=1)
    assert counts["models"] == (4, 0, 1)
    assert f"control.model.json:5: its file {missing} is missing" in messages, messages
    (place.path / "missing").rename(buckets / "fedn-models" / missing)
    counts, _, _ = migrated(place, "--files", buckets, FEDN)
    assert counts.pop("models") == (1, 4, 0)
    assert counts.pop("packages") == (0, 3, 0)
    assert counts == {name: (0, len(found), 0) for name, found in ids(FEDN).items() if name in counts}, counts
    place.check()


@promise
def a_dump_without_files_names_what_is_skipped(place):
    place.data.mkdir()
    counts, summary, messages = migrated(place, FEDN)
    assert "models" not in counts and counts["statuses"] == (50, 0, 0)
    assert {skipped["name"] for skipped in summary["skipped"]} == {"control.predictions.json", "models", "packages"}
    assert "models: skipped: add --files DIRECTORY" in messages, messages
    place.check()


@promise
def an_import_that_finds_nothing_fails(place):
    place.data.mkdir()
    empty = place.path / "empty"
    empty.mkdir()
    for arguments in ((empty,), ("telemetry", place.file("empty.json", b"")), (place.path / "none",)):
        result = place.tool("import", "--data", place.data, *arguments)
        assert result.returncode != 0, arguments
        assert any(text in result.stderr for text in ("no documents", "directory", "no file")), result.stderr
    shutil.copy(FEDN / "control.predictions.json", empty / "control.status.json")
    result = place.tool("import", "--data", place.data, empty)
    assert (result.returncode, "no documents found" in result.stderr) == (1, True), result.stderr


@promise
def a_running_session_of_fedn_is_terminated(place):
    place.data.mkdir()
    session = {**documents(FEDN, "control.sessions")[0], "status": "Started"}
    path = place.file("sessions.json", json.dumps(session).encode())
    result = place.tool("import", "--data", place.data, "--keep-times", "control.sessions", path)
    assert "status: set to Terminated, because" in result.stdout, result.stdout
    with place.server() as server:
        assert server.ask("GET", f"/api/v1/sessions/{session['session_id']}").json["status"] == "Terminated"
    place.check()
