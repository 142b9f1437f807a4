"""`ledge import` and `ledge export`: documents from files and into files; and what `serve` keeps of them."""

import json
import re
import subprocess
import time

from events import join, status
from ingest import ingest, lines, telemetry
from ledge import memory, until
from promises import promise
from tool import flip

# The last members of every document.
STAMPS = re.compile(r',"committed_at":"[^"]{27}","updated_at":"[^"]{27}"(?=\}$)', re.MULTILINE)


def imported(place, *arguments, status=0, detected="ledge"):
    """The summary of `ledge import --json`, and its standard error after the detected format of its file."""
    place.data.mkdir(exist_ok=True)
    result = place.tool("import", "--data", place.data, "--json", *arguments)
    assert result.returncode == status, f"exit {result.returncode}: {result.stderr}"
    first, _, output = result.stderr.partition("\n")
    if detected:
        assert f": read with --from {detected}, which " in first, first
    else:
        output = result.stderr
    return json.loads(result.stdout) if result.stdout else None, output


def exported(place, *arguments, data=None, status=0):
    """The lines of `ledge export --json`, its findings of damage, and its summary."""
    result = place.tool("export", "--data", data or place.data, "--json", *arguments)
    assert result.returncode == status, f"exit {result.returncode}: {result.stderr}"
    *findings, summary = map(json.loads, result.stderr.splitlines())
    return result.stdout, findings, summary


@promise
def lines_of_a_file_are_served_afterwards(place):
    path = place.file("telemetry.jsonl", lines(telemetry(range(3500))))
    summary, output = imported(place, "telemetry", path)
    assert (summary["imported"], summary["refused"], summary["dry_run"], output) == (3500, 0, False, "")
    assert summary["bytes"] > 100_000
    with place.server() as server:
        found = server.ask("GET", "/api/v1/telemetry", headers={"X-Limit": "2"}).json
        assert (found["count"], [d["telemetry_id"] for d in found["result"]]) == (3500, ["t3499", "t3498"])
        assert found["result"][0]["sender"]["client_id"] == "edge-1"
    place.check()


@promise
def what_mongoexport_writes_is_imported(place):
    document = {
        "_id": {"$oid": "65f0c1d2e3"},
        "key": "loss",
        "value": {"$numberDouble": "0.25"},
        "step": {"$numberLong": "3"},
        "timestamp": {"$date": {"$numberLong": "1710316800500"}},
        "committed_at": {"$date": "2024-03-13T08:00:01.000+0000"},
        "model_id": "m",
        "sender": {"client_id": "edge-1"},
    }
    array = [{**document, "_id": {"$oid": f"{number:024x}"}} for number in range(3)]
    array[1]["committed_at"] = {"$date": 1710316802000}
    array[2]["committed_at"] = {"$date": "2024-03-13T08:00:00Z"}
    path = place.file("metrics.json", json.dumps(array, indent=1).encode())
    summary, output = imported(
        place, "--jsonArray", "--keep-times", "metrics", path, status=1, detected="mongoexport"
    )
    assert (summary["imported"], summary["refused"]) == (2, 1)
    assert output.startswith(f"{path}, element 3: ") and output.count("\n") == 1, output
    with place.server() as server:
        stored = server.ask("GET", f"/api/v1/metrics/{0:024x}").json
        assert (stored["value"], stored["step"], stored["round_id"]) == (0.25, 3, None)
        assert stored["timestamp"] == "2024-03-13T08:00:00.500000Z"
        assert stored["committed_at"] == "2024-03-13T08:00:01.000000Z"
        assert "_id" not in stored
        question = "/api/v1/metrics/count?committed_at__gt=2024-03-13T08:00:01Z&committed_at__lt=2024-03-14"
        assert server.ask("GET", question).json == 1
    place.check()


@promise
def refused_documents_do_not_stop_an_import(place):
    content = lines(telemetry([1])) + b'{"key":"k"\n\n[1]\n' + lines(telemetry([1, 2])) + b'{"key":7,"client_id":"c"}'
    path = place.file("telemetry.jsonl", content)
    for arguments, status in ((("--dry-run",), 1), ((), 1), (("--skip-refused",), 0)):
        summary, output = imported(place, "--strict", *arguments, "telemetry", path, status=status)
        named = [line.removeprefix(f"{path}:").partition(":")[0] for line in output.splitlines()]
        if arguments == ("--dry-run",):
            # It does not look at what is there, so a second one of an id is not noticed.
            assert (summary["imported"], named) == (3, ["2", "4", "7"]), output
            assert not any(place.data.iterdir())
        elif not arguments:
            assert (summary["imported"], named) == (2, ["2", "4", "5", "7"]), output
        else:
            assert (summary["imported"], named) == (0, ["1", "2", "4", "5", "6", "7"]), output
    place.check()


@promise
def standard_input_is_imported(place):
    content = '[{"colour":"red"},{"telemetry_id":"x"}]'
    place.data.mkdir()
    result = place.tool("import", "--data", place.data, "--no-validate", "telemetry", "-", input=content)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("telemetry: 2 imported, "), result.stdout
    with place.server() as server:
        assert server.ask("GET", "/api/v1/telemetry/x").json["telemetry_id"] == "x"
        assert server.ask("GET", "/api/v1/telemetry/count?colour=red").json == 1


@promise
def a_long_file_takes_little_memory(place):
    path = place.path / "long.jsonl"
    with path.open("wb") as file:
        for number in range(1500):
            file.write(lines(telemetry([number], meta={"text": "x" * 100_000})))
    place.data.mkdir()
    command = [str(place.binary), "import", "--data", str(place.data), "telemetry", str(path)]
    output, peak = watched(command, place.path / "output")
    assert "\ntelemetry: 1500 imported, " in output, output
    print(f"\n{output.strip()}; peak memory {peak >> 20} MiB")
    assert 0 < peak < 96 << 20, peak


def watched(command, output):
    """Runs a command that succeeds; returns its output and its peak memory in bytes.

    Samples the memory: what the kernel accounts for a child that has ended includes the memory of this process.
    """
    peak = 0
    with output.open("w") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT) as process:
        while process.poll() is None:
            peak = max(peak, memory(process.pid, "VmHWM"))
            time.sleep(0.005)
    assert process.returncode == 0, output.read_text()
    return output.read_text(), peak


@promise
def an_export_can_be_imported_as_it_was(place):
    with place.server() as server:
        ingest(server, "telemetry", lines(telemetry(range(3500), meta={"text": "Umeå 💡"})))
        for name in ("edge-1", "edge-2", "edge-1"):
            join(server, name)
            status(server, sender={"client_id": name})
    for name, count in (("telemetry", 3500), ("statuses", 3), ("clients", 2)):
        first, findings, summary = exported(place, name)
        assert (first.count("\n"), findings) == (count, []), findings
        assert (summary["exported"], summary["bytes"]) == (count, len(first.encode())), summary
        for option in ((), ("--keep-times",)):
            copy = place.path / f"copy{len(option)}"
            copy.mkdir(exist_ok=True)
            path = place.file(f"{name}.jsonl", first.encode())
            result = place.tool("import", "--data", copy, *option, name, path)
            assert result.returncode == 0, result.stderr
            second, _, _ = exported(place, name, data=copy)
            # Stamps say when this directory took a document; the import may keep those of the other one.
            assert STAMPS.sub("", second) == STAMPS.sub("", first), name
            assert (second == first) == bool(option), name
    for copy in (place.path / "copy0", place.path / "copy1"):
        assert place.tool("check", copy).returncode == 0


@promise
def an_export_goes_into_an_import(place):
    imported(place, "telemetry", place.file("telemetry.jsonl", lines(telemetry(range(2000)))))
    ledge, new = place.binary, place.path / "new"
    new.mkdir()
    command = f"set -o pipefail; {ledge} export --data {place.data} telemetry"
    command += f" | {ledge} import --data {new} --keep-times telemetry -"
    result = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("telemetry: 2000 imported, "), result.stdout
    assert "telemetry: 2000 exported, " in result.stderr, result.stderr


@promise
def an_import_goes_on_when_its_output_is_closed(place):
    place.data.mkdir()
    # The reader takes two of a hundred lines; in the second run the streams are closed from the start.
    for number, redirection in enumerate(("2>&1 | head -n 2", ">&- 2>&-")):
        ids = range(5000 * number, 5000 * (number + 1))
        content = b"".join(lines(telemetry([id])) + (b"" if id % 50 else b"oops\n") for id in ids)
        path = place.file("telemetry.jsonl", content)
        run = f"{place.binary} import --data {place.data} telemetry {path} {redirection}; exit ${{PIPESTATUS[0]}}"
        result = subprocess.run(["bash", "-c", run], capture_output=True, timeout=60)
        assert result.returncode == 1, (redirection, result.returncode)
        assert exported(place, "telemetry")[2]["exported"] == ids.stop, redirection
    place.check()


@promise
def an_export_without_a_reader_ends_quietly(place):
    imported(place, "telemetry", place.file("telemetry.jsonl", lines(telemetry(range(5000)))))
    command = f"{place.binary} export --data {place.data} telemetry"
    for redirection, status, message in (
        ("| head -n 1 > /dev/null", 141, ""),
        ("> /dev/full", 1, "Error: standard output: No space left on device\n"),
        (">&-", 1, "Error: standard output: Bad file descriptor\n"),
    ):
        run = f"{command} {redirection}; exit ${{PIPESTATUS[0]}}"
        result = subprocess.run(["bash", "-c", run], capture_output=True, timeout=60, text=True)
        assert (result.returncode, result.stderr) == (status, message), (redirection, result)
    # The messages may be closed: the lines are the product.
    path = place.path / "copy.jsonl"
    for redirection in (f"2>&1 > {path} | head -n 0", f"2>&- > {path}"):
        assert subprocess.run(["bash", "-c", f"set -o pipefail; {command} {redirection}"], timeout=60).returncode == 0
        assert path.read_bytes().count(b"\n") == 5000, redirection


@promise
def names_never_reach_a_terminal_raw(place):
    imported(place, "telemetry", place.file("telemetry.jsonl", lines(telemetry([1], meta={"text": "\x7f\x9b\u202e"}))))
    for name in ("a\x1b]0;x\x07", "b\x9b2J\u202e", "c\ndamage: forged"):
        (place.data / "collections/telemetry" / name).write_bytes(b"x")
    bad = place.file("bad\x1b[2J\n.jsonl", b"oops\n")
    for arguments in (
        ("check", place.data),
        ("check", "--json", place.data),
        ("inspect", place.data),
        ("inspect", "--json", place.data),
        ("repair", place.data),
        ("import", "--data", place.data, "telemetry", bad),
        ("import", "--data", place.data, "telemetry", place.path / "missing\x1b[2J"),
        ("export", "--data", place.path / "missing\x1b[2J", "telemetry"),
        ("upload", place.path / "missing\x1b[2J", "--server", "http://127.0.0.1:9"),
    ):
        result = place.tool(*arguments)
        printed = result.stdout + result.stderr
        assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", printed), (arguments, printed)
        assert not re.search(r"^damage: forged", printed, re.MULTILINE), (arguments, printed)
        assert "\\u001b" in printed or arguments[0] == "repair", (arguments, printed)
        if "--json" in arguments:
            read = [json.dumps(json.loads(line), ensure_ascii=False) for line in result.stdout.splitlines()]
            assert any("\u202e" in line for line in read), printed


@promise
def an_export_reads_the_directory_of_a_running_server(place):
    with place.server(options=("--segment-size", "16KiB")) as server:
        for first in range(0, 3000, 100):
            ingest(server, "telemetry", lines(telemetry(range(first, first + 100))))
            written, findings, _ = exported(place, "telemetry")
            ids = [json.loads(line)["telemetry_id"] for line in written.splitlines()]
            assert (ids, findings) == ([f"t{number}" for number in range(first + 100)], [])
        found = server.ask("GET", "/api/v1/telemetry/t7").body.decode()
        assert written.splitlines()[7] == found
    assert exported(place, "telemetry")[0] == written
    place.check()


@promise
def an_export_is_a_part_of_the_time(place):
    documents = telemetry(range(9))
    for number, document in enumerate(documents):
        document["committed_at"] = f"2024-11-{number + 1:02}T00:00:00Z"
    imported(place, "--keep-times", "telemetry", place.file("telemetry.jsonl", lines(documents)))
    whole, _, _ = exported(place, "telemetry")
    parts = [
        exported(place, *bounds, "telemetry")[0]
        for bounds in (
            ("--until", "2024-11-03"),
            ("--since", "2024-11-03", "--until", "2024-11-08T02:00:00+02:00"),
            ("--since", "2024-11-08T00:00:00Z"),
        )
    ]
    assert [part.count("\n") for part in parts] == [2, 5, 2]
    assert "".join(parts) == whole


@promise
def an_export_is_what_passes_a_filter(place):
    with place.server() as server:
        ingest(server, "telemetry", lines(telemetry(range(50)) + telemetry(range(50, 60), client_id="edge-2")))
        for conditions, count in ((("key=cpu", "value__gte=40"), 20), (("client_id=edge-2",), 10), (("key=gpu",), 0)):
            question = "&".join(conditions)
            assert server.ask("GET", f"/api/v1/telemetry/count?{question}").json == count
            options = [word for condition in conditions for word in ("--where", condition)]
            assert exported(place, *options, "telemetry")[2]["exported"] == count, conditions
    for arguments in (("--where", "key"), ("--where", "key__like=c"), ("--where", "key=cpu", "--history")):
        assert place.tool("export", "--data", place.data, *arguments, "telemetry").returncode != 0, arguments


@promise
def a_history_has_every_record(place):
    with place.server() as server:
        join(server, "edge-1")
        join(server, "edge-1")
        assert server.ask("DELETE", "/api/v1/clients/edge-1").status == 200
    [segment] = (place.data / "collections/clients").glob("*.jsonl")
    written, _, summary = exported(place, "--history", "clients")
    assert written == segment.read_text()
    operations = [json.loads(line)["op"] for line in written.splitlines()]
    assert set(operations[:-1]) == {"put"} and operations[-1] == "delete", operations
    assert (summary["exported"], summary["history"]) == (len(operations), True)
    assert exported(place, "clients")[0] == ""


@promise
def an_export_creates_complete_files_only(place):
    imported(place, "telemetry", place.file("telemetry.jsonl", lines(telemetry(range(100)))))
    path = place.path / "copy.jsonl"
    written, _, summary = exported(place, "--output", path, "telemetry")
    assert (written, summary["exported"]) == ("", 100)
    assert path.read_text() == exported(place, "telemetry")[0]
    assert not (place.path / "copy.jsonl.new").exists()
    for target, words in (
        (path, "--force replaces it"),
        (place.path, "is not a regular file"),
        ("/dev/null", "is not a regular file"),
        (place.data / "copy.jsonl", "is in the data directory"),
        (place.path / "missing/copy.jsonl", "No such file"),
    ):
        result = place.tool("export", "--data", place.data, "--output", target, "statuses")
        assert result.returncode == 1 and words in result.stderr, (target, result.stderr)
    assert exported(place, "--output", path, "--force", "statuses")[2]["exported"] == 0
    assert path.read_bytes() == b""
    place.check()


@promise
def an_export_reports_damaged_records(place):
    imported(place, "telemetry", place.file("telemetry.jsonl", lines(telemetry(range(100)))))
    whole = exported(place, "telemetry")[0].splitlines()
    [segment] = (place.data / "collections/telemetry").glob("*.jsonl")
    flip(segment, segment.read_bytes().index(b'"t50"') + 1)
    written, [finding], summary = exported(place, "telemetry", status=1)
    assert written.splitlines() == whole[:50] + whole[51:]
    assert (finding["severity"], finding["file"], finding["record"]) == ("damage", str(segment), 51), finding
    assert (summary["exported"], summary["damaged"]) == (99, 1), summary
    result = place.tool("export", "--data", place.data, "telemetry")
    assert result.returncode == 1 and f"damage: {segment} at " in result.stderr, result.stderr
    assert "99 exported, 1 damaged, " in result.stderr, result.stderr


@promise
def impossible_exports_are_refused(place):
    for arguments, words in (
        (("telemetry",), "not a data directory"),
        (("spent_tokens",), "unknown collection 'spent_tokens'"),
        (("--since", "soon", "telemetry"), "not a time"),
        (("--since", "2026-11-02", "--until", "2026-11-01", "telemetry"), "must be later"),
    ):
        result = place.tool("export", "--data", place.data, *arguments)
        assert result.returncode != 0 and words in result.stderr, (arguments, result.stderr)
    assert not place.data.exists()


@promise
def a_long_export_takes_little_memory(place):
    path = place.path / "long.jsonl"
    with path.open("wb") as file:
        for number in range(1500):
            file.write(lines(telemetry([number], meta={"text": "x" * 100_000})))
    imported(place, "telemetry", path)
    command = [str(place.binary), "export", "--data", str(place.data), "--output", str(place.path / "copy.jsonl")]
    output, peak = watched([*command, "telemetry"], place.path / "output")
    assert output.startswith("telemetry: 1500 exported, "), output
    print(f"\n{output.strip()}; peak memory {peak >> 20} MiB")
    assert 0 < peak < 96 << 20, peak


@promise
def a_directory_that_is_served_is_not_imported_into(place):
    path = place.file("telemetry.jsonl", lines(telemetry(range(3))))
    with place.server() as server:
        _, output = imported(place, "telemetry", path, status=1, detected=None)
        assert f"process {server.pid} " in output, output
        assert server.ask("GET", "/api/v1/telemetry/count").json == 0


@promise
def impossible_imports_are_refused(place):
    path = place.file("telemetry.jsonl.gz", b"\x1f\x8b\x08\x00")
    place.data.mkdir()
    for arguments, words in (
        (("telemetry", path), "compressed"),
        (("telemetry", place.path / "missing"), "No such file"),
        (("telemetry", place.path), "directory"),
        (("--jsonArray", "telemetry", place.file("one.json", b"{}")), "not a JSON array"),
        (("telemetry", place.file("open.json", b"[{}")), "ends before the end of the array"),
        (("models", path), "upload"),
        (("nonsense", path), "unknown collection 'nonsense'"),
        (("telemetry", "-", "-"), "once"),
    ):
        result = place.tool("import", "--data", place.data, *arguments)
        assert result.returncode != 0 and words in result.stderr, (arguments, result.stderr)


@promise
def invalid_retention_rules_are_refused(place):
    for rule, words in (
        ("clients=age:1d", "attributes, metrics, statuses, telemetry, validations"),
        ("telemetry=age:1w", "age:30d"),
        ("telemetry", "COLLECTION=RULE"),
        ("telemetry=count:0", "count:1000000"),
    ):
        result = place.tool("serve", "--data", place.data, "--retain", rule)
        assert result.returncode != 0 and words in result.stderr, (rule, result.stderr)
    result = place.tool("serve", "--data", place.data, "--frame-cache", "7")
    assert result.returncode != 0 and "--frame-cache" in result.stderr
    assert not place.data.exists()


@promise
def old_events_expire(place):
    settings = {"retain": ["telemetry=count:500"], "frame-cache": "2MiB"}
    configuration = place.file("ledge.json", json.dumps(settings).encode())
    options = ("--config", configuration, "--segment-size", "16KiB")
    with place.server(options=options) as server:
        for first in range(0, 5000, 100):
            assert ingest(server, "telemetry", lines(telemetry(range(first, first + 100))))["accepted"] == 100
        until(lambda: server.ask("GET", "/api/v1/telemetry/count").json < 5000)
        kept = server.ask("GET", "/api/v1/telemetry").json
        assert 500 <= kept["count"] < 5000, kept["count"]
        newest = [f"t{number}" for number in reversed(range(5000))]
        assert [d["telemetry_id"] for d in kept["result"]] == newest[: kept["count"]]
    place.check()
