"""The ledger of what clients sent to a server and what it acknowledged, over all its crashes; and how both are compared.

The content of everything follows from its id and the seed, so the ledger holds ids only.
"""

import http.client
import itertools
import json
import random
import subprocess
import zlib
from collections import Counter
from dataclasses import dataclass, field

from ledge import Refused, ask, post

PAGE = 5000
# What a client may see when the server is killed.
CONNECTION_LOST = (OSError, http.client.HTTPException)


@dataclass
class Upload:
    """A file on its way to the server, and what the server reported about it."""

    identifier: str
    name: str
    byte_count: int
    chunk_bytes: int
    received: int = 0
    durable: int = 0
    # Includes the last chunk, which may be stored although it was not answered.
    sent: int = 0
    is_long: bool = False
    token: str = ""
    # Its model may be stored although it was not answered.
    model: str = ""

    @property
    def path(self):
        return f"file-upload/{self.identifier}"


@dataclass
class Ledger:
    """What was sent and what was acknowledged. Its methods send a request and note both."""

    seed: int
    events: set = field(default_factory=set)
    # In the order of their acknowledgement; the values mean nothing.
    acknowledged_events: dict = field(default_factory=dict)
    open_batches: list = field(default_factory=list)
    # The last acknowledged version of each client, None for a deleted one; and the changes without an answer.
    clients: dict = field(default_factory=dict)
    open_changes: dict = field(default_factory=dict)
    versions: itertools.count = field(default_factory=itertools.count)
    sessions: set = field(default_factory=set)
    acknowledged_sessions: set = field(default_factory=set)
    uploads: dict = field(default_factory=dict)
    # The uploads of acknowledged models by model id, and the ids of those whose bytes were compared.
    models: dict = field(default_factory=dict)
    compared: set = field(default_factory=set)
    counts: Counter = field(default_factory=Counter)

    def __str__(self):
        return ", ".join(f"{count} {kind}" for kind, count in self.counts.items())

    def event(self, identifier):
        """A telemetry record, of up to some kilobytes."""
        chance = zlib.crc32(f"{self.seed} {identifier}".encode())
        return {
            "telemetry_id": identifier,
            "key": f"key-{chance % 20}",
            "value": chance / 7,
            "client_id": identifier.split("-")[1],
            "meta": {"padding": "x" * (20 + (chance % 97 * 40 if chance % 11 == 0 else chance % 200))},
        }

    def client_name(self, identifier, version):
        return f"{identifier} {version} {'y' * (zlib.crc32(f'{self.seed} {version}'.encode()) % 300)}"

    def file(self, upload):
        return random.Random(f"{self.seed} {upload.name}").randbytes(upload.byte_count)

    def post_event(self, connection, identifier):
        self.events.add(identifier)
        post(connection, "telemetry", **self.event(identifier))
        self.acknowledged_events[identifier] = True
        self.counts["records"] += 1

    def post_batch(self, connection, batch):
        """Posts records as lines of JSON in one request."""
        lines = "".join(json.dumps(self.event(identifier)) + "\n" for identifier in batch)
        self.events.update(batch)
        self.open_batches.append(batch)
        receipt = post(connection, "telemetry", lines.encode(), {"Content-Type": "application/x-ndjson"})
        assert receipt["accepted"] == len(batch), f"{receipt['accepted']} of {len(batch)} lines were accepted"
        self.open_batches.remove(batch)
        self.acknowledged_events |= dict.fromkeys(batch)
        self.counts["records"] += len(batch)
        self.counts["of them in batches"] += len(batch)

    def store_client(self, connection, identifier):
        """Creates a client, or replaces it."""
        version = next(self.versions)
        self.open_changes[identifier] = version
        name = self.client_name(identifier, version)
        post(connection, "clients/add", client_id=identifier, name=name, package="local")
        self._change_is_acknowledged(identifier, version, "changes of documents")

    def delete_client(self, connection, identifier):
        self.open_changes[identifier] = None
        reply = ask(connection, "DELETE", f"/api/v1/clients/{identifier}")
        if reply.status >= 300:
            raise Refused(f"DELETE {identifier}: {reply.status} {reply.body[:300]}")
        self._change_is_acknowledged(identifier, None, "deletions")

    def _change_is_acknowledged(self, identifier, version, kind):
        self.clients[identifier] = version
        del self.open_changes[identifier]
        self.counts[kind] += 1

    def create_session(self, connection, name):
        self.sessions.add(name)
        post(connection, "sessions", name=name, session_config={"model_id": "none", "rounds": 3})
        self.acknowledged_sessions.add(name)
        self.counts["sessions"] += 1

    def begin_upload(self, connection, name, byte_count, chunk_bytes):
        reply = post(connection, "file-upload/init", file_name=name, file_size=byte_count, chunk_size=chunk_bytes)
        upload = Upload(reply["upload_id"], name, byte_count, chunk_bytes)
        self.uploads[upload.identifier] = upload
        return upload

    def send_chunks(self, connection, upload):
        content = self.file(upload)
        while upload.received < upload.byte_count:
            index = upload.received // upload.chunk_bytes
            chunk = content[upload.received : upload.received + upload.chunk_bytes]
            upload.sent = upload.received + len(chunk)
            reply = post(connection, f"{upload.path}/chunk", chunk, {"X-Chunk-Index": str(index)})
            assert reply["bytes_received"] == upload.sent, f"{upload.name}: {reply} after {upload.sent} bytes"
            upload.received = upload.sent
            self.counts["chunks"] += 1
            if index % 2:
                upload.durable = max(upload.durable, status_of(connection, upload)["bytes_durable"])

    def complete(self, connection, upload):
        self.send_chunks(connection, upload)
        upload.token = post(connection, f"{upload.path}/complete")["file_token"]
        self.counts["complete uploads"] += 1

    def abort(self, connection, upload):
        post(connection, f"{upload.path}/abort")
        del self.uploads[upload.identifier]

    def publish(self, connection, upload):
        """Creates a model of a complete upload, if it was not created by a request without an answer."""
        upload.model = f"model-{upload.name}"
        reply = ask(connection, "GET", f"/api/v1/models/{upload.model}")
        if reply.status == 404:
            fields = {"file_token": upload.token, "model_id": upload.model, "name": upload.name}
            post(connection, "models/", helper="binaryhelper", **fields)
        elif reply.status >= 300:
            raise Refused(f"models/{upload.model}: {reply.status} {reply.body[:300]}")
        self.models[upload.model] = upload
        del self.uploads[upload.identifier]
        self.counts["models"] += 1


def status_of(connection, upload):
    """The server's status of an upload."""
    reply = ask(connection, "GET", f"/api/v1/{upload.path}")
    if reply.status >= 300:
        raise Refused(f"{upload.path}: {reply.status} {reply.body[:300]}")
    return reply.json


# Comparison. What is found counts as acknowledged from then on.


def compare(server, ledger, power_failed=False, is_last=False):
    """Compares everything on a server with the ledger."""
    with server.connect() as connection:
        try:
            compare_events(connection, ledger)
            compare_clients(connection, ledger)
            compare_sessions(connection, ledger)
            compare_uploads(connection, ledger, power_failed)
            compare_models(connection, ledger, is_last)
        except Refused as refusal:
            raise AssertionError(f"refused: {refusal}") from None
        except CONNECTION_LOST as loss:
            raise AssertionError(f"the server failed: {loss!r}; its log ends: {server.log_end()}") from None


def listed(connection, collection):
    """All documents of a collection, oldest first."""
    documents = []
    while True:
        headers = {"X-Limit": str(PAGE), "X-Skip": str(len(documents)), "X-Sort-Order": "asc"}
        reply = ask(connection, "GET", f"/api/v1/{collection}/", headers=headers)
        assert reply.status == 200, f"{collection}: {reply.status} {reply.body[:300]}"
        page = reply.json
        documents += page["result"]
        if len(page["result"]) < PAGE:
            assert page["count"] == len(documents), f"{collection}: {page['count']} counted, {len(documents)} listed"
            return documents


def listed_events(connection, ledger):
    """The ids of all telemetry, oldest first; each record is what was sent."""
    found = []
    for record in listed(connection, "telemetry"):
        identifier = record["telemetry_id"]
        assert identifier in ledger.events, f"phantom: {identifier} was never sent, or was not there before"
        for member, value in ledger.event(identifier).items():
            assert record[member] == value, f"{identifier}: {member} is {record[member]!r}, sent was {value!r}"
        found.append(identifier)
    assert len(set(found)) == len(found), f"listed twice: {Counter(found).most_common(1)}"
    return found


def compare_events(connection, ledger):
    found = listed_events(connection, ledger)
    present = set(found)
    lost = ledger.acknowledged_events.keys() - present
    assert not lost, f"lost: {len(lost)} acknowledged records, such as {sorted(lost)[:3]}"
    for batch in ledger.open_batches:
        count = sum(identifier in present for identifier in batch)
        is_prefix = all(identifier in present for identifier in batch[:count])
        assert is_prefix, f"{count} records of the batch {batch[0]} are there, and not the first ones"
    some = sorted(present)
    for identifier in some[:: len(some) // 30 + 1]:
        reply = ask(connection, "GET", f"/api/v1/telemetry/{identifier}")
        assert reply.status == 200, f"{identifier} is listed but not found: {reply.status}"
    ledger.open_batches.clear()
    ledger.events, ledger.acknowledged_events = present, dict.fromkeys(found)


def compare_clients(connection, ledger):
    found = {}
    for document in listed(connection, "clients"):
        identifier = document["client_id"]
        assert identifier not in found, f"{identifier} is listed twice"
        found[identifier] = document["name"]
    known = ledger.clients.keys() | ledger.open_changes.keys()
    assert found.keys() <= known, f"phantom: clients {sorted(found.keys() - known)}"
    for identifier in known:
        versions = {ledger.clients.get(identifier), ledger.open_changes.get(identifier, ledger.clients.get(identifier))}
        names = {None if version is None else ledger.client_name(identifier, version): version for version in versions}
        name = found.get(identifier)
        assert name in names, f"lost: client {identifier} is {name!r}, acknowledged was {list(names)!r}"
        reply = ask(connection, "GET", f"/api/v1/clients/{identifier}")
        by_id = reply.json["name"] if reply.status == 200 else None
        assert by_id == name, f"client {identifier} is listed as {name!r}, and by its id {by_id!r}"
        ledger.clients[identifier] = names[name]
    ledger.open_changes.clear()


def compare_sessions(connection, ledger):
    names = [session["name"] for session in listed(connection, "sessions")]
    present = set(names)
    assert len(present) == len(names), "a session is listed twice"
    assert present <= ledger.sessions, f"phantom: sessions {sorted(present - ledger.sessions)[:3]}"
    lost = ledger.acknowledged_sessions - present
    assert not lost, f"lost: {len(lost)} sessions, such as {sorted(lost)[:3]}"
    ledger.sessions, ledger.acknowledged_sessions = present, set(present)


def compare_uploads(connection, ledger, power_failed):
    for upload in list(ledger.uploads.values()):
        if upload.token:
            # A complete upload can always become a model.
            ledger.publish(connection, upload)
            continue
        reply = ask(connection, "GET", f"/api/v1/{upload.path}")
        if reply.status == 404 and upload.is_long and upload.received == upload.byte_count:
            # The request to abort it had no answer.
            del ledger.uploads[upload.identifier]
            continue
        status = status_of(connection, upload)
        # A chunk survives the process, and a power cut once it was reported durable.
        acknowledged = upload.durable if power_failed else upload.received
        received, durable = status["bytes_received"], status["bytes_durable"]
        assert received >= acknowledged, f"lost: {upload.name} has {received} bytes, acknowledged were {acknowledged}"
        is_possible = durable <= received <= upload.sent
        assert is_possible, f"{upload.name}: {durable} durable, {received} received, {upload.sent} sent"
        upload.received, upload.durable, upload.sent = received, durable, received


def compare_models(connection, ledger, is_last):
    found = {model["model_id"]: model for model in listed(connection, "models")}
    # `compare_uploads` has noted models whose request had no answer.
    assert found.keys() <= ledger.models.keys(), f"phantom: models {sorted(found.keys() - ledger.models.keys())[:3]}"
    lost = ledger.models.keys() - found.keys()
    assert not lost, f"lost: {len(lost)} models, such as {sorted(lost)[:3]}"
    for identifier in sorted(found):
        if identifier in ledger.compared and not is_last:
            continue
        reply = ask(connection, "GET", f"/api/v1/models/{identifier}/download")
        is_equal = reply.status == 200 and reply.body == ledger.file(ledger.models[identifier])
        assert is_equal, f"model {identifier} is not what was sent: {reply.status}, {len(reply.body)} bytes"
        ledger.compared.add(identifier)


def check(binary, data):
    """`ledge check` of a directory without a server must find nothing."""
    result = subprocess.run([str(binary), "check", str(data)], capture_output=True, text=True)
    assert result.returncode == 0, f"ledge check: exit {result.returncode}\n{result.stdout}{result.stderr}"
