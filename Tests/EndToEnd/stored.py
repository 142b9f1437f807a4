"""A data directory written from docs/FORMAT.md alone, with documents of every kind that a network stores.

Sessions, rounds and their metrics are created only when edge clients train; here they are on disk before the
server starts, as if they had.
"""

import json

import xxhash

MOMENTS = "2026-11-01T10:{:02}:{:02}.{:06}Z"


def moment(number, microsecond=0):
    """The instant of a record: a second each, in order."""
    return MOMENTS.format(number // 60, number % 60, microsecond)


def line(members, seed):
    """One object as a checked line."""
    content = json.dumps(members, ensure_ascii=False, separators=(",", ":"))[:-1].encode()
    return content + b',"xxh3":"%s"}\n' % xxhash.xxh3_64_hexdigest(content, seed=seed).encode()


def checked_file(path, name, members):
    path.write_bytes(line(members, xxhash.xxh3_64_intdigest(name.encode())))


def store(data, collections):
    """Makes a data directory of `{collection: [document]}`, where the first member of a document is its key."""
    data.mkdir()
    identity = {"format": 1, "created_at": moment(0), "instance_id": "7d2fca6e-6c14-4bd5-9f3b-0d4a7a7f2f10"}
    checked_file(data / "ledge.json", "ledge.json", identity)
    for name, documents in collections.items():
        directory = data / "collections" / name
        directory.mkdir(parents=True)
        start = xxhash.xxh3_64_intdigest(name.encode(), seed=1)
        segment = b""
        for sequence, document in enumerate(documents, 1):
            at = moment(sequence)
            record = {"seq": sequence, "batch": sequence, "at": at, "op": "put", "id": next(iter(document.values()))}
            record["doc"] = {**document, "committed_at": at, "updated_at": at}
            segment += line(record, (start + len(segment)) % 2**64)
        (directory / f"{1:020}.jsonl").write_bytes(segment)
        manifest = {"format": 1, "name": name, "segments": [], "active": {"first": 1, "bytes": len(segment)}}
        checked_file(directory / "manifest.json", name, manifest)


def node(client=None, combiner=None):
    """A sender or receiver."""
    return {
        "name": client or combiner,
        "role": "client" if client else "combiner",
        "client_id": client,
        "combiner_id": combiner,
    }


def client(name, combiner, status):
    return {
        "client_id": name,
        "name": f"name of {name}",
        "combiner": combiner,
        "combiner_preferred": None,
        "ip": "10.0.0.7",
        "status": status,
        "last_seen": moment(59),
        "package": "local",
        "client_version": "1.1.0",
    }


def config(model):
    return {
        "aggregator": "fedavg",
        "aggregator_kwargs": None,
        "rounds": 3,
        "round_timeout": 60,
        "buffer_size": -1,
        "model_id": model,
        "delete_models_storage": True,
        "clients_required": 1,
        "requested_clients": 8,
        "validate": True,
        "helper_type": "numpyhelper",
        "server_functions": None,
        "accept_stragglers": False,
    }


def session(identifier, name, status, model="model-3"):
    return {
        "session_id": identifier,
        "name": name,
        "description": None,
        "status": status,
        "seed_model_id": "model-1",
        "session_config": config(model),
    }


def round_of(session, number, status):
    round_config = {
        **config("model-1"),
        "session_id": session,
        "round_id": str(number),
        "task": "training",
        "client_settings": {},
        "is_sl_inference": False,
        "selected_clients": ["edge-1", "edge-2"],
    }
    return {
        "round_id": str(number),
        "status": status,
        "round_config": round_config,
        "round_data": {"time_commit": 0.25, "reduce": {"time_aggregate_model": 0.5}},
        "combiners": [{"name": "main", "status": "Success", "round_id": str(number)}],
    }


def run(identifier, session, status, rounds):
    return {
        "run_id": identifier,
        "session_id": session,
        "status": status,
        "model_id": "model-1",
        "completed_at_model_id": "model-3",
        "round_timeout": 60,
        "rounds": rounds,
        "completed_at": moment(58),
    }


def metric(identifier, key, value, client, step, round_id):
    return {
        "metric_id": identifier,
        "key": key,
        "value": value,
        "timestamp": moment(40 + step),
        "sender": node(client),
        "model_id": f"model-{step}",
        "step": step,
        "round_id": round_id,
        "session_id": "session-1",
    }


def validation(identifier, client, model, session="session-1"):
    return {
        "validation_id": identifier,
        "model_id": model,
        "session_id": session,
        "correlation_id": f"of {identifier}",
        "data": json.dumps({"accuracy": 0.75}),
        "timestamp": moment(50),
        "meta": None,
        "sender": node(client),
        "receiver": None,
    }


def command(identifier, parent, type, client=None):
    return {
        "correlation_id": identifier,
        "parent_correlation_id": parent,
        "command_type": type,
        "status": "COMPLETED",
        "client_id": client,
        "session_id": "session-1",
        "round_id": None,
        "model_id": "model-1",
        "parameters": {"rate": 0.5},
        "response": None,
        "timeout": 180,
        "started_at": moment(10),
        "completed_at": moment(20),
    }


def status(identifier, type, level, sender, session=None):
    return {
        "status_id": identifier,
        "status": f"text of {identifier}",
        "timestamp": None,
        "log_level": level,
        "type": type,
        "data": None,
        "correlation_id": None,
        "extra": None,
        "session_id": session,
        "sender": sender,
    }


def attribute(identifier, key, value, client):
    return {
        "attribute_id": identifier,
        "key": key,
        "value": value,
        "timestamp": None,
        "entity_id": client,
        "sender": node(client),
    }


def telemetry(identifier, key, value, client):
    return {
        "telemetry_id": identifier,
        "key": key,
        "value": value,
        "payload": {"value": value},
        "meta": None,
        "timestamp": None,
        "client_id": client,
        "session_id": None,
        "sender": node(client),
    }


# Of each resource at least three, of which a filter finds one or two.
NETWORK = {
    "clients": [
        client("edge-1", "main", "online"),
        client("edge-2", "main", "online"),
        client("edge-3", "spare", "offline"),
    ],
    "sessions": [
        session("session-1", "first", "Finished"),
        session("session-2", "of two words", "Terminated"),
        session("session-3", "third", "Created", model="model-1"),
    ],
    # The numbers sort as numbers: 2 before 10.
    "rounds": [
        round_of("session-1", 1, "Finished"),
        round_of("session-1", 2, "Failed"),
        round_of("session-2", 10, "Finished"),
    ],
    "runs": [
        run("run-1", "session-1", "Finished", 3),
        run("run-2", "session-1", "Finished", 2),
        run("run-3", "session-2", "Terminated", 5),
    ],
    "metrics": [
        metric("metric-1", "loss", 0.5, "edge-1", 1, "1"),
        metric("metric-2", "loss", 0.25, "edge-2", 1, "1"),
        metric("metric-3", "accuracy", 0.875, "edge-1", 2, "2"),
    ],
    "validations": [
        validation("validation-1", "edge-1", "model-2"),
        validation("validation-2", "edge-2", "model-2"),
        validation("validation-3", "edge-1", "model-3", "session-2"),
    ],
    "commands": [
        command("command-1", None, "Scaleout_StartSession"),
        command("task-1", "command-1", "Scaleout_ModelUpdate", "edge-1"),
        command("task-2", "command-1", "Scaleout_ModelUpdate", "edge-2"),
        command("command-2", None, "Custom_Ping"),
    ],
    "statuses": [
        status("status-1", "MODEL_UPDATE", "INFO", node("edge-1"), "session-1"),
        status("status-2", "MODEL_VALIDATION", "WARNING", node("edge-2"), "session-1"),
        status("status-3", "PRINT", "INFO", node(combiner="main")),
    ],
    "attributes": [
        attribute("attribute-1", "charging", "false", "edge-1"),
        attribute("attribute-2", "charging", "true", "edge-1"),
        attribute("attribute-3", "site", "Umeå", "edge-2"),
    ],
    "telemetry": [
        telemetry("telemetry-1", "cpu", 0.5, "edge-1"),
        telemetry("telemetry-2", "cpu", 0.75, "edge-2"),
        telemetry("telemetry-3", "memory", 3, "edge-1"),
    ],
}


def document(resource, identifier):
    """A stored document as the server has to return it."""
    for sequence, found in enumerate(NETWORK[resource], 1):
        if next(iter(found.values())) == identifier:
            return {**found, "committed_at": moment(sequence), "updated_at": moment(sequence)}
    raise KeyError(identifier)
