"""Endpoints of clients and combiners, and of what they say about themselves."""

import uuid

from endpoints import endpoints
from network import page
from promises import promise
from stored import moment

JOIN = {"name": "new", "package": "local", "client_version": "1.1.0"}


@endpoints.tries("POST /api/v1/clients/add")
def a_client_that_joins_gets_the_address_of_its_combiner(network):
    answer = network.post("clients/add", **JOIN, client_id="edge-9", preferred_combiner="spare")
    # The official client takes a missing grpc_secure for true, and 201 for a failure.
    expected = {
        "client_id": "edge-9",
        "public_hostname": "edge.example.com",
        "port": 443,
        "grpc_secure": False,
        "helper_type": "numpyhelper",
        "package": "local",
    }
    assert expected.items() <= answer.items(), answer
    client = network.get("clients/edge-9")
    stored = {"name": "new", "status": "available", "combiner": "spare", "combiner_preferred": "spare"}
    assert (stored | {"ip": "127.0.0.1", "package": "local", "client_version": "1.1.0"}).items() <= client.items()

    # Again, spelled as in the reference: the same client elsewhere.
    answer = network.post("clients/add/", **JOIN, client_id="edge-9", combiner_preferred="main")
    assert (answer["public_hostname"], answer["port"]) == ("127.0.0.1", 12080)
    again = network.get("clients/edge-9")
    assert (again["combiner"], again["committed_at"]) == ("main", client["committed_at"])
    assert network.get("clients/count") == 4

    # Without a preference it is the least loaded one, and an id is generated.
    answer = network.post("clients/add", **JOIN)
    assert (answer["port"], uuid.UUID(answer["client_id"]).version) == (443, 4)


@endpoints.tries(refused=["POST /api/v1/clients/add"])
def a_client_that_does_not_fit_is_refused(network):
    for slash in ("", "/"):
        add = f"clients/add{slash}"
        message = network.refusal(400, "POST", add, **JOIN, preferred_combiner="nowhere")
        assert message == "Combiner nowhere not found or unavailable."
        assert "2.0.0" in network.refusal(406, "POST", add, **{**JOIN, "client_version": "2.0.0"})
        assert "name" in network.refusal(400, "POST", add, client_id="edge-9")
        assert "package" in network.refusal(400, "POST", add, **{**JOIN, "package": "parcel"})
    assert network.get("clients/count") == 3


@promise
def a_network_without_combiners_takes_no_clients(place):
    with place.server(options=()) as server:
        reply = server.ask("POST", "/api/v1/clients/add", **JOIN)
        assert (reply.status, reply.json["message"]) == (400, "No combiner available.")
        assert server.ask("GET", "/api/v1/clients/count").json == 0


@endpoints.tries("GET /api/v1/clients/config", "POST /api/v1/clients/add")
def a_client_finds_the_network_and_its_package(network):
    expected = {"network_id": "ledge", "discover_host": "127.0.0.1", "discover_port": network.server.port}
    assert network.get("clients/config") == network.get("clients/config?checksum=true") == expected
    remote = {**JOIN, "package": "remote"}
    for slash in ("", "/"):
        reply = network.ask("POST", f"clients/add{slash}", **remote)
        assert (reply.status, reply.json["status"]) == (203, "retry"), reply.body
    assert network.get("clients/count") == 3

    network.add_package(b"whatever is in it")
    checksum = network.get("packages/checksum")["checksum"]
    assert network.get("clients/config?checksum=true") == {**expected, "checksum": checksum}
    assert network.get("clients/config?checksum=false") == expected
    assert network.post("clients/add", **remote)["package"] == "remote"
    assert network.post("clients/add/", **remote)["package"] == "remote"


@endpoints.tries("DELETE /api/v1/clients/{id}", "GET /api/v1/clients/{id}/attributes")
def a_client_has_attributes_until_it_is_deleted(network):
    assert network.get("clients/edge-1/attributes") == {"charging": "true"}
    assert network.get("clients/edge-2/attributes") == {"site": "Umeå"}
    assert network.get("clients/edge-3/attributes") == {}
    for path in ("clients/edge-1", "clients/edge-2/"):
        assert network.do("DELETE", path) == {"message": "Client deleted"}
        # With tokens it also revokes those of an id that is not registered.
        again = network.ask("DELETE", path)
        assert again.status == (200 if network.token else 404), again.body
    assert page(network.get("clients"), "client_id") == (1, ["edge-3"])
    assert network.refusal(404, "GET", "clients/edge-1/attributes") == "Entity with id: edge-1 not found"


@endpoints.tries("PATCH /api/v1/combiners/{id}", "DELETE /api/v1/combiners/{id}")
def a_combiner_gets_other_names_and_goes(network):
    before = network.get("combiners/main")
    assert (before["name"], before["port"], before["address"]) == ("main", 12080, "127.0.0.1")
    answer = network.do("PATCH", "combiners/main", public_hostname="public.example.com:8443")
    assert answer["message"] == "Combiner updated"
    after = network.get("combiners/main")
    assert after == {**before, "public_hostname": "public.example.com:8443", "updated_at": after["updated_at"]}
    assert after["updated_at"] > before["updated_at"]
    joined = network.post("clients/add", **JOIN, preferred_combiner="main")
    assert (joined["public_hostname"], joined["port"]) == ("public.example.com", 8443)

    network.do("PATCH", "combiners/main/", internal_hostname="10.1.1.1", public_hostname="public.example.com")
    joined = network.post("clients/add", **JOIN, preferred_combiner="main")
    assert (joined["public_hostname"], joined["internal_hostname"], joined["port"]) == (
        "public.example.com",
        "10.1.1.1",
        12080,
    )
    network.refusal(400, "PATCH", "combiners/main", public_hostname=7)
    network.refusal(400, "PATCH", "combiners/main", colour="red")
    assert network.refusal(404, "PATCH", "combiners/none", public_hostname="a") == "Entity with id: none not found"

    for path in ("combiners/main", "combiners/spare/"):
        assert network.do("DELETE", path) == {"message": "Combiner deleted"}
        network.refusal(404, "DELETE", path)
    assert network.get("combiners/count") == 0


@endpoints.tries("POST /api/v1/combiners/clients/count")
def clients_that_are_online_are_counted_by_combiner(network):
    def counts(**body):
        result = network.query("combiners/clients/count", **body)["result"]
        return {found["combiner_id"]: found["client_count"] for found in result}

    online = page(network.get("clients?status=online&combiner=main"), "client_id")[0]
    assert counts() == {"main": online, "spare": 0}
    assert counts(combiners="") == counts(combiners="main,spare") == counts()
    assert counts(combiners="spare") == {"spare": 0}


@endpoints.tries("POST /api/v1/attributes", "POST /api/v1/attributes/current")
def an_attribute_is_added_in_the_words_of_either_side(network):
    official = network.post("attributes", 201, key="site", value="Lund", entity_id="edge-1")
    assert (official["entity_id"], official["sender"]["client_id"]) == ("edge-1", "edge-1")
    older = network.post(
        "attributes/", 201, key="site", value="Kiruna", sender={"client_id": "edge-3", "role": "client"}
    )
    assert (older["entity_id"], older["sender"]["name"]) == ("edge-3", "name of edge-3")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = network.ask("POST", "attributes", b"key=site&value=Malm%C3%B6+C&entity_id=edge-2", form)
    assert (reply.status, reply.json["value"]) == (201, "Malmö C")
    for found in (official, older, reply.json):
        assert network.get(f"attributes/{found['attribute_id']}") == found

    expected = {"edge-1": {"charging": "true", "site": "Lund"}, "edge-2": {"site": "Malmö C"}}
    for spelling in ("entity_ids", "node_ids", "client_ids"):
        assert network.query("attributes/current", **{spelling: ["edge-1", "edge-2"]}) == expected
        network.refusal(400, "POST", "attributes/current", **{spelling: []})
    network.refusal(400, "POST", "attributes/current")
    assert "value" in network.refusal(400, "POST", "attributes", key="site", entity_id="edge-1")
    network.refusal(400, "POST", "attributes", key="site", value="unknown")
    assert network.get("attributes/count") == 6


@endpoints.tries("POST /api/v1/statuses", "GET /api/v1/statuses/histogram")
def a_status_is_taken_from_who_is_known(network):
    words = {"type": "PRINT", "log_level": "ERROR", "status": "done"}
    client = network.post("statuses", 201, **words, sender={"client_id": "edge-1"})
    assert client["sender"] == {"name": "name of edge-1", "role": "client", "client_id": "edge-1", "combiner_id": None}
    combiner = network.post("statuses/", 201, **words, sender={"combiner_id": "spare"})
    assert combiner["sender"] == {"name": "spare", "role": "combiner", "client_id": None, "combiner_id": "spare"}
    assert [network.get(f"statuses/{found['status_id']}") for found in (client, combiner)] == [client, combiner]
    for sender in (None, {}, {"client_id": "unknown"}, {"combiner_id": "unknown"}, {"combiner_id": None}, "edge-1"):
        network.refusal(400, "POST", "statuses", **words, sender=sender)
    assert network.get("statuses/count") == 5

    def histogram(**query):
        query = "&".join(f"{name}={value}" for name, value in query.items())
        buckets = network.get(f"statuses/histogram?{query}")
        return [bucket["timestamp"] for bucket in buckets], [bucket["count"] for bucket in buckets]

    # The end is exclusive: the third stored status is not in it.
    span = {"start_date": moment(1), "end_date": moment(3)}
    assert histogram(**span, buckets=2) == ([moment(1), moment(2)], [1, 1])
    assert histogram(**span, buckets=1) == ([moment(1)], [2])
    assert histogram(**span, buckets=2, log_level="WARNING") == ([moment(1), moment(2)], [0, 1])
    for buckets, count in (("", 50), ("buckets=7", 7), ("buckets=1000", 200)):
        counts = [bucket["count"] for bucket in network.get(f"statuses/histogram?{buckets}")]
        assert (len(counts), sum(counts)) == (count, 5)
    network.refusal(400, "GET", "statuses/histogram?start_date=soon")


@endpoints.tries("POST /api/v1/telemetry")
def telemetry_is_taken_in_the_words_of_either_side(network):
    reference = network.post("telemetry", 201, client_id="edge-1", key="gpu", meta={"value": 0.5, "unit": "part"})
    assert (reference["value"], reference["meta"], reference["sender"]["client_id"]) == (
        0.5,
        {"value": 0.5, "unit": "part"},
        "edge-1",
    )
    older = network.post("telemetry/", 201, key="gpu", value=0.75, sender={"client_id": "edge-2", "role": "CLIENT"})
    assert (older["client_id"], older["sender"]["role"]) == ("edge-2", "client")
    for found in (reference, older):
        assert network.get(f"telemetry/{found['telemetry_id']}") == found
    network.refusal(400, "POST", "telemetry", client_id="edge-1")
    assert network.get("telemetry/count?key=gpu") == 2
