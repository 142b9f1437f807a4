"""C sources of this folder that are preloaded into a server, to end it or to lie to it."""

import shutil
import subprocess
import sys
from pathlib import Path

SOURCES = Path(__file__).resolve().parent


def compiler():
    """A C compiler; Swift brings one, which need not be on PATH."""
    found = shutil.which("cc") or shutil.which("clang")
    if found:
        return found
    swift = shutil.which("swift") or sys.exit("there is neither a C compiler nor Swift")
    return Path(swift).resolve().parent / "clang"


def library(name, directory):
    """Compiles NAME.c, and returns what LD_PRELOAD takes."""
    path = Path(directory) / f"{name}.so"
    command = [compiler(), "-O1", "-Wall", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", path]
    subprocess.run([*command, SOURCES / f"{name}.c", "-ldl"], check=True)
    return str(path)
