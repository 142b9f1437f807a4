"""Runs the conformance cases against a release binary: run.py BINARY [FILTER], FILTER a regular expression."""

import os
import re
import sys
import tempfile
import time
import traceback
from pathlib import Path

import access  # noqa: F401
import bad_input  # noqa: F401
import cli  # noqa: F401
import client  # noqa: F401
import credentials  # noqa: F401
import endpoints  # noqa: F401
import endpoints_files  # noqa: F401
import endpoints_nodes  # noqa: F401
import endpoints_tokens  # noqa: F401
import endpoints_training  # noqa: F401
import events  # noqa: F401
import hostile  # noqa: F401
import imports  # noqa: F401
import ingest  # noqa: F401
import keys  # noqa: F401
import lifecycle  # noqa: F401
import malformed  # noqa: F401
import models  # noqa: F401
import openapi  # noqa: F401
import stopping  # noqa: F401
import tool  # noqa: F401
import uploads  # noqa: F401
from promises import Place, cases


def keeps(case, binary):
    """Runs one case in a place of its own and says how it went."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ledge-") as path:
        try:
            case(Place(binary, path))
        except Exception:
            print(f"✘ {case.__name__}\n{traceback.format_exc(chain=False)}", flush=True)
            return False
    print(f"✔ {case.__name__} ({time.monotonic() - began:.2f} s)", flush=True)
    return True


def main():
    binary = Path(sys.argv[1]).resolve()
    wanted = re.compile(sys.argv[2] if len(sys.argv) > 2 else "")
    # Nothing of this user's may leak in: no cached token of the official client, no proxy between us and the server.
    for name in ("SCALEOUT_AUTH_TOKEN", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        os.environ.pop(name, None)
    os.environ["SCALEOUT_TOKEN_CACHE_DIR"] = tempfile.gettempdir()

    outcomes = [keeps(case, binary) for case in cases if wanted.search(case.__name__)]
    print(f"{outcomes.count(True)} cases kept, {outcomes.count(False)} broken")
    sys.exit(0 if all(outcomes) else 1)


main()
