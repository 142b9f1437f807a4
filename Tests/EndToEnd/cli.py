"""Every command of the official command line, run as it is against the real binary."""

import re
import shutil
import socket
import tarfile
import time

import requests
import yaml
from ledge import WAIT_SECONDS
from network import Coverage, network
from promises import DIGITS, promise
from stored import NETWORK, document
from terminal import Terminal, commands

cli = Coverage("commands of the official command line")
NOUNS = ("client", "combiner", "model", "package", "round", "session", "status", "validation")
FEW = "Number of available clients is lower than the required minimum of 1"
ON, OFF = [True], [False]


def plural(noun):
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


def package(directory):
    """A compute package that says when it is started, and whose build makes a model."""
    directory.mkdir()
    shutil.copy(DIGITS, directory / "digits.npz")
    points = {"startup": "startup.py", "build": {"command": "python3 build.py"}}
    (directory / "scaleout.yaml").write_text(yaml.dump({"entry_points": points}))
    (directory / "startup.py").write_text("def startup(client):\n    print('STARTED', flush=True)\n")
    build = "import os, shutil\nshutil.copy('digits.npz', os.environ['SCALEOUT_BUILD_OUTPUT_DIR'] + '/seed.npz')\n"
    (directory / "build.py").write_text(build)
    return directory


@promise
def every_command_of_the_official_command_line_has_a_case(place):
    cli.check(commands())


@cli.tries(*(f"{noun} list" for noun in NOUNS))
def lists_are_printed(network):
    terminal = Terminal(network)
    network.add_package(b"content")
    printed = terminal.ask_all([(noun, "list", "-o", "json") for noun in NOUNS])
    for noun, output in zip(NOUNS, printed, strict=True):
        assert output.json == network.get(plural(noun))["result"], noun
        assert len(output.json) == len(NETWORK.get(plural(noun), output.json)) > 0, noun

    words = [
        ("client", "list", "--n_max", "1"),
        ("round", "list", "-s", "session-1", "-o", "json"),
        ("status", "list", "-s", "session-1", "--n_max", "1", "-o", "yaml"),
        ("validation", "list", "-s", "session-2", "-o", "json"),
        ("model", "list", "-s", "session-1", "-o", "json"),
    ]
    client, rounds, statuses, validations, models = terminal.ask_all(words)
    # A list that is cut off still tells how long it is.
    assert f"Found 3 clients at {network.url}" in client.out
    assert client.out.count("client_id:") == 1 and "client_id: edge-3" in client.out
    assert [found["round_id"] for found in rounds.json] == ["2", "1"]
    assert [found["status_id"] for found in yaml.safe_load(statuses.out)] == ["status-2"]
    assert [found["validation_id"] for found in validations.json] == ["validation-3"]
    assert models.json == []


@cli.tries(*(f"{noun} get" for noun in NOUNS))
def single_documents_are_printed(network):
    terminal = Terminal(network)
    made = network.add_package(b"content")["package_id"]
    ids = ["edge-2", "spare", "model-2", made, "10", "session-2", "status-3", "validation-1"]
    printed = terminal.ask_all([(noun, "get", "-id", id, "-o", "json") for noun, id in zip(NOUNS, ids, strict=True)])
    for noun, id, output in zip(NOUNS, ids, printed, strict=True):
        assert output.json == network.get(f"{plural(noun)}/{id}"), noun
        if plural(noun) in NETWORK:
            assert output.json == document(plural(noun), id)
    # What is not there is a sentence, not a failed connection.
    missing = terminal.ask("session", "get", "-id", "none")
    assert "message: Entity with id: none not found" in missing.out


@cli.tries("session start", "session stop", "validation start")
def a_session_is_started_and_stopped(network):
    terminal = Terminal(network)
    started, validation, stopped = terminal.ask_all(
        [
            ("session", "start", "-n", "from a terminal", "-m", "model-2", "-r", "2", "-rt", "30"),
            ("validation", "start", "--session-id", "session-1", "--model-id", "model-1"),
            ("session", "stop"),
        ]
    )
    # No client is online: the session is created, and not started.
    assert f"message: {FEW}" in started.out
    made = network.get("sessions/" + re.search(r"session_id: (\S+)", started.out)[1])
    assert (made["name"], made["status"], made["seed_model_id"]) == ("from a terminal", "Created", "model-2")
    assert (made["session_config"]["rounds"], made["session_config"]["round_timeout"]) == (2, 30)
    assert f"message: {FEW}" in validation.out
    assert "Control response: Sent stop signal" in stopped.out


@cli.tries("model set-active", "combiner set-public-hostname")
def what_is_set_is_set(network):
    terminal = Terminal(network)
    shutil.copy(DIGITS, terminal.home / "seed.npz")
    (terminal.home / "broken.npz").write_bytes(b"no archive")
    assert "message: Model added successfully" in terminal.ask("model", "set-active", "-f", "seed.npz").out
    newest = network.get("models", X_Limit="1")["result"][0]
    assert (newest["file_name"], newest["helper"]) == ("seed.npz", "numpyhelper")
    assert network.ask("GET", f"models/{newest['model_id']}/download").body == DIGITS.read_bytes()
    assert "Failed to add model." in terminal.ask("model", "set-active", "-f", "broken.npz", expected=1).out
    assert network.get("models/count") == 4

    set_hostname = ("combiner", "set-public-hostname", "public.example.com:8443", "-id")
    assert terminal.ask(*set_hostname, "main").out.splitlines()[-1] == "Combiner updated"
    assert network.get("combiners/main")["public_hostname"] == "public.example.com:8443"
    assert "Entity with id: none not found" in terminal.ask(*set_hostname, "none", expected=1).out


@cli.tries("package create", "package set-active", "run build", "run install")
def a_package_is_built_made_and_set_active(network):
    terminal = Terminal(network)
    source = package(terminal.home / "digits")
    terminal.run("run", "build", "-p", source, "-d", "-o", terminal.home)
    assert (terminal.home / "seed.npz").read_bytes() == DIGITS.read_bytes()
    assert "updated successfully" in terminal.run("run", "install", "-p", source).out
    terminal.run("package", "create", "-p", source, "-n", "digits.tgz", "-o", terminal.home)
    content = (terminal.home / "digits.tgz").read_bytes()

    options = ("-n", "digits", "-d", "of the digits", "--restart-clients")
    assert "message: Package uploaded" in terminal.ask("package", "set-active", "-f", "digits.tgz", *options).out
    active = network.get("packages/active")
    assert (active["name"], active["description"], active["file_name"]) == ("digits", "of the digits", "digits.tgz")
    assert network.ask("GET", "packages/download").body == content
    missing = terminal.ask("package", "set-active", "-f", "none.tgz", "-n", "none", expected=1)
    assert "File not found" in missing.out


@cli.tries("client get-config")
def a_client_gets_its_configuration(network):
    terminal = Terminal(network)
    terminal.ask("client", "get-config", "-n", "site", "-g", "2", "-p", "configs")
    for number in (0, 1):
        config = yaml.safe_load((terminal.home / f"configs/site_{number}.yaml").read_text())
        assert (config["discover_host"], config["name"]) == (network.url, f"site_{number}")


@cli.tries("context", "remove", authentication=OFF)
def a_context_says_where_the_server_is(network):
    terminal = Terminal(network)
    folder = terminal.home / ".scaleout"
    folder.mkdir()
    contexts = [{"name": "here", "host": network.url}, {"name": "elsewhere", "host": "http://127.0.0.1:9"}]
    (folder / "contexts.yaml").write_text(yaml.dump(contexts))
    assert "Switched to context 'here'" in terminal.run("context", "here").out
    assert terminal.run("client", "list", "-o", "json").json == network.get("clients")["result"]
    assert "Switched to context 'elsewhere'" in terminal.run("context", "1").out
    assert "Could not connect" in terminal.run("client", "list", expected=1).out
    assert "Removed context 'elsewhere'" in terminal.run("remove", "elsewhere", "-y").out
    assert terminal.run("client", "list", "-o", "json").json == network.get("clients")["result"]
    refused = terminal.run("login", network.url, expected=1)
    assert "Authentication is off on this server" in refused.err


def logged_in(terminal, token):
    """Logs in as a person does: reads the address, opens the page, pastes a token."""
    network = terminal.network
    log = network.place.path / "login.log"
    with terminal.start("login", network.url, log=log) as process:
        url = wait_for(log, r"(http://\S+/login\?requestId=\S+)", process)[1]
        page = requests.get(url, timeout=WAIT_SECONDS).text
        request = re.search(r'name="requestId" value="([^"]+)"', page)[1]
        form = {"requestId": request, "token": token, "decision": "approve"}
        assert requests.post(url.partition("?")[0], data=form, timeout=WAIT_SECONDS).status_code == 200
        assert process.wait(WAIT_SECONDS) == 0, log.read_text()
    terminal.tried(["login"])
    return log.read_text()


def wait_for(log, pattern, process):
    """The first match of what a process prints, which must not end before."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        running = process.poll() is None
        if found := re.search(pattern, log.read_text()):
            return found
        assert running, f"it ended with {process.returncode}:\n{log.read_text()}"
        time.sleep(0.05)
    raise AssertionError(f"nothing that matches {pattern}:\n{log.read_text()}")


@cli.tries("login", "context", "remove", "client create-enrollment-token", "client enroll", authentication=ON)
def a_login_lasts_and_lets_clients_enroll(network):
    terminal = Terminal(network)
    # Without one, nothing is shown and nothing made.
    denied = terminal.run("client", "list", "-H", network.url)
    assert "Missing token" in denied.out
    assert (
        "No token found"
        in terminal.run("client", "create-enrollment-token", "-n", "a", "-H", network.url, expected=1).err
    )

    assert f"Logged in successfully to {network.url}" in logged_in(terminal, network.token)
    listed = terminal.run("client", "list", "-o", "json")
    assert listed.json == network.get("clients")["result"]
    [context] = yaml.safe_load((terminal.home / ".scaleout/contexts.yaml").read_text())
    # With the access token gone, the refresh token in the context is exchanged, and the new one is kept there.
    shutil.rmtree(terminal.home / ".scaleout/tokens")
    assert terminal.run("session", "list", "-o", "json").json == network.get("sessions")["result"]
    [after] = yaml.safe_load((terminal.home / ".scaleout/contexts.yaml").read_text())
    assert after["host"] == context["host"] == network.url and after["token"] != context["token"]

    made = terminal.run("client", "create-enrollment-token", "-n", "site", "--expires-in", "2d")
    assert "Enrollment token created (name=site" in made.err
    token = made.out.splitlines()[-1]
    enroll = ("client", "enroll", "--enrollment-token", token, "-u", network.url, "-n", "edge")
    assert terminal.run(*enroll, "--client-id", "edge-9").out.splitlines()[-1] == "edge-9"
    config = yaml.safe_load((terminal.home / "edge-9.yaml").read_text())
    assert (config["client_id"], config["discover_host"]) == ("edge-9", network.url)
    spoilt = terminal.run("client", "enroll", "--enrollment-token", token[:-4] + "AAAA", "-u", network.url, expected=1)
    assert "Enrollment failed" in spoilt.err

    assert "★ [0]" in terminal.run("context").out
    assert "No contexts remaining" in terminal.run("remove", "0", "-y").out
    assert "Missing token" in terminal.run("client", "list", "-H", network.url).out


class Combiner:
    """A port that a client connects to, without a gRPC server."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"

    def greeting(self, process):
        """The first bytes of the first connection of a process; none where it ended, or took too long."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            try:
                connection, _ = self.socket.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(WAIT_SECONDS)
                return connection.recv(24)
        return None


def connects(terminal, *words):
    """Starts an edge client, which must open gRPC at the address that the server returned; returns its log."""
    network = terminal.network
    combiner = Combiner()
    network.do("PATCH", "combiners/main", public_hostname=combiner.address)
    log = network.place.path / "client.log"
    options = ("-u", network.url, "-c", "main", "--disable-managed-env")
    with terminal.start("client", "start", *options, *words, log=log) as process, combiner.socket:
        greeting = combiner.greeting(process)
        process.kill()
    assert greeting, f"it never connected: {log.read_text()}"
    # HTTP/2 without TLS: grpc_secure is false in the answer.
    assert greeting == b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", greeting
    assert "Traceback" not in log.read_text(), log.read_text()
    terminal.tried(["client", "start"])
    return log.read_text()


@cli.tries("client start", authentication=OFF)
def an_edge_client_comes_as_far_as_its_combiner(network):
    terminal = Terminal(network)
    package(terminal.home / "client")
    connects(terminal, "-n", "edge", "-i", "edge-9")
    client = network.get("clients/edge-9")
    assert (client["name"], client["status"], client["combiner"]) == ("edge", "available", "main")
    assert (client["package"], client["client_version"]) == ("local", "1.1.0")


@promise
def an_edge_client_finds_its_way_below_a_prefix(place):
    with network(place, authentication=False, options=["--url-prefix", "edge"]) as stored:
        terminal = Terminal(stored)
        package(terminal.home / "client")
        terminal.environment["SCALEOUT_CUSTOM_URL_PREFIX"] = "edge"
        assert "/edge/api/v1/clients/add" in connects(terminal, "-n", "edge", "-i", "edge-9")
        assert stored.get("clients/edge-9")["status"] == "available"


@cli.tries("client start", authentication=OFF)
def an_edge_client_fetches_its_package(network):
    terminal = Terminal(network)
    source = package(terminal.home / "digits")
    with tarfile.open(terminal.home / "digits.tgz", "w:gz") as archive:
        archive.add(source, arcname=".")
    network.add_package((terminal.home / "digits.tgz").read_bytes(), "digits.tgz")
    connects(terminal, "-n", "edge", "-i", "edge-9", "--remote-package", "digits")
    assert network.get("clients/edge-9")["package"] == "remote"
    [unpacked] = [path for path in terminal.home.rglob("startup.py") if source not in path.parents]
    assert unpacked.read_bytes() == (source / "startup.py").read_bytes()


@cli.tries("client start", authentication=ON)
def an_edge_client_enrolls_when_it_starts(network):
    terminal = Terminal(network)
    package(terminal.home / "client")
    token = network.post("auth/enrollment-tokens", 201, name="site")["token"]
    log = connects(terminal, "-n", "edge", "-i", "edge-9", "--token", token)
    assert "Enrolled as client_id: edge-9" in log
    client = network.get("clients/edge-9")
    assert (client["name"], client["status"]) == ("edge", "available")
    # It keeps its tokens: the next start needs none.
    connects(terminal, "-n", "renamed", "-i", "edge-9")
    assert network.get("clients/edge-9")["name"] == "renamed"
    refused = terminal.run("client", "start", "-u", network.url, "-n", "edge", "--token", network.token, expected=1)
    assert "An API key cannot be used to start an edge client" in refused.err


@cli.tries("client start", "client enroll", authentication=ON)
def an_edge_client_that_enrolled_starts_with_what_it_got(network):
    terminal = Terminal(network)
    source = package(terminal.home / "digits")
    with tarfile.open(terminal.home / "digits.tgz", "w:gz") as archive:
        archive.add(source, arcname=".")
    network.add_package((terminal.home / "digits.tgz").read_bytes(), "digits.tgz")
    token = network.post("auth/enrollment-tokens", 201, name="site")["token"]
    terminal.run(
        "client", "enroll", "--enrollment-token", token, "-u", network.url, "-n", "edge", "--client-id", "edge-9"
    )
    connects(terminal, "--init", "edge-9.yaml", "--remote-package", "digits")
    client = network.get("clients/edge-9")
    assert (client["name"], client["package"], client["status"]) == ("edge", "remote", "available")
