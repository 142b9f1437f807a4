"""The commands for a person: check, inspect, upload, and their help."""

import contextlib
import json
import os
import socket
import ssl
import subprocess
import threading

from events import status, telemetry
from ledge import ROOT, until
from models import add_model, weights
from promises import DIGITS, client, promise


def fill(place):
    """A data directory with some of everything in it."""
    with place.server() as server:
        for index in range(20):
            telemetry(server, key=f"k{index}")
        status(server)
        add_model(server)
        server.ask("POST", "/api/v1/file-upload/init", file_name="unfinished", file_size=1000)


def flip(path, offset):
    """Changes one bit of a file."""
    with path.open("r+b") as file:
        file.seek(offset)
        [byte] = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ 1]))


def assert_damage_is_named(place, path):
    result = place.tool("check", place.data)
    output = result.stdout + result.stderr
    assert result.returncode == 1, f"exit {result.returncode}: {output}"
    assert path.name in output and str(path.parent.name) in output, output


@promise
def check_finds_nothing_in_a_sound_directory(place):
    fill(place)
    place.check()


@promise
def check_names_a_flipped_byte_in_a_segment(place):
    fill(place)
    [segment] = (place.data / "collections/telemetry").glob("*.jsonl")
    offset = segment.read_bytes().index(b'"k7"') + 1
    flip(segment, offset)
    assert_damage_is_named(place, segment)
    output = place.tool("check", place.data).stdout
    # The line that holds the byte begins where the sixth line ended.
    begins = sum(len(line) + 1 for line in segment.read_bytes().split(b"\n")[:7])
    assert str(begins) in output, output


@promise
def check_names_a_flipped_byte_in_a_blob(place):
    fill(place)
    [blob] = (place.data / "blobs").rglob("*.zst")
    for offset in (20, blob.stat().st_size // 2, blob.stat().st_size - 5):
        flip(blob, offset)
        assert_damage_is_named(place, blob)
        flip(blob, offset)
    place.check()


@promise
def a_damaged_blob_is_never_served(place):
    with place.server() as server:
        model = add_model(server, place.file("seed.npz", weights(2_000_000)))
    [blob] = (place.data / "blobs").rglob("*.zst")
    flip(blob, blob.stat().st_size // 2)
    with place.server() as server:
        with server.connect() as connection:
            connection.request("GET", f"/api/v1/models/{model}/download")
            try:
                response = connection.getresponse()
                whole = response.status == 200 and len(response.read()) == int(response.headers["Content-Length"])
            except OSError:
                whole = False
            except Exception as broken:
                whole = False
                assert type(broken).__name__ == "IncompleteRead", broken
        assert not whole
        assert server.ask("GET", "/health").status == 200


@promise
def check_refuses_other_directories(place):
    place.file("stray.txt", b"hello")
    assert place.tool("check", place.path / "missing").returncode == 2
    assert place.tool("check", place.path).returncode == 2


@promise
def inspect_counts_what_is_there(place):
    fill(place)
    result = place.tool("inspect", "--json", place.data)
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    collections = found["collections"]
    if isinstance(collections, list):
        collections = {collection["name"]: collection for collection in collections}
    assert collections["telemetry"]["records"] == 20
    assert collections["statuses"]["records"] == 1
    table = place.tool("inspect", place.data)
    assert table.returncode == 0
    assert "telemetry" in table.stdout and "20" in table.stdout


@promise
def reading_commands_change_nothing(place):
    fill(place)

    def contents():
        return {path: path.read_bytes() for path in place.data.rglob("*") if path.is_file()}

    before = contents()
    place.check()
    place.tool("inspect", place.data)
    assert contents() == before


@promise
def upload_makes_a_model_of_a_file(place):
    with place.server() as server:
        result = place.tool("upload", DIGITS, "--server", server.url, "--as-model")
        assert result.returncode == 0, result.stderr
        model = client(server).get_active_model()["model_id"]
        assert model in result.stdout
        assert server.ask("GET", f"/api/v1/models/{model}/download").body == DIGITS.read_bytes()
    place.check()


class TLSProxy:
    """Accepts TLS with a certificate for localhost and passes the bytes on to a port, as a reverse proxy does."""

    def __init__(self, port, certificate="local"):
        self.target = port
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(ROOT / f"fixtures/tls/{certificate}.pem", ROOT / "fixtures/tls/key.pem")
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://localhost:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self._serve, args=(self.listener.accept()[0],), daemon=True).start()

    def _serve(self, plain):
        with contextlib.suppress(OSError), self.context.wrap_socket(plain, server_side=True) as client:
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                threading.Thread(target=self._pass, args=(server, client), daemon=True).start()
                self._pass(client, server)

    @staticmethod
    def _pass(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)


@promise
def upload_through_tls_verifies_the_server(place):
    content = os.urandom(3_000_000)
    path = place.file("seed.bin", content)
    trusted = ("--ca", ROOT / "fixtures/tls/authority.pem")
    with place.server() as server:
        with TLSProxy(server.port) as proxy:
            made = place.tool("upload", path, "--server", proxy.url, *trusted, "--as-model", "--json")
            assert made.returncode == 0, made.stderr
            model = json.loads(made.stdout)["model"]["model_id"]
            assert server.ask("GET", f"/api/v1/models/{model}/download").body == content
            unknown = place.tool("upload", path, "--server", proxy.url)
            assert unknown.returncode == 1 and "--ca" in unknown.stderr, unknown.stderr
            plain = place.tool("upload", path, "--server", f"https://localhost:{server.port}", *trusted)
            assert plain.returncode == 1 and "TLS" in plain.stderr, plain.stderr
        for certificate, reason in (("other", "another host"), ("expired", "has expired")):
            with TLSProxy(server.port, certificate) as proxy:
                refused = place.tool("upload", path, "--server", proxy.url, *trusted)
                assert refused.returncode == 1 and reason in refused.stderr, refused.stderr
    place.check()


@promise
def a_mistyped_host_is_an_error_at_once(place):
    path = place.file("seed.bin", b"12345678")
    for arguments in (
        ("upload", path, "--server", "http://no-such-host.invalid:8092"),
        ("serve", "--data", place.data, "--listen", "no-such-host.invalid:0", "--authentication"),
    ):
        result = place.tool(*arguments)
        assert result.returncode == 1 and "'no-such-host.invalid' cannot be found" in result.stderr, result.stderr
        assert "retrying" not in result.stderr and not place.data.exists(), result.stderr


@promise
def upload_goes_on_when_the_server_comes_back(place):
    path = place.file("seed.bin", os.urandom(100_000_000))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    outcome = []
    with place.server(port) as server:
        arguments = ("upload", path, "--server", server.url, "--as-model", "--helper", "binaryhelper")
        uploading = threading.Thread(target=lambda: outcome.append(place.tool(*arguments)))
        uploading.start()
        wait_for_bytes(place, 10_000_000)
        server.kill()
    with place.server(port) as server:
        uploading.join()
        assert outcome[0].returncode == 0, outcome[0].stderr
        model = client(server).get_active_model()["model_id"]
        assert server.ask("GET", f"/api/v1/models/{model}/download").body == path.read_bytes()
    place.check()


@promise
def the_same_upload_command_goes_on_where_it_stopped(place):
    path = place.file("seed.bin", os.urandom(100_000_000))
    environment = {**os.environ, "XDG_STATE_HOME": str(place.path / "state")}
    with place.server() as server:
        command = [str(place.binary), "upload", str(path), "--server", server.url]
        first = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for_bytes(place, 10_000_000)
        first.kill()
        first.wait()
        [upload] = [entry.name for entry in (place.data / "uploads").iterdir()]
        second = place.tool(*command[1:])
        assert second.returncode == 0, second.stderr
        # The first upload was resumed, and no second one begun.
        assert [entry.name for entry in (place.data / "uploads").iterdir()] == [upload]
        assert upload in second.stdout
    place.check()


def wait_for_bytes(place, byte_count):
    """Waits until that much of an upload has reached the data directory."""
    parts = place.data.glob
    until(lambda: sum(path.stat().st_size for path in parts("uploads/*/data.part")) >= byte_count, 0.005)


@promise
def every_command_explains_itself(place):
    overview = place.tool("--help")
    assert overview.returncode == 0
    for command in ("serve", "import", "export", "inspect", "check", "upload"):
        assert command in overview.stdout
        text = place.tool(command, "--help")
        assert text.returncode == 0
        assert f"ledge {command} " in text.stdout.partition("EXAMPLES")[2], f"no example in: {text.stdout}"
