"""The secret that tokens are signed with, the command that makes them, and the addresses a server may be seen at."""

import json
import stat
import subprocess
import time

import jwt
from access import Forge
from ledge import Server
from network import Network, api_key, network
from promises import message, promise
from stored import store


@promise
def the_secret_is_the_servers_own(place):
    with network(place, authentication=True) as stored:
        secret = place.data / "token-secret"
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert len(bytes.fromhex(secret.read_text().strip())) == 32
        # The command issues a token while the server runs, which accepts it at once.
        before = secret.read_bytes()
        client = Network(place, stored.server, api_key(place, role="client", days=1))
        claims = jwt.decode(client.token, secret.read_text().strip(), algorithms=["HS256"])
        assert (claims["role"], claims["token_type"]) == ("client", "api_key")
        assert abs(claims["exp"] - time.time() - 86_400) < 60
        assert client.get("helpers/active") == "numpyhelper"
        client.refusal(403, "GET", "clients")
        assert secret.read_bytes() == before
        # Nothing that is stored or printed holds a token or the secret.
        files = [path for path in place.path.rglob("*") if path.is_file() and path != secret]
        for path in files:
            content = path.read_bytes()
            assert secret.read_bytes().strip() not in content, path
            assert client.token.encode() not in content and stored.token.encode() not in content, path
    # A restart keeps it: tokens go on.
    with place.server(options=["--authentication"]) as server:
        assert Network(place, server, client.token).get("helpers/active") == "numpyhelper"
    # A secret that others may read is none.
    secret.chmod(0o644)
    refused = place.tool("serve", "--data", place.data, "--listen", "127.0.0.1:0", "--authentication")
    assert refused.returncode != 0 and "token-secret" in refused.stderr, refused


@promise
def the_command_that_makes_tokens_says_what_it_will_not_do(place):
    for words in (
        ["--role", "root"],
        ["--role", "enrollment"],
        ["--days", "0"],
        ["--days", "4000"],
        ["--token-algorithm", "none"],
    ):
        refused = place.tool("token", "--data", place.data, *words)
        assert refused.returncode != 0 and words[0].strip("-") in refused.stderr, refused
        assert refused.stdout == "" and not place.data.exists()
    # A server that asks for no tokens is at work on the directory: it would not look at one.
    with place.server():
        refused = place.tool("token", "--data", place.data)
        assert refused.returncode != 0 and refused.stdout == "" and str(place.data) in refused.stderr, refused


@promise
def the_first_token_can_be_made_before_tokens_are_required(place):
    with place.server():
        pass
    made = json.loads(
        place.tool("token", "--data", place.data, "--role", "client", "--subject", "ann", "--json").stdout
    )
    claims = jwt.decode(made["token"], Forge(place).secret, algorithms=["HS256"])
    assert (claims["sub"], claims["role"], made["subject"], made["role"]) == ("ann", "client", "ann", "client")
    assert abs(claims["exp"] - time.time() - 365 * 86_400) < 60
    with place.server(options=["--authentication"]) as server:
        assert Network(place, server, api_key(place)).get("clients/count") == 0
        Network(place, server, made["token"]).refusal(403, "GET", "clients/count")


@promise
def another_data_directory_has_another_secret(place):
    with network(place, authentication=True) as stored:
        token = stored.token
    other = place.path / "other"
    with Server(place.binary, other, options=["--authentication"]) as server:
        reply = server.ask("GET", "/api/v1/clients", headers={"Authorization": f"Bearer {token}"})
        assert message(reply, 401) == "Invalid token"
        assert stat.S_IMODE((other / "token-secret").stat().st_mode) == 0o600


@promise
def the_operator_chooses_the_algorithm_of_a_secret(place):
    store(place.data, {})
    secret = place.file("secret", b"0123456789abcdef" * 4 + b"\n")
    options = ["--token-secret", str(secret), "--token-algorithm", "HS512"]

    def refusal():
        return place.tool("serve", "--data", place.data, "--listen", "127.0.0.1:0", *options)

    secret.chmod(0o640)
    assert "chmod 600" in refusal().stderr
    secret.chmod(0o600)
    with place.server(options=options) as server:
        assert not (place.data / "token-secret").exists()
        made = place.tool("token", "--data", place.data, *options).stdout.strip()
        assert Network(place, server, made).get("clients/count") == 0
        claims = jwt.decode(made, secret.read_text().strip(), algorithms=["HS512"])
        weaker = Network(place, server, jwt.encode(claims, secret.read_text().strip(), "HS256"))
        assert weaker.refusal(401, "GET", "clients") == "Invalid token"
    secret.write_bytes(b"too short")
    assert refusal().returncode != 0 and "shorter" in refusal().stderr


@promise
def an_open_server_is_not_shown_to_other_machines(place):
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
        refused = place.tool("serve", "--data", place.data, "--listen", address)
        assert refused.returncode != 0
        assert "authentication" in refused.stderr and "127.0.0.1" in refused.stderr, refused.stderr
        assert "listening" not in refused.stdout and not place.data.exists()
    for option in ("--authentication", "--allow-remote-without-authentication"):
        words = ["serve", "--data", str(place.path / option), "--listen", "0.0.0.0:0", option]
        with subprocess.Popen(
            [place.binary, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:
            line = process.stdout.readline()
            process.terminate()
            assert line.startswith("listening on http://0.0.0.0:"), line
            assert process.wait(20) == 0
