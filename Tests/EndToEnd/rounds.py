"""Rounds of load, failure, recovery and comparison, which `crash` and `power-cut` share."""

import random
import subprocess
from collections import Counter

from crowd import OPTIONS
from ledge import ROOT, Server, add_seed
from ledger import Ledger, check, compare


def add_options(parser, rounds, what):
    """Adds what both scripts let people choose; `rounds` is the name of the option that counts them."""
    parser.add_argument(f"--{rounds}", type=int, default=10, dest="rounds", help=f"number of {what} (default: 10)")
    parser.add_argument("--connections", type=int, default=64, help="clients at a time (default: 64)")
    parser.add_argument(
        "--seconds", type=float, default=0.8, help=f"the longest time under load before one of the {what} (default: 0.8)"
    )
    parser.add_argument(
        "--fresh", type=int, default=25, help=f"start with an empty directory after this number of {what} (default: 25)"
    )
    add_seed(parser)


class Rounds:
    """A new ledger and directory for every `fresh` rounds.

    A subclass has `data`, the directory; `begin_directory`, which makes it a new one; and `fail`, which makes a server fail
    and counts that in `failures`.
    """

    power_fails = False

    def __init__(self, options, path):
        self.options = options
        self.path = path
        self.chance = random.Random(options.seed)
        self.environment = {}
        self.failures = Counter()
        self.totals = Counter()
        self.ledger = None

    def serve(self, **options):
        return Server(self.options.binary, self.data, options=OPTIONS, log=self.path / "server.log", **options)

    def check(self):
        """A server that is killed before it has written anything leaves nothing to check."""
        if self.data.exists() and any(self.data.iterdir()):
            check(self.options.binary, self.data)

    def run(self, number):
        is_last = number % self.options.fresh == 0 or number == self.options.rounds
        if (number - 1) % self.options.fresh == 0:
            self.ledger = Ledger(self.options.seed + number)
            self.begin_directory(number)
        self.fail(number)
        self.check()
        with self.serve(environment=self.environment) as server:
            compare(server, self.ledger, self.power_fails, is_last)
            # The next failure finds what a clean stop has left, or what recovery has left.
            if self.chance.random() < 0.4:
                server.stop_cleanly()
        self.check()
        if number % 10 == 0 or is_last:
            print(f"round {number}: {self.ledger}; nothing lost; started in {server.start_seconds * 1000:.0f} ms", flush=True)
        if is_last:
            self.totals += self.ledger.counts

    def run_all(self):
        """Returns None, or what failed first."""
        for number in range(1, self.options.rounds + 1):
            try:
                self.run(number)
            except (AssertionError, RuntimeError) as failure:
                return f"round {number}, seed {self.options.seed}: {failure}"
        return None


def keep(directory, name):
    """Copies a directory to .build, and returns a sentence about it."""
    kept = ROOT / f".build/{name}"
    subprocess.run(["cp", "-r", "--sparse=always", str(directory), str(kept)], check=False)
    return f"the directory is kept: {kept}"
