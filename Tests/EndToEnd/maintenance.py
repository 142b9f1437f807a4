"""Kills a server at every call that changes the disk, in a run that seals, compacts and drops segments: a mode of `crash`."""

import concurrent.futures
import random
import shutil
import sys

from ledge import COMBINER, Server, ask, preload, until
from ledger import CONNECTION_LOST, Ledger, check, compare_clients, listed_events

MODES = ("before", "half", "after")
KEPT = 60
BATCHES, BATCH = 3, 15
# Every segment is full after a few records, so it is sealed, compacted and dropped a moment later.
OPTIONS = ("--segment-size", "4KiB", "--retain", f"telemetry=count:{KEPT}", *COMBINER, "--log-level", "debug")


def load(server, ledger):
    """Posts batches of events, replaces and deletes documents, and waits until maintenance has nothing to do."""
    with server.connect() as connection:
        for round_number in range(3):
            for batch in range(BATCHES):
                ledger.post_batch(connection, [f"{round_number}-{batch}-{line}" for line in range(BATCH)])
            for change in range(6):
                for identifier in ("a", "b", "c", f"stays-{round_number}-{change}"):
                    ledger.store_client(connection, identifier)
            ledger.delete_client(connection, "b")
    collections = [server.data / "collections" / name for name in ("telemetry", "clients")]
    until(lambda: not server.runs or all(len(list(path.glob("*.jsonl"))) == 1 for path in collections), 0.01)


def compare(server, ledger):
    """Compares a server with the ledger; telemetry has lost its oldest records, and may be losing more of them."""
    with server.connect() as connection:
        before = listed_events(connection, ledger)
        counts = [ask(connection, "GET", f"/api/v1/telemetry/count?client_id={batch}").json for batch in range(BATCHES)]
        found = listed_events(connection, ledger)
        assert len(found) <= sum(counts) <= len(before), f"{len(before)} listed, {counts} counted, then {len(found)} listed"
        acknowledged = list(ledger.acknowledged_events)
        # The first records of a batch without an answer may be there.
        unanswered = [identifier for batch in ledger.open_batches for identifier in batch]
        possible = [acknowledged + unanswered[:end] for end in range(len(unanswered) + 1)]
        assert any(found == whole[len(whole) - len(found) :] for whole in possible), f"telemetry is {found}"
        assert len(found) >= min(KEPT, len(acknowledged)), f"{len(found)} of {len(acknowledged)} are left"
        compare_clients(connection, ledger)


class Reference:
    """The run that is repeated, each time on a copy of one empty data directory."""

    def __init__(self, options, path):
        self.options = options
        self.path = path
        self.environment = preload("kill-at-call", path)
        with Server(options.binary, path / "empty") as server:
            server.stop_cleanly()

    def run(self, name, number, mode):
        """Runs once, with a kill at call `number`, and compares; returns the number of calls if it was not killed."""
        data, count = self.path / name, self.path / f"{name}.count"
        shutil.copytree(self.path / "empty", data)
        ledger = Ledger(self.options.seed)
        environment = {**self.environment, "KILL_AT": str(number), "KILL_MODE": mode, "KILL_COUNT": str(count)}
        try:
            with Server(self.options.binary, data, options=OPTIONS, environment=environment) as server:
                load(server, ledger)
                server.stop()
        except (*CONNECTION_LOST, RuntimeError):
            # It was killed before it listened, under load, or while it stopped.
            pass
        check(self.options.binary, data)
        with Server(self.options.binary, data, options=OPTIONS) as server:
            compare(server, ledger)
            server.stop_cleanly()
        check(self.options.binary, data)
        shutil.rmtree(data)
        return int(count.read_text()) if count.exists() else None


def kill_at_every_call(options, directory):
    reference = Reference(options, directory)
    count = reference.run("whole", 0, "before")
    assert count, "the reference run did not end by itself"
    log = (directory / "whole.log").read_text()
    for step in ("debug: sealed", "info: compacted", "info: dropped"):
        assert f" {step} " in log, f"the reference run has {step} nothing"
    points = [(number, mode) for number in range(1, count + 1) for mode in MODES]
    points = points[random.Random(options.seed).randrange(options.every) :: options.every]
    print(f"seed {options.seed}: a reference run of {count} calls, {len(points)} kills", flush=True)
    killed = broken = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        tasks = {pool.submit(reference.run, f"{mode}-{number}", number, mode): (number, mode) for number, mode in points}
        for task in concurrent.futures.as_completed(tasks):
            try:
                killed += task.result() is None
            except AssertionError as failure:
                broken += 1
                print(f"call {tasks[task]}: {failure}", flush=True)
    print(f"{killed} kills at calls 1 to {count}, {broken} of them lost something; check clean before and after recovery")
    sys.exit(1 if broken else 0)
