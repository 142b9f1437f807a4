"""The official command line as a process, with a home directory of its own."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ledge import WAIT_SECONDS

SCALEOUT = Path(sys.executable).parent / "scaleout"
AT_ONCE = 4


def commands():
    """Every command of the installed command line, such as `client list`."""
    import click
    from scaleout.cli import main

    def leaves(command, words):
        if isinstance(command, click.Group):
            for name, child in command.commands.items():
                yield from leaves(child, [*words, name])
        else:
            yield " ".join(words)

    return sorted(leaves(main, []))


class Terminal:
    """Where commands are typed: `network` is what they are to reach."""

    def __init__(self, network):
        self.network = network
        self.home = network.place.path / "home"
        self.home.mkdir(exist_ok=True)
        self.where = ["-H", network.url, *(["-t", network.token] if network.token else [])]
        self.environment = {**os.environ, "SCALEOUT_HOME_DIR": str(self.home), "HOME": str(self.home)}
        # No command may open a window or find files of another run.
        self.environment |= {"BROWSER": "true", "PYTHONUNBUFFERED": "1"}
        self.environment.pop("SCALEOUT_TOKEN_CACHE_DIR", None)

    def run(self, *words, expected=0, **environment):
        """Runs a command to its end and returns what it printed; a traceback is a failure whatever the exit code."""
        result = subprocess.run(
            [str(SCALEOUT), *map(str, words)],
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            stdin=subprocess.DEVNULL,
            cwd=self.home,
            env={**self.environment, **environment},
        )
        printed = result.stdout + result.stderr
        assert result.returncode == expected, f"{words[:3]}: exit {result.returncode}\n{printed}"
        assert "Traceback" not in printed, printed
        self.tried(words)
        return Output(result.stdout, result.stderr)

    def ask(self, *words, expected=0):
        """Like `run`, with the address of the server and the token."""
        return self.run(*words, *self.where, expected=expected)

    def ask_all(self, questions):
        """Several commands at once; returns what each printed."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda words: self.ask(*words), questions))

    def start(self, *words, log):
        """Starts a command and returns its process; what it prints goes to `log`."""
        with log.open("wb") as output:
            return subprocess.Popen(
                [str(SCALEOUT), *map(str, words)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.home,
                env=self.environment,
            )

    def tried(self, words):
        """Notes which command that was."""
        self.network.tried.add(words[0] if words[0] in ("login", "context", "remove") else " ".join(words[:2]))


class Output:
    """What a command printed."""

    def __init__(self, out, err):
        self.out = out
        self.err = err

    @property
    def json(self):
        """The last line of the output; the lines before it are the client's log."""
        return json.loads(self.out.splitlines()[-1])
