"""Who gets in: every endpoint without a token, with the wrong one, and with one that was tampered with."""

import base64
import hashlib
import hmac
import json
import time

import jwt
from network import ENDPOINTS, Network, network, value
from promises import message, promise

OPEN = {
    "GET /api/cli-auth/status",
    "GET /docs",
    "GET /health",
    "GET /livez",
    "GET /login",
    "GET /openapi.json",
    "GET /readyz",
    "POST /api/auth/refresh",
    "POST /api/cli-auth/init",
    "POST /api/v1/clients/token",
    "POST /login",
}
# What an edge client does: it joins, fetches and reports. An administrator may do all of it too.
PARTICIPANTS = {
    "GET /api/v1/clients/config",
    "GET /api/v1/helpers/active",
    "GET /api/v1/models/{id}/download",
    "GET /api/v1/packages/active",
    "GET /api/v1/packages/checksum",
    "GET /api/v1/packages/download",
    "POST /api/v1/attributes",
    "POST /api/v1/auth/token",
    "POST /api/v1/clients/add",
    "POST /api/v1/metrics",
    "POST /api/v1/statuses",
    "POST /api/v1/telemetry",
}
ENROLLMENT = {"POST /api/v1/clients/enroll"}
# Where tokens of these roles are let in.
ROLES = {
    "admin": set(ENDPOINTS),
    "client": PARTICIPANTS,
    "combiner": PARTICIPANTS,
    "enrollment": ENROLLMENT,
    "client_refresh": set(),
    "admin_refresh": set(),
    "combiner_refresh": set(),
}


def sent(stored, line, authorization=None, slash=""):
    """The reply to an endpoint, asked for something that is not there."""
    method, path = line.split()
    headers = {"Authorization": authorization} if authorization is not None else {}
    body = b"{}" if method in ("POST", "PUT", "PATCH") else None
    return stored.server.ask(method, path.replace("{id}", "none") + slash, body, headers)


class Forge:
    """Makes tokens with the secret of a data directory, and with others."""

    def __init__(self, place):
        self.secret = (place.data / "token-secret").read_text().strip()

    def claims(self, role="admin", **claims):
        now = int(time.time())
        return {"sub": "forger", "role": role, "iat": now, "exp": now + 600, **claims}

    def token(self, role="admin", key=None, algorithm="HS256", headers=None, **claims):
        """A token of these claims; those that are None are left out."""
        claims = {name: value for name, value in self.claims(role, **claims).items() if value is not None}
        return jwt.encode(claims, self.secret if key is None else key, algorithm, headers)

    def signed(self, header, claims, secret=None):
        """A token whose header says anything, signed with the right secret all the same."""
        parts = [encoded(json.dumps(part).encode()) for part in (header, claims)]
        key = self.secret.encode() if secret is None else secret
        signature = hmac.new(key, ".".join(parts).encode(), hashlib.sha256).digest()
        return ".".join([*parts, encoded(signature)])


def encoded(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def altered(token, **changes):
    """The token with other claims and the old signature."""
    header, claims, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(claims + "=="))
    return ".".join([header, encoded(json.dumps({**claims, **changes}).encode()), signature])


@promise
def without_a_token_only_open_endpoints_answer(place):
    with network(place, authentication=True) as stored:
        before = stored.get("/openapi.json")
        for line in ENDPOINTS:
            for slash in ("", "/"):
                reply = sent(stored, line, slash=slash)
                if line in OPEN:
                    assert reply.status != 401 or "refresh" in reply.body.decode(), f"{line}: {reply.body}"
                else:
                    assert message(reply, 401) == "Missing token", line
        assert stored.get("/openapi.json") == before
        # Not even the existence of a document or an invalid body is reported.
        assert message(stored.server.ask("GET", "/api/v1/models/model-1"), 401) == "Missing token"
        assert message(stored.server.ask("POST", "/api/v1/sessions", b"{"), 401) == "Missing token"
        print(f"\nwithout a token: {len(ENDPOINTS) - len(OPEN)} endpoints refuse, {len(OPEN)} are open")


@promise
def each_role_opens_its_endpoints_only(place):
    with network(place, authentication=True) as stored:
        forge = Forge(place)
        counts = {}
        for role, allowed in ROLES.items():
            token = forge.token(role)
            for line in sorted(set(ENDPOINTS) - OPEN):
                reply = sent(stored, line, f"Bearer {token}")
                refused = f"the role '{role}' may not do this" in reply.body.decode(errors="replace")
                assert refused != (line in allowed) and reply.status != 401, (
                    f"{role}, {line}: {reply.status} {reply.body}"
                )
                if refused:
                    assert message(reply, 403) == f"Insufficient permissions: the role '{role}' may not do this"
                counts[role, refused] = counts.get((role, refused), 0) + 1
        for role in ROLES:
            print(f"\n{role}: let in {counts.get((role, False), 0)}, refused {counts.get((role, True), 0)}", end="")
        print()


@promise
def a_token_that_is_not_ours_is_refused(place):
    with network(place, authentication=True) as stored:
        forge = Forge(place)
        good = forge.token()
        now = int(time.time())
        header = {"alg": "HS256", "typ": "JWT"}
        secret = forge.secret
        assert sent(stored, "GET /api/v1/clients", f"Bearer {good}").status == 200
        invalid = {
            "alg none, unsigned": jwt.encode(forge.claims(), None, "none"),
            "alg none, in capitals": ".".join(
                [encoded(b'{"alg":"NONE"}'), encoded(json.dumps(forge.claims()).encode()), ""]
            ),
            "alg none, with the signature of HS256": forge.signed({"alg": "none"}, forge.claims()),
            "alg HS512, with our secret": forge.token(algorithm="HS512"),
            "alg HS384, with our secret": forge.token(algorithm="HS384"),
            "alg RS256 in the header, HMAC with our secret": forge.signed({"alg": "RS256"}, forge.claims()),
            "no alg at all": forge.signed({"typ": "JWT"}, forge.claims()),
            "alg hs256 in small letters": forge.signed({"alg": "hs256"}, forge.claims()),
            "a critical extension": forge.signed({**header, "crit": ["b64"], "b64": False}, forge.claims()),
            "another secret": forge.token(key="0" * 64),
            "no secret": forge.signed(header, forge.claims(), secret=b""),
            "the bytes that our secret spells": forge.token(key=bytes.fromhex(secret)),
            "our secret with its newline": forge.token(key=secret + "\n"),
            "a changed role": altered(forge.token("client"), role="admin"),
            "a later end": altered(good, exp=now + 999_999),
            "another subject": altered(good, sub="another-client"),
            "the last letter changed": good[:-1] + ("A" if good[-1] != "A" else "Q"),
            "without a signature": good.rpartition(".")[0] + ".",
            "in two parts": good.rpartition(".")[0],
            "in four parts": good + ".a",
            "padded": good + "=",
            "not before tomorrow": forge.token(nbf=now + 86_400),
            "without an end": forge.token(exp=None),
            "without a subject": forge.token(sub=None),
            "without a role": forge.token(role=None),
            "with an unknown role": forge.token(role="root"),
            "with a list of roles": forge.token(role=["admin"]),
            "for another server": forge.token(aud="another server"),
            "an end that is no number": forge.signed(header, forge.claims(exp="tomorrow")),
            "claims that are no object": forge.signed(header, ["admin"]),
            "text": "whatever",
            "the word None": "None",
            "no base64": "a%00b.c_+/.d",
            "two tokens": f"{good} {good}",
        }
        for what, token in invalid.items():
            reply = sent(stored, "GET /api/v1/clients", f"Bearer {token}")
            assert message(reply, 401) == "Invalid token", f"{what}: {reply.body}"
        expired = {
            "an hour ago": forge.token(iat=now - 7200, exp=now - 3600),
            "a second ago": forge.token(exp=now - 1),
            "in 1970": forge.token(exp=1),
        }
        for what, token in expired.items():
            reply = sent(stored, "GET /api/v1/clients", f"Bearer {token}")
            assert message(reply, 401) == "Token expired", f"{what}: {reply.body}"
        for line in sorted(set(ENDPOINTS) - OPEN):
            for token in (invalid["alg none, unsigned"], invalid["another secret"], expired["a second ago"]):
                message(sent(stored, line, f"Bearer {token}"), 401)
        print(f"\n{len(invalid) + len(expired)} kinds of tokens refused, 3 of them at every endpoint")


@promise
def a_header_that_holds_no_token_is_refused(place):
    with network(place, authentication=True) as stored:
        good = Forge(place).token()

        def answer(authorization):
            return message(sent(stored, "GET /api/v1/clients", authorization), 401)

        for header in ("", "Bearer", "Bearer ", "bearer", " "):
            assert answer(header) == "Missing token", header
        for header in ("Basic dXNlcjpwYXNz", "Token x", good, f"Bearer{good}", f"Token {good}", "Bearer,"):
            assert answer(header) == "Invalid token scheme, expected Bearer", header
        assert answer("Bearer None") == "Invalid token"
        # A scheme is the same in any case: RFC 9110, section 11.1.
        for scheme in ("Bearer", "bearer", "BEARER"):
            assert sent(stored, "GET /api/v1/clients", f"{scheme} {good}").status == 200
        # In a place where none is looked for.
        for path in (f"/api/v1/clients?token={good}", f"/api/v1/clients?access_token={good}"):
            assert message(stored.server.ask("GET", path), 401) == "Missing token"
        assert message(stored.server.ask("GET", "/api/v1/clients", headers={"Cookie": f"token={good}"}), 401)
        # Longer than any token: refused, by whichever limit comes first, and the server goes on.
        for length in (8_000, 9_000, 100_000):
            reply = sent(stored, "GET /api/v1/clients", "Bearer " + "a" * length)
            assert reply.status in (400, 401, 413, 431), reply
        assert sent(stored, "GET /api/v1/clients", f"Bearer {good}").status == 200


@promise
def without_authentication_the_header_is_not_looked_at(place):
    with network(place, authentication=False) as stored:
        for header in ("Bearer None", "Bearer", "", "Basic x", "Bearer " + "a" * 9_000, "nonsense"):
            assert value(sent(stored, "GET /api/v1/clients/count", header), 200) == 3


@promise
def no_token_is_issued_with_more_rights_than_its_issuer_has(place):
    with network(place, authentication=True) as stored:
        forge = Forge(place)
        for role in ("client", "combiner"):
            holder = Network(place, stored.server, forge.token(role))
            own = holder.post("auth/token", 201, token_type=role)
            assert jwt.decode(own["token"], forge.secret, algorithms=["HS256"])["role"] == role
            for more in {"admin", "client", "combiner"} - {role}:
                assert "permissions" in holder.refusal(403, "POST", "auth/token", token_type=more)
            holder.refusal(403, "POST", "auth/enrollment-tokens", name="site")
        client = Network(place, stored.server, forge.token("client"))
        # A client may not speak for another by enrolling as it.
        client.refusal(403, "POST", "clients/enroll", client_id="edge-1")


@promise
def unknown_paths_reveal_nothing(place):
    with network(place, authentication=True) as stored:
        for path in ("/nonsense", "/api/v1/nonsense", "/api/v1/models/model-1/../model-2/secret", "/token-secret"):
            assert stored.server.ask("GET", path).status in (401, 404)
        for path in (
            "/api/v1//clients",
            "/API/V1/clients",
            "/api/v1/clients%2F",
            "/api/v1/./clients",
            "//api/v1/clients",
        ):
            reply = stored.server.ask("GET", path)
            assert reply.status in (401, 404), f"{path}: {reply}"
        for method in ("HEAD", "OPTIONS", "DELETE", "PUT"):
            reply = stored.server.ask(method, "/api/v1/clients")
            assert reply.status in (401, 404, 405), f"{method}: {reply}"
        assert len(stored.get("clients")["result"]) == 3


@promise
def a_prefix_is_no_other_way_in(place):
    with network(place, authentication=True, options=["--url-prefix", "/edge/api"]) as stored:
        for path in ("/api/v1/clients", "/api/v1/models/model-1", "/get_controller_status", "/health"):
            assert stored.get(f"/edge/api{path}") == stored.get(path)
        anyone = Network(place, stored.server)
        assert anyone.refusal(401, "GET", "/edge/api/api/v1/clients") == "Missing token"
        assert anyone.get("/edge/api/health") == {"status": "ok"}
        anyone.refusal(404, "GET", "/edge/api/v1/clients")
        begun = anyone.do("POST", "/edge/api/api/cli-auth/init")
        assert begun["loginUrl"].startswith(f"{stored.url}/edge/api/login?requestId=")
