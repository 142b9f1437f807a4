"""Whose a data directory is: its lock, its place, its modes, and files in it that are not the server's."""

import shutil
import stat

from events import telemetry
from ledge import Server
from promises import promise


def refusal(place, *arguments):
    """The message of a command that must fail."""
    result = place.tool(*arguments)
    assert result.returncode != 0 and "listening" not in result.stdout, result
    return result.stderr


def refused_start(place, *options):
    return refusal(place, "serve", "--data", place.data, "--listen", "127.0.0.1:0", *options)


def keys(place, data):
    """The keys of the telemetry in a data directory, which must be undamaged."""
    checked = place.tool("check", data)
    assert checked.returncode == 0, checked.stdout
    lines = place.tool("export", "--data", data, "telemetry").stdout.splitlines()
    return {line.partition('"key":"')[2].partition('"')[0] for line in lines}


@promise
def a_second_server_is_refused_although_the_lock_file_is_gone(place):
    with place.server() as server:
        telemetry(server, key="first")
        (place.data / "lock").unlink()
        assert "another process uses this data directory" in refused_start(place)
        assert "another process" in refusal(place, "import", "--data", place.data, "telemetry", "/dev/null")
        assert "another process" in refusal(place, "repair", place.data, "--apply")
        telemetry(server, key="second")
    assert keys(place, place.data) == {"first", "second"}


@promise
def a_moved_directory_keeps_everything_that_is_acknowledged(place):
    moved = place.path / "data.bak"
    with place.server(options=("--segment-size", "4KiB")) as server:
        telemetry(server, key="before")
        place.data.rename(moved)
        assert server.ask("GET", "/readyz").json == {"status": "degraded"}
        with Server(place.binary, place.data, options=("--segment-size", "4KiB")) as other:
            for index in range(100):
                telemetry(server, key=f"old{index}")
                telemetry(other, key=f"new{index}")
            assert other.ask("GET", "/readyz").json == {"status": "ready"}
            other.stop_cleanly()
        checks = {check["name"]: check for check in server.ask("GET", "/readyz?verbose").json["checks"]}
        assert checks["directory"]["status"] == "degraded" and "moved" in checks["directory"]["reason"], checks
    assert keys(place, moved) == {"before", *(f"old{index}" for index in range(100))}
    assert keys(place, place.data) == {f"new{index}" for index in range(100)}


@promise
def a_removed_directory_acknowledges_no_writes(place):
    with Server(place.binary, place.data) as server:
        telemetry(server, key="first")
        shutil.rmtree(place.data)
        for _ in range(2):
            reply = server.ask("POST", "/api/v1/telemetry", client_id="c", key="second", value=1)
            assert reply.status == 503 and "the file was removed" in reply.json["message"], reply
        reply = server.ask("POST", "/api/v1/file-upload/init", file_name="m.npz", file_size=10)
        assert reply.status == 503, reply
        checks = {check["name"]: check for check in server.ask("GET", "/readyz?verbose").json["checks"]}
        assert "removed" in checks["directory"]["reason"] and "removed" in checks["log telemetry"]["reason"], checks
        assert server.ask("GET", "/livez").status == 200
    assert not place.data.exists()


@promise
def links_in_a_directory_are_not_opened(place):
    with place.server(options=("--authentication",)):
        pass
    victim = place.file("victim", b"precious\n")
    segment = next((place.data / "collections/telemetry").glob("*.jsonl"))
    for path in (place.data / name for name in ("lock", "ledge.json", "token-secret")):
        path.rename(place.path / "kept")
        path.symlink_to(victim)
        assert str(path) in refused_start(place, "--authentication") and victim.read_bytes() == b"precious\n"
        path.unlink()
        (place.path / "kept").rename(path)
    for path in (segment, segment.parent, *(place.data / name for name in ("collections", "uploads", "blobs"))):
        path.rename(place.path / "kept")
        path.symlink_to(place.path / "kept")
        assert str(path) in refused_start(place)
        assert place.tool("check", place.data).returncode != 0
        path.unlink()
        (place.path / "kept").rename(path)
    (place.data / "reserve").unlink()
    (place.data / "reserve").symlink_to(victim)
    with Server(place.binary, place.data) as server:
        checks = {check["name"]: check for check in server.ask("GET", "/readyz?verbose").json["checks"]}
        assert "symbolic link" in checks["reserve"]["reason"], checks
        server.stop_cleanly()
    assert victim.read_bytes() == b"precious\n"


@promise
def a_mistyped_path_creates_no_directory(place):
    with place.server():
        pass
    typo = place.path / "dtaa"
    for command in (
        ("token", "--data", typo),
        ("import", "--data", typo, "telemetry", "/dev/null"),
        ("export", "--data", typo, "telemetry"),
        ("repair", typo),
        ("repair", typo, "--apply"),
        ("repair", typo, "--undo"),
        ("check", typo),
        ("inspect", typo),
    ):
        assert str(typo) in refusal(place, *command), command
        assert not typo.exists(), command
    typo.mkdir()
    assert "ledge serve" in refusal(place, "token", "--data", typo) and not list(typo.iterdir())


@promise
def a_directory_with_other_files_is_refused(place):
    place.data.mkdir()
    (place.data / "letter.txt").write_text("Dear Ada")
    (place.data / "lock").write_text("a file of something else")
    for message in (refused_start(place), refusal(place, "import", "--data", place.data, "telemetry", "/dev/null")):
        assert "--allow-non-empty" in message, message
    assert sorted(path.name for path in place.data.iterdir()) == ["letter.txt", "lock"]
    assert (place.data / "lock").read_text() == "a file of something else"
    (place.data / "uploads").mkdir()
    assert "no ledge.json" in refused_start(place, "--allow-non-empty")
    (place.data / "uploads").rmdir()
    with place.server(options=("--allow-non-empty",)) as server:
        assert f"created a new data directory at {place.data}" in server.log.read_text()
        assert (place.data / "letter.txt").read_text() == "Dear Ada"
    before = len((place.path / "data.log").read_text())
    with place.server() as server:
        assert "created a new" not in server.log.read_text()[before:]


@promise
def stored_files_are_for_their_owner_only(place):
    with place.server(options=("--authentication",)) as server:
        assert "other users" not in server.log.read_text()
        for path in (place.data, *place.data.rglob("*")):
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    place.data.chmod(0o755)
    (place.data / "ledge.json").chmod(0o644)
    with place.server() as server:
        log = server.log.read_text()
        assert "other users have access" in log and "chmod -R go=" in log and "ledge.json" in log, log
