"""Endpoints that make and exchange tokens, and those at the root that are open to everyone."""

import html
import re
from datetime import datetime
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from endpoints import endpoints
from network import Network, value

ON, OFF = [True], [False]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOKENS = [
    "GET /api/cli-auth/status",
    "POST /api/auth/refresh",
    "GET /api/v1/auth/tokens",
    "POST /api/cli-auth/init",
    "POST /api/v1/auth/enrollment-tokens",
    "POST /api/v1/auth/token",
    "POST /api/v1/auth/tokens/revoke",
    "POST /api/v1/clients/enroll",
    "POST /api/v1/clients/token",
    "POST /login",
]


def secret(network):
    """What tokens are signed with: the text of the file itself."""
    return (network.place.data / "token-secret").read_text().strip()


def claims(network, token):
    """The claims of a token, verified by a library that is not ours."""
    return jwt.decode(token, secret(network), algorithms=["HS256"])


def enrollment(network, **body):
    return network.post("auth/enrollment-tokens", 201, **body)["token"]


def enrolled(network, **body):
    """The answer to a client that enrolls."""
    holder = Network(network.place, network.server, enrollment(network, name="site"))
    return value(holder.ask("POST", "clients/enroll", b"{}", **body), 200)


@endpoints.tries(refused=TOKENS, authentication=OFF)
def without_authentication_there_are_no_tokens(network):
    for line in TOKENS:
        method, path = line.split()
        for slash in ("", "/"):
            message = network.refusal(400, method, path + slash, refresh_token="a", requestId="b", token="c")
            assert message.startswith("Authentication is off on this server"), message


@endpoints.tries("POST /api/v1/auth/token", authentication=ON)
def an_api_key_is_made_for_a_role(network):
    for slash, body, role, days in (
        ("", {}, "client", 365),
        ("/", {"token_type": "admin", "expires_in_days": 3}, "admin", 3),
        ("", {"token_type": "combiner", "expires_in_days": 1}, "combiner", 1),
    ):
        answer = network.post(f"auth/token{slash}", 201, **body)
        key = claims(network, answer["token"])
        # The answer's token_type is the role; the official client sends a token as it is whose own says api_key.
        assert (answer["token_type"], key["role"], key["token_type"]) == (role, role, "api_key")
        assert abs(key["exp"] - key["iat"] - days * 86400) < 2
        assert datetime.fromisoformat(answer["expires_at"]).timestamp() == key["exp"]
        holder = Network(network.place, network.server, answer["token"])
        assert holder.get("helpers/active") == "numpyhelper"
        assert holder.ask("GET", "clients").status == (200 if role == "admin" else 403)
    for wrong in (
        {"token_type": "root"},
        {"token_type": "enrollment"},
        {"expires_in_days": 0},
        {"expires_in_days": "x"},
    ):
        network.refusal(400, "POST", "auth/token", **wrong)


@endpoints.tries("POST /api/v1/auth/enrollment-tokens", "POST /api/v1/clients/enroll", authentication=ON)
def a_client_enrolls_with_a_token_made_for_that(network):
    answer = network.post("auth/enrollment-tokens", 201, name="site", expires_in_hours=7)
    token = claims(network, answer["token"])
    assert (token["role"], token["sub"]) == ("enrollment", "site")
    assert abs(token["exp"] - token["iat"] - 7 * 3600) < 2
    assert datetime.fromisoformat(answer["expires_at"]).timestamp() == token["exp"]
    default = claims(network, network.post("auth/enrollment-tokens/", 201, name="default")["token"])
    assert abs(default["exp"] - default["iat"] - 24 * 3600) < 2

    holder = Network(network.place, network.server, answer["token"])
    holder.tried = network.tried
    # The same token enrolls many clients, and the same client again.
    for slash, body in (
        ("", {"name": "new", "client_id": "edge-9"}),
        ("/", {"client_id": "edge-9"}),
        ("", {"name": "other"}),
    ):
        pair = holder.post(f"clients/enroll{slash}", **body)
        access, refresh = claims(network, pair["access_token"]), claims(network, pair["refresh_token"])
        assert pair["client_id"] == access["sub"] == refresh["sub"] == body.get("client_id", pair["client_id"])
        assert (access["role"], refresh["role"]) == ("client", "client_refresh")
        assert "token_type" not in access and pair["expires_in"] > 60
    assert value(holder.ask("POST", "clients/enroll", b"{}"), 200)["client_id"] not in ("", "edge-9")
    client = Network(network.place, network.server, pair["access_token"])
    assert client.post("clients/add", name="other", client_id=pair["client_id"])["port"] in (443, 12080)


def exchange(network, path, token, expected=200):
    """Refreshes as the official client does: without an Authorization header, and always as a client."""
    anyone = Network(network.place, network.server)
    anyone.tried = network.tried
    return value(anyone.ask("POST", path, refresh_token=token, role="client"), expected)


@endpoints.tries("POST /api/v1/clients/token", authentication=ON)
def each_refresh_of_a_client_spends_the_token_before(network):
    first = enrolled(network, client_id="edge-9")["refresh_token"]
    second = exchange(network, "clients/token", first)
    access = claims(network, second["access_token"])
    assert (access["sub"], access["role"]) == ("edge-9", "client")
    # An answer that was lost may be asked for again.
    again = exchange(network, "clients/token/", first)
    third = exchange(network, "clients/token", again["refresh_token"])
    assert len({first, second["refresh_token"], third["refresh_token"]}) == 3
    # The first token again: it was stolen, so no token of its family is valid any more.
    for token in (first, third["refresh_token"], second["refresh_token"], first):
        assert exchange(network, "clients/token", token, 401) == {"message": "Invalid token"}
    other = enrolled(network, client_id="edge-9")["refresh_token"]
    assert exchange(network, "clients/token", other)["access_token"]


@endpoints.tries(refused=["POST /api/v1/clients/token", "POST /api/auth/refresh"], authentication=ON)
def what_is_no_refresh_token_is_refused(network):
    client = enrolled(network, client_id="edge-9")
    token = enrollment(network, name="site")
    for path, wrong in (
        ("clients/token", [client["access_token"], network.token, token, "opaque", ""]),
        ("/api/auth/refresh", [client["refresh_token"], client["access_token"], network.token, token, "a.b.c"]),
    ):
        for slash in ("", "/"):
            for bad in filter(None, wrong):
                assert exchange(network, path + slash, bad, 401) == {"message": "Invalid token"}
            network.refusal(400, "POST", path + slash, role="client")
    # Being refused at the wrong place has not spent it.
    assert exchange(network, "clients/token", client["refresh_token"])["access_token"]


@endpoints.tries("DELETE /api/v1/clients/{id}", refused=["POST /api/v1/clients/token"], authentication=ON)
def the_tokens_of_a_deleted_client_are_worth_nothing(network):
    pair = enrolled(network, client_id="edge-1")
    client = Network(network.place, network.server, pair["access_token"])
    assert client.get("helpers/active")
    network.do("DELETE", "clients/edge-1")
    assert client.refusal(401, "GET", "helpers/active") == "Invalid token"
    for slash in ("", "/"):
        message = network.refusal(401, "POST", f"clients/token{slash}", refresh_token=pair["refresh_token"])
        assert message == "Invalid token"
    network.do("DELETE", "clients/edge-2/")
    # A client that enrolls again is a new client.
    again = Network(network.place, network.server, enrolled(network, client_id="edge-1")["access_token"])
    assert again.get("helpers/active")


@endpoints.tries("POST /api/v1/clients/{id}/revoke", authentication=ON)
def the_tokens_of_a_client_are_revoked_and_it_stays(network):
    for slash in ("", "/"):
        pair = enrolled(network, client_id="edge-1")
        client = Network(network.place, network.server, pair["access_token"])
        assert client.get("helpers/active")
        assert network.post(f"clients/edge-1/revoke{slash}") == {"message": "Client tokens revoked"}
        assert client.refusal(401, "GET", "helpers/active") == "Invalid token"
        network.refusal(401, "POST", "clients/token", refresh_token=pair["refresh_token"])
        assert network.get("clients/edge-1")["client_id"] == "edge-1"


def begin(network, slash=""):
    begun = network.post(f"/api/cli-auth/init{slash}")
    assert list(begun) == ["requestId", "pollToken", "loginUrl"]
    page = urlsplit(begun["loginUrl"])
    assert f"{page.scheme}://{page.netloc}" == network.url
    assert parse_qs(page.query) == {"requestId": [begun["requestId"]]}
    asked = urlencode({"requestId": begun["requestId"], "pollToken": begun["pollToken"]})
    return begun, f"{page.path}?{page.query}", f"/api/cli-auth/status?{asked}"


def submit(network, slash="", **fields):
    """Sends the form of the page as a browser does."""
    anyone = Network(network.place, network.server)
    anyone.tried, anyone.refused = network.tried, network.refused
    return anyone.ask("POST", f"/login{slash}", urlencode(fields), FORM)


@endpoints.tries(
    "POST /api/cli-auth/init",
    "GET /api/cli-auth/status",
    "GET /login",
    "POST /login",
    "POST /api/auth/refresh",
    authentication=ON,
)
def a_login_that_is_approved_hands_out_tokens_once(network):
    admin, network.token = network.token, None
    for slash in ("", "/"):
        begun, page, status = begin(network, slash)
        assert network.get(status) == {"status": "pending"}
        for path in (page, page.replace("?", "/?")):
            shown = network.ask("GET", path)
            assert shown.headers["content-type"].startswith("text/html")
            hidden = re.search(r'name="requestId" value="([^"]*)"', shown.body.decode())
            assert html.unescape(hidden[1]) == begun["requestId"]
        assert submit(network, slash, requestId=begun["requestId"], token="wrong", decision="approve").status == 401
        assert network.get(status) == {"status": "pending"}
        assert submit(network, slash, requestId=begun["requestId"], token=admin, decision="approve").status == 200
        poll = status.replace("status?", f"status{slash}?")
        wrong = re.sub("pollToken=[^&]*", "pollToken=guess", poll)
        assert network.ask("GET", wrong).json["status"] == "error"
        done = value(network.ask("GET", poll), 200)
        assert (done["status"], done["api_url"]) == ("done", network.url)
        assert network.get(status)["status"] == "error"

        refresh = claims(network, done["refresh_token"])
        assert refresh["role"] == "admin_refresh"
        first = exchange(network, f"/api/auth/refresh{slash}", done["refresh_token"])
        holder = Network(network.place, network.server, first["access_token"])
        assert holder.get("clients/count") == 3
        second = exchange(network, "/api/auth/refresh", first["refresh_token"])
        exchange(network, "/api/auth/refresh", done["refresh_token"], 401)
        exchange(network, "/api/auth/refresh", second["refresh_token"], 401)


def logged_in(network, token):
    """The tokens of a login that a token approved."""
    begun, _, status = begin(network)
    assert submit(network, requestId=begun["requestId"], token=token).status == 200
    return value(network.ask("GET", status), 200)


@endpoints.tries("GET /api/v1/auth/tokens", "POST /api/v1/auth/tokens/revoke", authentication=ON)
def issued_tokens_are_listed_with_their_revocation(network):
    key = network.post("auth/token", 201, token_type="combiner")["token"]
    site = enrollment(network, name="site")
    client = enrolled(network, client_id="edge-9")
    admin = logged_in(network, network.token)
    tokens = network.get("auth/tokens")
    by_kind = {(found["kind"], found["role"]): found for found in tokens["result"]}
    assert tokens["count"] == len(tokens["result"]) == 5
    assert set(by_kind) == {
        ("api_key", "combiner"),
        ("enrollment", "enrollment"),
        ("family", "client"),
        ("family", "admin"),
    }
    combiner = Network(network.place, network.server, key)
    assert combiner.get("helpers/active")
    assert by_kind["api_key", "combiner"]["id"] == claims(network, key)["jti"]
    for slash in ("", "/"):
        network.post(f"auth/tokens/revoke{slash}", id=claims(network, key)["jti"])
        assert combiner.refusal(401, "GET", "helpers/active") == "Invalid token"
    # What no list has, and what enrols: by its own id.
    network.post("auth/tokens/revoke", id=claims(network, site)["jti"])
    holder = Network(network.place, network.server, site)
    assert holder.refusal(401, "POST", "clients/enroll", client_id="edge-8") == "Invalid token"
    # Families, by their id.
    assert network.get("auth/tokens?subject=edge-9")["count"] == 1
    network.post("auth/tokens/revoke", id=by_kind["family", "client"]["id"])
    assert exchange(network, "clients/token", client["refresh_token"], 401) == {"message": "Invalid token"}
    # A role: also the token that asks for it.
    network.post("auth/tokens/revoke", role="admin")
    assert exchange(network, "/api/auth/refresh", admin["refresh_token"], 401) == {"message": "Invalid token"}
    assert network.refusal(401, "GET", "auth/tokens") == "Invalid token"


@endpoints.tries(refused=["POST /api/v1/auth/tokens/revoke", "GET /api/v1/auth/tokens"], authentication=ON)
def what_revokes_no_token_is_refused(network):
    for wrong in ({}, {"id": "a", "role": "admin"}, {"role": "root"}, {"role": "client_refresh"}, {"id": 1}):
        for slash in ("", "/"):
            network.refusal(400, "POST", f"auth/tokens/revoke{slash}", **wrong)
    network.refusal(400, "GET", "auth/tokens?role=root")
    network.refusal(400, "GET", "auth/tokens/?role=root")
    assert network.get("auth/tokens") == {"count": 0, "result": []}


@endpoints.tries("POST /api/v1/auth/token", authentication=ON)
def a_key_ends_with_the_login_that_issued_it(network):
    login = logged_in(network, network.token)
    admin = Network(network.place, network.server, login["access_token"])
    admin.tried = network.tried
    key = admin.post("auth/token", 201, token_type="admin", expires_in_days=3650)["token"]
    assert claims(network, key)["exp"] <= claims(network, login["refresh_token"])["exp"]
    site = admin.post("auth/enrollment-tokens/", 201, name="site", expires_in_hours=48)
    assert claims(network, site["token"])["exp"] - claims(network, site["token"])["iat"] > 47 * 3600
    member = enrolled(admin, client_id="edge-9")
    holder = Network(network.place, network.server, key)
    holder.tried = network.tried
    assert holder.get("clients/count") == 3 and holder.post("auth/token/", 201)
    # Its refresh token is used again after its successor was used: the login ends.
    second = exchange(network, "/api/auth/refresh", login["refresh_token"])
    exchange(network, "/api/auth/refresh", second["refresh_token"])
    exchange(network, "/api/auth/refresh", login["refresh_token"], 401)
    for token in (key, login["access_token"], site["token"]):
        reply = network.server.ask("GET", "/api/v1/clients", headers={"Authorization": f"Bearer {token}"})
        assert reply.status == 401, reply
    # A client that it enrolled goes on, until an administrator revokes the login.
    client = Network(network.place, network.server, member["access_token"])
    assert client.get("helpers/active")
    family = claims(network, login["refresh_token"])["family"]
    network.post("auth/tokens/revoke", id=family)
    assert client.refusal(401, "GET", "helpers/active") == "Invalid token"


@endpoints.tries(refused=["POST /login"], authentication=ON)
def a_login_is_approved_by_those_who_may(network):
    client = enrolled(network, client_id="edge-9")
    for slash in ("", "/"):
        begun, _, status = begin(network)
        request = {"requestId": begun["requestId"]}
        for token in (client["refresh_token"], enrollment(network, name="site")):
            assert submit(network, slash, **request, token=token).status == 403
        assert submit(network, slash, **request).status == 400
        assert submit(network, slash, requestId="none", token=network.token).status == 404
        assert submit(network, slash, **request, token=network.token, decision="deny").status == 200
        assert value(network.ask("GET", status), 200)["status"] == "error"
        # A client's token makes a login of a client, and no more.
        begun, _, status = begin(network)
        assert submit(network, slash, requestId=begun["requestId"], token=client["access_token"]).status == 200
        done = value(network.ask("GET", status), 200)
        assert claims(network, done["access_token"])["role"] == "client"


@endpoints.tries("GET /api/cli-auth/status", authentication=ON)
def a_head_of_a_login_has_no_effect(network):
    begun, page, status = begin(network)
    shown = network.ask("GET", page).body.decode()
    assert f"<td>{begun['requestId'][-6:]}: " in shown and "127.0.0.1" in shown
    assert submit(network, requestId=begun["requestId"], token=network.token).status == 200
    for path in (status, status.replace("?", "/?")):
        assert network.server.ask("HEAD", path).status == 200
    reply = network.ask("GET", status.replace("?", "/?"))
    assert value(reply, 200)["refresh_token"]
    assert reply.headers["cache-control"] == "no-store"
    assert network.get(status)["status"] == "error"


@endpoints.tries(refused=["POST /api/cli-auth/init"], authentication=ON)
def a_flood_of_logins_leaves_a_pending_one(network):
    begun, _, status = begin(network)
    replies = [network.ask("POST", f"/api/cli-auth/init{slash}").status for slash in ("", "/") * 150]
    assert set(replies) == {200, 429}
    assert network.get(status) == {"status": "pending"}
    assert submit(network, requestId=begun["requestId"], token=network.token).status == 200
    assert value(network.ask("GET", status), 200)["status"] == "done"


@endpoints.tries("GET /health", "GET /livez", "GET /readyz", "GET /login", "GET /openapi.json", "GET /docs")
def what_is_open_needs_no_token(network):
    network.token = None
    assert network.get("/health") == {"status": "ok"}
    assert network.get("/livez") == {"status": "alive"}
    assert network.get("/readyz") == {"status": "ready"}
    document = network.get("/openapi.json")
    assert document["openapi"].startswith("3.1")
    assert "/api/v1/sessions/{id}" in document["paths"]
    for path in ("/docs", "/docs/", "/login", "/login/"):
        page = network.ask("GET", path)
        assert (page.status, page.headers["content-type"].partition(";")[0]) == (200, "text/html"), path
        # A page that works without a network loads nothing from other servers.
        assert not re.search(r'(?:src|href)="(?:https?:)?//', page.body.decode()), path


@endpoints.tries("GET /login")
def a_login_page_cannot_be_written_into(network):
    assert network.ask("GET", "/login/").status == 200
    for attempt in ('"><script>alert(1)</script>', "'onload='x", "a&quot;b"):
        page = network.ask("GET", f"/login?{urlencode({'requestId': attempt})}").body.decode()
        written = re.search(r'name="requestId" value="([^"]*)"', page)[1]
        assert re.fullmatch("[A-Za-z0-9-]*", written), page
        assert "<script" not in page
