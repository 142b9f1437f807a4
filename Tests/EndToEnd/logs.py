"""What the server writes to its log."""

import json
import re

from events import telemetry
from ledge import COMBINER, Server
from promises import promise

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def logged(place, *options):
    """The lines of a server that took one event and was asked for it."""
    log = place.path / "log"
    with Server(place.binary, place.data, options=(*COMBINER, *options), log=log) as server:
        made = telemetry(server)
        server.ask("GET", f"/api/v1/telemetry/{made['telemetry_id']}?x=secret")
        server.stop_cleanly()
    return log.read_text().splitlines()


@promise
def every_line_of_the_log_has_its_time(place):
    lines = logged(place, "--log-level", "trace")
    assert all(TIME.match(line) for line in lines), lines
    assert not any("<" in line or "ServiceLifecycle" in line or "Swift" in line for line in lines), lines
    assert "secret" not in "\n".join(lines)


@promise
def a_log_of_json_tells_the_life_of_a_server(place):
    lines = [json.loads(line) for line in logged(place, "--log-level", "debug", "--log-format", "json")]
    assert all(TIME.fullmatch(line["time"]) and line["level"] and line["message"] for line in lines), lines
    [start] = [line for line in lines if line["message"].startswith("serving")]
    assert start["data"] == str(place.data.resolve()) and start["version"] and start["authentication"] == "off", start
    requests = [line for line in lines if line["message"] == "request"]
    assert [line["status"] for line in requests] == ["201", "200"], requests
    assert requests[1]["method"] == "GET" and requests[1]["address"] == "127.0.0.1", requests
    assert int(requests[1]["bytes"]) > 50 and float(requests[1]["ms"]) >= 0, requests
    assert lines[-1]["message"].startswith("stopped"), lines[-1]


@promise
def requests_are_not_in_the_log_by_default(place):
    lines = logged(place)
    assert not any("request" in line for line in lines), lines
    assert len(lines) < 6, lines
