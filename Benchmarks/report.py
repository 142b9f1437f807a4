"""Evaluates measurements: medians, ratios and the growth of costs, each compared with its goal."""
import math
import statistics
from dataclasses import dataclass

MIB = 1 << 20


@dataclass
class Goal:
    """What a figure should be: `must` is what a release shows, `stretch` what makes it the best there is."""

    must: float
    stretch: float
    unit: str
    at_least: bool = False

    def text(self, level):
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {getattr(self, level):g}{self.unit}"

    def reached(self, value):
        for level in ("stretch", "must"):
            goal = getattr(self, level)
            if value >= goal if self.at_least else value <= goal:
                return level
        return "no"


def times(must, stretch):
    return Goal(must, stretch, "×", at_least=True)


COUNT = Goal(20, 5, " µs")
SKIP = Goal(2, 1.1, "× of page")
SIZE = Goal(0.25, 0.18, "")
# The exponent of size in the cost of an operation, at most.
GROWTH = 0.05
# Opening ten million records, at most.
OPEN_MS, OPEN_MIB = 50, 96

# What is measured, in the order of the tables: its name in the measurements, its title, its goal.
OPERATIONS = {
    "insert": ("durable insert, 64 at a time", times(10, 30)),
    "load": ("durable batches of 1,000, from the first row", times(12, 25)),
    "load.sealed": ("  with sealing, on the same core", None),
    "ingest": ("  at this size", times(12, 25)),
    "get": ("get by id, anywhere", times(5, 10)),
    "get.recent": ("get by id, newest 1,000", times(5, 10)),
    "page": ("newest 20", times(3, 8)),
    "page.client": ("newest 20 of a client, each time another", times(3, 8)),
    "page.client.again": ("newest 20 of a client, the same again", times(3, 8)),
    "page.by-client": ("20 in the order of client_id (1,000 values)", times(3, 8)),
    "page.by-key": ("20 in the order of key (8 values)", times(3, 8)),
    "skip": ("20 far down, each time elsewhere", SKIP),
    "skip.again": ("20 far down, the same again", SKIP),
    "count": ("count all", COUNT),
    "count.client": ("count a client, each time another", COUNT),
    "count.client.again": ("count a client, the same again", COUNT),
    "count.both": ("count a client and key, each time others", COUNT),
    "count.both.again": ("count a client and key, the same again", COUNT),
}


# Where the files are when a store is opened. The kernel may keep what was written in large pieces, and what is touched
# of a piece counts as resident memory all of it; after a boot only what was touched does.
STATES = {"warm": "files in the page cache", "cold": "files on disk only"}


def duration(nanoseconds):
    """Three digits and a unit."""
    for unit, factor in (("ns", 1), ("µs", 1e3), ("ms", 1e6)):
        if nanoseconds < 999.5 * factor:
            break
    else:
        unit, factor = "s", 1e9
    value = nanoseconds / factor
    return f"{value:.{max(0, 2 - int(math.log10(max(value, 1))))}f} {unit}"


def summary(comparison):
    """Each operation's medians, its median ratio, and whether it is what it should be."""
    load, laps = comparison["load"], dict(comparison["measure"]["laps"])
    sealed = [sum(pair) for pair in zip(load["ledge"], load["sealing"])]
    laps["load"] = {"ledge": load["ledge"], "sqlite": load["sqlite"]}
    laps["load.sealed"] = {"ledge": sealed, "sqlite": load["sqlite"]}
    page = statistics.median(laps["page"]["ledge"])
    rows = {}
    for name, (title, goal) in OPERATIONS.items():
        ledge, sqlite = laps[name]["ledge"], laps[name]["sqlite"]
        row = {
            "title": title.strip(),
            "ledge_ns": statistics.median(ledge),
            "sqlite_ns": statistics.median(sqlite),
            "ratio": statistics.median(theirs / ours for ours, theirs in zip(ledge, sqlite)),
        }
        if goal:
            row["must"], row["stretch"] = goal.text("must"), goal.text("stretch")
            figure = {SKIP.unit: row["ledge_ns"] / page, COUNT.unit: row["ledge_ns"] / 1e3}
            row["reached"] = goal.reached(figure.get(goal.unit, row["ratio"]))
        rows[name] = row
    return rows


def stored(comparison):
    """Bytes on disk for a byte of JSON, of both."""
    load = comparison["load"]
    ledge, raw = load["files"]["ledge"], load["documentBytes"]
    return {
        "segments": sum(size for ending, size in ledge.items() if ending != "idx") / raw,
        "indexes": ledge.get("idx", 0) / raw,
        "ledge": sum(ledge.values()) / raw,
        "sqlite": load["files"]["sqlite"] / raw,
    }


def opened(openings):
    """The median opening: milliseconds, and MiB of memory before it, after it and after queries."""
    figures = {"milliseconds": statistics.median(opening["milliseconds"] for opening in openings)}
    for moment in ("before", "opened", "asked"):
        figures[f"{moment}_mib"] = statistics.median(opening[moment]["resident"] for opening in openings) / MIB
    return figures


def growth(stages):
    """For each operation its cost at each size and the exponent of size that fits best."""
    sizes = [stage["measure"]["rows"] for stage in stages]
    costs = {}
    for name in OPERATIONS:
        if name in stages[0]["measure"]["laps"]:
            costs[name] = [statistics.median(stage["measure"]["laps"][name]["ledge"]) for stage in stages]
    memory = {}
    for state in STATES:
        openings = [opened(stage["open"][state]) for stage in stages]
        costs[f"open.{state}"] = [opening["milliseconds"] * 1e6 for opening in openings]
        for moment in ("opened", "asked"):
            memory[f"{moment}.{state}"] = [opening[f"{moment}_mib"] for opening in openings]
    exponents = {name: exponent(sizes, values) for name, values in (costs | memory).items()}
    syncs = [max(stage["measure"]["sync_ms"]) for stage in stages]
    return {"sizes": sizes, "costs_ns": costs, "memory_mib": memory, "exponents": exponents, "sync_ms": syncs}


def exponent(sizes, costs):
    """The slope of the straight line that fits best where both are logarithms."""
    if len(sizes) < 2:
        return 0.0
    return statistics.linear_regression([math.log(size) for size in sizes], [math.log(cost) for cost in costs]).slope


# Text.


def table(head, rows):
    """Columns as wide as they must be: the first to the left, the others to the right."""
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(len(head))]
    lines = []
    for row in [head, ["─" * width for width in widths], *rows]:
        first, *others = zip(row, widths)
        cells = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def comparison_text(comparison, openings):
    rows = []
    for name, row in summary(comparison).items():
        title, goal = OPERATIONS[name]
        texts = [goal.text("must"), goal.text("stretch"), row["reached"]] if goal else ["", "", ""]
        rows.append([title, duration(row["ledge_ns"]), duration(row["sqlite_ns"]), f"{row['ratio']:.2f}", *texts])
    head = ["operation", "Ledge", "SQLite", "ratio", "must", "stretch", "reached"]
    share = stored(comparison)
    syncs = "{} ms before this, {} ms after".format(*comparison["measure"]["sync_ms"])
    goals = [SIZE.text("must"), SIZE.text("stretch"), SIZE.reached(share["ledge"])]
    nothing = ["", "", "", ""]
    figures = [
        ["bytes on disk / bytes of JSON", f"{share['ledge']:.3f}", f"{share['sqlite']:.3f}", *goals],
        ["  segments", f"{share['segments']:.3f}", *nothing],
        ["  indexes", f"{share['indexes']:.3f}", *nothing],
    ]
    for state, opening in openings.items():
        figures += [
            [f"open after a clean close, {STATES[state]}", f"{opened(opening)['milliseconds']:.1f} ms", *nothing],
            ["  resident before it", f"{opened(opening)['before_mib']:.1f} MiB", *nothing],
            ["  resident after it", f"{opened(opening)['opened_mib']:.1f} MiB", *nothing],
            ["  resident after many queries", f"{opened(opening)['asked_mib']:.1f} MiB", *nothing],
        ]
    tables = [table(head, rows), table(["", "Ledge", "SQLite", "must", "stretch", "reached"], figures)]
    return "\n\n".join([*tables, f"the disk makes a small append durable in {syncs}"])


def growth_text(grown):
    rows = []
    for name, costs in grown["costs_ns"].items():
        slope = grown["exponents"][name]
        goal = "" if name.startswith("open") else ("yes" if slope <= GROWTH else "no")
        rows.append([growth_title(name), *map(duration, costs), f"{slope:+.3f}", goal])
    for name, values in grown["memory_mib"].items():
        sizes = [f"{value:.1f} MiB" for value in values]
        rows.append([growth_title(name), *sizes, f"{grown['exponents'][name]:+.3f}", ""])
    rows.append(["the disk: a small append, at the worst", *(f"{value:.2f} ms" for value in grown["sync_ms"]), "", ""])
    text = table(["operation", *(f"{size:,}" for size in grown["sizes"]), "exponent", f"≤ {GROWTH}"], rows)
    if grown["sizes"][-1] >= 10_000_000:
        for state, where in STATES.items():
            milliseconds = grown["costs_ns"][f"open.{state}"][-1] / 1e6
            memory = grown["memory_mib"][f"opened.{state}"][-1]
            text += f"\n\nat the largest, {where}: "
            text += f"open ≤ {OPEN_MS} ms: {'yes' if milliseconds <= OPEN_MS else 'no'}; "
            text += f"resident after it ≤ {OPEN_MIB} MiB: {'yes' if memory <= OPEN_MIB else 'no'}"
    return text


def growth_title(name):
    if name in OPERATIONS:
        return OPERATIONS[name][0].strip().replace("at this size", "durable batches of 1,000")
    moment, state = name.split(".")
    what = {"open": "open", "opened": "resident after open", "asked": "resident after queries"}[moment]
    return f"{what}, {STATES[state]}"
