"""The official client with each kind of credential it knows, and what it makes of them."""

import os
from unittest.mock import patch

import jwt
from access import Forge
from client import FEW, raised
from network import Network, network
from promises import promise


def claims(token):
    return jwt.decode(token, options={"verify_signature": False})


@promise
def an_api_key_is_sent_as_it_is(place):
    with network(place, authentication=True) as stored:
        scaleout = stored.client()
        assert scaleout.get_clients_count() == 3
        assert scaleout._login.ctype == "api_key" and scaleout._login.refresh() is None
        # A copied whole header works too.
        assert stored.client(f"Bearer {stored.token}").get_clients_count() == 3
        assert stored.client(stored.token[:-4] + "AAAA").get_clients() == {"message": "Invalid token"}
        expired = Forge(place).token(exp=1, token_type="api_key")
        assert stored.client(expired).get_clients() == {"message": "Token expired"}


@promise
def an_enrollment_token_becomes_a_client(place):
    with network(place, authentication=True) as stored:
        token = stored.post("auth/enrollment-tokens", 201, name="site")["token"]
        scaleout = stored.client(token)
        login = scaleout._login
        first = claims(login.get_access_token())
        assert (login.ctype, first["role"], first["sub"]) == ("enrollment", "client", login.enrolled_client_id)
        # What clients may do, and no more.
        assert scaleout.get_client_config()["network_id"] == "ledge"
        assert scaleout.get_package_checksum() == {"message": "Entity not found"}
        added = scaleout.add_attributes({"key": "site", "value": "Lund", "entity_id": first["sub"]})
        assert added["entity_id"] == first["sub"]
        denied = {"message": "Insufficient permissions: the role 'client' may not do this"}
        assert scaleout.get_clients() == scaleout.stage_model("model-1") == denied
        # Each refresh rotates: the client keeps the new one by itself.
        tokens = {login.get_access_token(), login.refresh(), login.refresh(), login.refresh()}
        assert len(tokens) == 4
        assert {claims(token)["sub"] for token in tokens} == {first["sub"]}


@promise
def a_clients_refresh_token_is_exchanged_until_it_is_revoked(place):
    with network(place, authentication=True) as stored:
        token = stored.post("auth/enrollment-tokens", 201, name="site")["token"]
        pair = Network(place, stored.server, token).post("clients/enroll", client_id="edge-1")
        scaleout = stored.client(pair["refresh_token"])
        assert scaleout._login.ctype == "client_refresh"
        assert scaleout.get_client_config()["network_id"] == "ledge"
        scaleout._login.refresh()
        stored.do("DELETE", "clients/edge-1")
        assert scaleout.get_client_config() == {"message": "Invalid token"}
        assert "invalid or expired" in raised(RuntimeError, scaleout._login.refresh)


@promise
def an_administrators_refresh_token_is_exchanged(place):
    with network(place, authentication=True) as stored:
        begun = stored.post("/api/cli-auth/init")
        ids = f"requestId={begun['requestId']}&pollToken={begun['pollToken']}"
        stored.ask("POST", "/login", requestId=begun["requestId"], token=stored.token)
        done = stored.ask("GET", f"/api/cli-auth/status?{ids}").json
        scaleout = stored.client(done["refresh_token"])
        assert scaleout._login.ctype == "refresh_token"
        assert scaleout.get_clients_count() == 3
        assert claims(scaleout._login.refresh())["role"] == "admin"
        assert scaleout.start_session(model_id="model-1")["message"] == FEW


@promise
def the_upload_command_uses_each_credential(place):
    with network(place, authentication=True) as stored:
        begun = stored.post("/api/cli-auth/init")
        ids = f"requestId={begun['requestId']}&pollToken={begun['pollToken']}"
        stored.ask("POST", "/login", requestId=begun["requestId"], token=stored.token)
        refresh = stored.ask("GET", f"/api/cli-auth/status?{ids}").json["refresh_token"]
        upload = ("upload", place.file("a.bin", bytes(1000)), "--server", stored.url)
        token = place.file("token", stored.token.encode())
        token.chmod(0o644)
        contexts = place.path / ".scaleout/contexts.yaml"
        contexts.parent.mkdir()
        contexts.write_text(f"- host: {stored.url}\n  name: here\n  token: {refresh}\n")
        contexts.chmod(0o600)
        without, home = {"SCALEOUT_HOME_DIR": "/nonexistent"}, {"SCALEOUT_HOME_DIR": str(place.path)}
        forged = {**without, "SCALEOUT_AUTH_TOKEN": stored.token[:-4] + "AAAA"}
        for arguments, environment, words in (
            ((), without, "the server returned 401: Missing token; give a valid token with --token-file"),
            (("--token-file", token), without, "other users have access to the token"),
            ((), {**without, "SCALEOUT_AUTH_TOKEN": stored.token}, ""),
            ((), forged, "401: Invalid token; give a valid token"),
            ((), home, ""),
            ((), home, ""),
        ):
            with patch.dict(os.environ, environment):
                result = place.tool(*upload, *arguments)
            printed = result.stdout + result.stderr
            assert result.returncode == (1 if "401" in words else 0) and words in printed, (arguments, words, printed)
            assert stored.token[:-4] not in printed and refresh not in printed, printed
        # Each upload has exchanged the login's token, and the official client can still use the last one.
        last = contexts.read_text().rsplit(maxsplit=1)[1]
        assert last != refresh and contexts.stat().st_mode & 0o777 == 0o600
        assert stored.client(last).get_clients_count() == 3


@promise
def an_access_token_is_no_credential(place):
    with network(place, authentication=True) as stored:
        # The official client takes it for a refresh token, is refused, and reports it at every call.
        scaleout = stored.client(Forge(place).token())
        assert raised(RuntimeError, scaleout.get_clients) == "No credential configured"
