"""Runs the end-to-end cases against a release binary: the official client, the command line, hostile clients and more.

Examples:
  .venv/bin/python Tests/EndToEnd/run.py
  .venv/bin/python Tests/EndToEnd/run.py --binary .build/debug/ledge upload
"""

import importlib
import os
import re
import tempfile
import time
import traceback

from ledge import command_line
from promises import Place, cases

# Each of these modules adds its cases when it is imported.
MODULES = (
    "access bad_input browser cli client credentials endpoints endpoints_files endpoints_nodes endpoints_tokens "
    "endpoints_training events hostile imports ingest keys lifecycle logs malformed migration models openapi "
    "ownership stopping tool uploads"
).split()


def passes(case, binary):
    """Runs one case in a temporary directory and reports its outcome."""
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
    parser = command_line(__doc__)
    parser.add_argument("filter", nargs="?", default="", help="a regular expression: only cases whose names match")
    options = parser.parse_args()
    # No token and no proxy of the user may have an influence.
    for name in ("SCALEOUT_AUTH_TOKEN", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        os.environ.pop(name, None)
    os.environ["SCALEOUT_TOKEN_CACHE_DIR"] = tempfile.gettempdir()

    for module in MODULES:
        importlib.import_module(module)
    outcomes = [passes(case, options.binary) for case in cases if re.search(options.filter, case.__name__)]
    print(f"{outcomes.count(True)} cases passed, {outcomes.count(False)} failed")
    raise SystemExit(not all(outcomes))


main()
