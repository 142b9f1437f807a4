"""Starting, stopping, crashing and starting again."""

import json
import resource
from pathlib import Path

from events import status, telemetry
from ledge import ask
from models import add_model
from promises import DIGITS, client, promise


@promise
def a_restart_keeps_everything(place):
    with place.server() as server:
        model = add_model(server)
        client(server).add_attributes({"key": "site", "value": "Lund", "entity_id": "edge-1"})
        made = [status(server), telemetry(server, telemetry_id="t1")]
    for _ in range(2):
        with place.server() as server:
            scaleout = client(server)
            assert scaleout.get_active_model()["model_id"] == model
            assert server.ask("GET", f"/api/v1/models/{model}/download").body == DIGITS.read_bytes()
            assert scaleout.get_current_attributes("edge-1")["edge-1"] == {"site": "Lund"}
            assert scaleout.get_status(made[0]["status_id"]) == made[0]
            assert server.ask("GET", "/api/v1/telemetry/t1").json == made[1]
    place.check()


@promise
def what_was_acknowledged_survives_a_kill(place):
    with place.server() as server:
        made = [telemetry(server, key=f"k{index}") for index in range(50)]
        model = add_model(server)
        server.kill()
    with place.server() as server:
        listed = server.ask("GET", "/api/v1/telemetry", headers={"X-Sort-Order": "asc"}).json
        assert listed["result"] == made
        assert server.ask("GET", f"/api/v1/models/{model}/download").body == DIGITS.read_bytes()
    place.check()


@promise
def a_running_server_is_reported_ready(place):
    with place.server() as server:
        assert server.ask("GET", "/health").status == 200
        assert server.ask("GET", "/livez").json == {"status": "alive"}
        ready = server.ask("GET", "/readyz?verbose&strict")
        assert (ready.status, ready.json["status"]) == (200, "ready")
        checks = {check["name"]: check for check in ready.json["checks"]}
        assert all(check["status"] == "ok" for check in checks.values()), checks
        assert {"disk", "reserve", "uploads", "log telemetry"} <= set(checks)
        assert checks["disk"]["free_bytes"] > 0
        assert (place.data / "reserve").stat().st_blocks * 512 >= 16 << 20


@promise
def a_stop_is_clean(place):
    with place.server() as server:
        telemetry(server)
        with server.connect() as idle, server.connect() as busy:
            assert ask(idle, "GET", "/health").status == 200
            # Half of a request has been sent at the time of the signal.
            busy.putrequest("POST", "/api/v1/telemetry")
            busy.putheader("Content-Length", "1000")
            busy.endheaders(b'{"key":')
            server.stop_cleanly()
    place.check()


@promise
def a_second_server_is_refused_with_the_id_of_the_first(place):
    with place.server() as server:
        second = place.tool("serve", "--data", place.data, "--listen", "127.0.0.1:0")
        assert second.returncode != 0
        assert str(server.pid) in second.stdout + second.stderr
        assert "listening" not in second.stdout
        assert server.ask("GET", "/health").status == 200


@promise
def a_port_in_use_is_reported(place):
    with place.server() as server:
        listen = f"127.0.0.1:{server.port}"
        second = place.tool("serve", "--data", place.path / "other", "--listen", listen)
        assert second.returncode != 0
        assert str(server.port) in second.stderr
        assert "Fatal error" not in second.stderr


@promise
def the_records_can_be_read_without_us(place):
    with place.server() as server:
        made = [telemetry(server, key=f"k{index}") for index in range(20)]
    [segment] = (place.data / "collections/telemetry").glob("*.jsonl")
    lines = [json.loads(line) for line in segment.read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, 21))
    assert [line["doc"] for line in lines] == made
    assert all(list(line)[-1] == "xxh3" for line in lines)


@promise
def the_server_raises_its_limit_of_open_files(place):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with place.server() as server:
            limits = Path(f"/proc/{server.pid}/limits").read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    [line] = [line.split() for line in limits.splitlines() if line.startswith("Max open files")]
    assert line[3:5] == [str(hard), str(hard)], line
