"""Attributes, statuses, telemetry and clients, through the official client where it knows them."""

import uuid

from promises import client, message, promise


def join(server, name="edge-1"):
    """Makes a client known, as it does itself when it starts; a status is taken only from who is."""
    reply = server.ask("POST", "/api/v1/clients/add", name=name, client_id=name, package="local")
    assert reply.status == 200, reply.body


def status(server, **fields):
    join(server)
    body = {"type": "MODEL_UPDATE", "log_level": "INFO", "status": "done", "sender": {"client_id": "edge-1"}, **fields}
    return client(server).add_status(body)


def telemetry(server, **fields):
    reply = server.ask("POST", "/api/v1/telemetry", **{"key": "cpu", "value": 0.5, "client_id": "edge-1", **fields})
    assert reply.status == 201, reply.body
    return reply.json


@promise
def the_current_attribute_is_the_last_one_added(place):
    with place.server() as server:
        scaleout = client(server)
        for key, value in [("charging", "false"), ("site", "Umeå"), ("charging", "true")]:
            added = scaleout.add_attributes({"key": key, "value": value, "entity_id": "edge-1"})
            assert (added["key"], added["value"]) == (key, value)
            assert added["attribute_id"]
        scaleout.add_attributes({"key": "charging", "value": "no", "entity_id": "edge-2"})
        assert scaleout.get_current_attributes("edge-1")["edge-1"] == {"charging": "true", "site": "Umeå"}
        both = scaleout.get_current_attributes(["edge-1", "edge-2"])
        assert both["edge-2"] == {"charging": "no"}


@promise
def the_attribute_trail_has_every_value(place):
    with place.server() as server:
        scaleout = client(server)
        for value in ("1", "2", "3"):
            scaleout.add_attributes({"key": "battery", "value": value, "entity_id": "edge-1"})
        scaleout.add_attributes({"key": "battery", "value": "9", "entity_id": "edge-2"})
        trail = scaleout.get_attribute_trail("edge-1")
        assert trail["count"] == 3
        assert [attribute["value"] for attribute in trail["result"]] == ["3", "2", "1"]


@promise
def statuses_are_filtered(place):
    with place.server() as server:
        scaleout = client(server)
        first = status(server)
        second = status(server, type="MODEL_VALIDATION", session_id="s1")
        assert scaleout.get_status(first["status_id"])["status"] == "done"
        assert scaleout.get_statuses_count() == 2
        assert [found["status_id"] for found in scaleout.get_statuses()["result"]] == [
            second["status_id"],
            first["status_id"],
        ]
        validations = scaleout.get_statuses(event_type="MODEL_VALIDATION")
        assert (validations["count"], validations["result"][0]["status_id"]) == (1, second["status_id"])
        assert scaleout.get_statuses(session_id="s1")["count"] == 1
        assert scaleout.get_statuses(session_id="s2") == {"count": 0, "result": []}
        assert len(scaleout.get_statuses(n_max=1)["result"]) == 1


@promise
def a_status_without_a_sender_is_refused(place):
    with place.server() as server:
        message(server.ask("POST", "/api/v1/statuses/", type="MODEL_UPDATE", status="done"), 400)
        message(server.ask("POST", "/api/v1/statuses", type="MODEL_UPDATE", status="done", sender={}), 400)
        assert client(server).get_statuses_count() == 0


@promise
def telemetry_keeps_the_id_its_client_chose(place):
    with place.server() as server:
        identifier = str(uuid.uuid4())
        made = telemetry(server, telemetry_id=identifier, meta={"unit": "percent"})
        assert made["telemetry_id"] == identifier
        found = server.ask("GET", f"/api/v1/telemetry/{identifier}").json
        assert found == made
        assert (found["value"], found["meta"]) == (0.5, {"unit": "percent"})


@promise
def telemetry_pages_newest_first(place):
    with place.server() as server:
        made = [telemetry(server, key=f"k{index}", client_id=f"edge-{index % 2}") for index in range(10)]
        newest = [record["telemetry_id"] for record in reversed(made)]

        def listed(headers=None, query=""):
            page = server.ask("GET", f"/api/v1/telemetry{query}", headers=headers).json
            return page["count"], [record["telemetry_id"] for record in page["result"]]

        assert listed() == (10, newest)
        assert listed({"X-Limit": "3"}) == (10, newest[:3])
        assert listed({"X-Limit": "3", "X-Skip": "4"}) == (10, newest[4:7])
        assert listed({"X-Skip": "9"}) == (10, newest[9:])
        assert listed({"X-Sort-Order": "asc", "X-Limit": "2"}) == (10, newest[::-1][:2])
        assert listed({"X-Sort-Key": "key", "X-Sort-Order": "desc"}) == (10, newest)
        assert listed(query="?client_id=edge-1") == (5, newest[0::2])
        assert server.ask("GET", "/api/v1/telemetry/count?client_id=edge-0").json == 5


@promise
def a_comma_in_a_posted_filter_means_any_of(place):
    with place.server() as server:
        for name in ("edge-1", "edge-2", "edge-3"):
            telemetry(server, client_id=name)
        filter = {"client_id": "edge-1,edge-3", "key": "cpu"}
        found = server.ask("POST", "/api/v1/telemetry/list", **filter).json
        assert [record["client_id"] for record in found["result"]] == ["edge-3", "edge-1"]
        assert server.ask("POST", "/api/v1/telemetry/count", **filter).json == 2


@promise
def both_forms_of_a_path_are_served_without_a_redirect(place):
    with place.server() as server:
        for name in ("attributes", "clients", "statuses", "telemetry", "models"):
            for path in (f"/api/v1/{name}", f"/api/v1/{name}/", f"/api/v1/{name}?x__ne=1"):
                reply = server.ask("GET", path)
                assert (reply.status, reply.json) == (200, {"count": 0, "result": []}), path


@promise
def clients_are_listed_to_the_official_client(place):
    with place.server() as server:
        scaleout = client(server)
        assert scaleout.get_clients() == {"count": 0, "result": []}
        assert scaleout.get_active_clients() == {"count": 0, "result": []}
        assert scaleout.get_clients_count() == 0
        missing = scaleout.get_client("edge-9")
        assert missing == {"message": "Entity with id: edge-9 not found"}


@promise
def text_of_any_language_comes_back_as_it_was_sent(place):
    with place.server() as server:
        text = 'Grüße, 世界 🚀 "quoted" \\ back\tslash\n and a \u0000 byte'
        made = status(server, status=text)
        assert client(server).get_status(made["status_id"])["status"] == text
    with place.server() as server:
        assert client(server).get_status(made["status_id"])["status"] == text
    place.check()
