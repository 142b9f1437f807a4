"""A case for every endpoint of fixtures/endpoints.txt, on stored data, with and without a slash at its end.

Here are those that all resources have; endpoints_*.py has the others.
"""

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from network import ENDPOINTS, Coverage, page
from promises import promise
from stored import NETWORK, document

endpoints = Coverage("endpoints", forms=lambda item: [item, f"{item}/"])
REFERENCE = (Path(__file__).parent / "reference.txt").read_text().splitlines()


@dataclass
class Question:
    """Conditions, and the ids of what they find, newest first."""

    conditions: dict
    found: list


@dataclass
class Reading:
    """How one resource is read: `ids` from the oldest to the newest."""

    key: str
    ids: list
    # For a URL and for a body.
    one: Question
    # For a body only: a comma means any of.
    several: Question
    # What must be in the list in addition to the ids; for the stored documents that is everything.
    members: dict = field(default_factory=dict)


def stored(name, one, several):
    key = next(iter(NETWORK[name][0]))
    return Reading(key, [found[key] for found in NETWORK[name]], Question(*one), Question(*several))


READINGS = {
    "attributes": stored(
        "attributes",
        ({"sender.client_id": "edge-1"}, ["attribute-2", "attribute-1"]),
        ({"value": "true,Umeå", "key__ne": "nothing"}, ["attribute-3", "attribute-2"]),
    ),
    "clients": stored(
        "clients",
        ({"status": "offline"}, ["edge-3"]),
        ({"combiner": "main,nowhere", "client_version": "1.1.0"}, ["edge-2", "edge-1"]),
    ),
    "combiners": Reading(
        "combiner_id",
        ["main", "spare"],
        Question({"name": "spare"}, ["spare"]),
        Question({"name": "main,spare", "port__lt": "12080"}, ["spare"]),
    ),
    "commands": stored(
        "commands",
        ({"parent_correlation_id": "command-1"}, ["task-2", "task-1"]),
        ({"client_id": "edge-2,edge-9"}, ["task-2"]),
    ),
    "metrics": stored(
        "metrics",
        ({"key": "loss", "sender.name": "edge-2"}, ["metric-2"]),
        ({"sender.role": "client,combiner", "model_step": "1"}, ["metric-2", "metric-1"]),
    ),
    "models": Reading(
        "model_id",
        ["model-1", "model-2", "model-3"],
        Question({"parent_model": "model-1"}, ["model-2"]),
        Question({"name": "name_1,name_3"}, ["model-3", "model-1"]),
        {"model": ["model-3", "model-2", "model-1"], "parent_model": ["model-2", "model-1", None]},
    ),
    "rounds": stored(
        "rounds",
        ({"round_config.session_id": "session-1", "status": "Failed"}, ["2"]),
        ({"round_id": "1,10"}, ["10", "1"]),
    ),
    "runs": stored(
        "runs",
        ({"session_id": "session-1", "rounds__gt": "2"}, ["run-1"]),
        ({"status": "Terminated,nothing"}, ["run-3"]),
    ),
    "sessions": stored(
        "sessions",
        ({"name": "of two words"}, ["session-2"]),
        ({"status": "Finished,Terminated", "seed_model_id": "model-1"}, ["session-2", "session-1"]),
    ),
    "statuses": stored(
        "statuses",
        ({"type": "PRINT", "sender.role": "combiner"}, ["status-3"]),
        ({"log_level": "WARNING,ERROR", "session_id": "session-1"}, ["status-2"]),
    ),
    "telemetry": stored(
        "telemetry",
        ({"client_id": "edge-1", "value__gte": "1"}, ["telemetry-3"]),
        ({"client_id": "edge-1,edge-2", "key": "cpu"}, ["telemetry-2", "telemetry-1"]),
    ),
    "validations": stored(
        "validations",
        ({"session_id": "session-1", "sender.client_id": "edge-1"}, ["validation-1"]),
        ({"model_id": "model-3,model-9"}, ["validation-3"]),
    ),
}


def reads(name):
    """Makes the case of one resource's lists, counts and single documents."""
    reading = READINGS[name]
    newest = reading.ids[::-1]
    paths = [f"GET /api/v1/{name}{rest}" for rest in ("", "/count", "/{id}")]
    paths += [f"POST /api/v1/{name}{rest}" for rest in ("/list", "/count")]

    def case(network):
        everything = network.get(name)
        assert page(everything, reading.key) == (len(newest), newest)
        if name in NETWORK:
            assert everything["result"] == [document(name, identifier) for identifier in newest]
        for member, values in reading.members.items():
            assert [found[member] for found in everything["result"]] == values
        assert page(network.query(f"{name}/list"), reading.key) == (len(newest), newest)
        assert network.get(f"{name}/count") == network.query(f"{name}/count") == len(newest)

        for identifier, found in zip(newest, everything["result"], strict=True):
            assert network.get(f"{name}/{identifier}") == found
        assert network.refusal(404, "GET", f"{name}/none") == "Entity with id: none not found"

        found = (len(reading.one.found), reading.one.found)
        conditions = urlencode(reading.one.conditions)
        assert page(network.get(f"{name}?{conditions}"), reading.key) == found
        assert network.get(f"{name}/count?{conditions}") == found[0]
        for question in (reading.one, reading.several):
            found = (len(question.found), question.found)
            assert page(network.query(f"{name}/list", **question.conditions), reading.key) == found
            assert network.query(f"{name}/count", **question.conditions) == found[0]

        headers = {"X_Limit": "1", "X_Skip": "1", "X_Sort_Key": reading.key, "X_Sort_Order": "asc"}
        assert page(network.get(name, **headers), reading.key) == (len(newest), sorted(reading.ids, key=in_order)[1:2])

    case.__name__ = f"{name}_are_listed_counted_and_returned"
    endpoints.tries(*paths)(case)


def in_order(identifier):
    """Numbers sort as numbers."""
    return (int(identifier), "") if identifier.isdigit() else (0, identifier)


for resource in READINGS:
    reads(resource)


@promise
def every_endpoint_of_the_list_has_a_case(place):
    assert len(REFERENCE) == 74
    gone = [line for line in REFERENCE if line not in ENDPOINTS]
    assert not gone, f"endpoints of the reference that fixtures/endpoints.txt has not: {gone}"
    endpoints.check(ENDPOINTS, marks=lambda line: "reference  " if line in REFERENCE else "           ")


@promise
def the_list_of_endpoints_is_sorted_without_doubles(place):
    assert sorted(set(ENDPOINTS)) == ENDPOINTS
