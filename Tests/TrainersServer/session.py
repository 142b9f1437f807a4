"""A session of three rounds on handwritten digits, driven by the official client, whose server is killed in round two.

session.py BINARY: BINARY is ledge-trainers. Needs scaleoututil and numpy; prints what it saw, and fails where the
session is not finished by the next server.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import requests
from scaleoututil.api.client import Scaleout

WIDTHS = [64, 128, 64, 10]
SEED = 20261124
DIGITS = Path(__file__).resolve().parents[2] / "fixtures" / "digits" / "digits.npz"
WAIT_SECONDS = 120


def fresh(path):
    """Writes a network that has learned nothing, as numpyhelper does."""
    random = np.random.default_rng(SEED)
    arrays = []
    for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
        limit = np.sqrt(6 / (inputs + outputs))
        arrays.append(random.uniform(-limit, limit, (inputs, outputs)).astype(np.float32))
        arrays.append(np.zeros(outputs, np.float32))
    np.savez_compressed(path, **{str(index): array for index, array in enumerate(arrays)})


def accuracy(path):
    """How many of all 1,797 digits the network in this file knows."""
    with np.load(path) as file:
        arrays = [file[str(index)] for index in range(len(file.files))]
    with np.load(DIGITS) as file:
        values, labels = file["0"].astype(np.float32) / 16, file["1"]
    for weights, biases in zip(arrays[0:-2:2], arrays[1:-2:2]):
        values = np.maximum(values @ weights + biases, 0)
    return ((values @ arrays[-2] + arrays[-1]).argmax(axis=1) == labels).mean()


def serve(binary, data, *options):
    """Starts the server and returns its process and a client of it."""
    process = subprocess.Popen(
        [binary, "serve", "--data", data, "--listen", "127.0.0.1:0", *options],
        stdout=subprocess.PIPE,
        stderr=open(f"{data}.log", "a"),
        text=True,
    )
    url = process.stdout.readline().removeprefix("listening on ").strip()
    if not url:
        sys.exit(f"the server did not start: {Path(f'{data}.log').read_text()[-2000:]}")
    return process, Scaleout(url)


def until(what, holds):
    """Waits until something holds; fails where it never does."""
    end = time.monotonic() + WAIT_SECONDS
    while not holds():
        if time.monotonic() > end:
            sys.exit(f"never happened: {what}")
        time.sleep(0.02)


def statuses(client, session):
    """The session's rounds and how they stand, in order."""
    rounds = client.get_rounds(filter={"round_config.session_id": session})["result"]
    return [round["status"] for round in sorted(rounds, key=lambda round: int(round["round_id"]))]


def give_orders(client, session, model):
    """Gives every order that needs somebody to carry it out, by the official client, and sees it carried out."""
    done = client.run_custom_command("Ping", synchronous=True, timeout=30, parameters={"word": "hello"})
    assert done["message"] == "Sent command: Custom_Ping", done
    assert [result["status"] for result in done["results"]] == ["COMPLETED"] * 3, done
    pending = client.run_custom_command("Ping", client_ids=[done["results"][0]["client_id"]])
    assert pending["message"] == "Command Custom_Ping is pending", pending
    orders = [pending["correlation_id"]]
    for answer in (
        client.start_inference(model, synchronous=True),
        client.stage_model(model),
        client.start_validation(session, model),
    ):
        assert "correlation_id" in answer, answer
        orders.append(answer["correlation_id"])
    for order in orders:
        until(f"{order} is done", lambda: client.get_command(order)["status"] == "COMPLETED")
    validations = client.get_validations(model_id=model)["count"]
    again = requests.post(client._get_url_api_v1("control/start_session"), json={"session_id": session, "rounds": 1})
    assert (again.status_code, again.json()["message"]) == (200, "Session started"), again.text
    until("the session is finished again", lambda: client.session_is_finished(session))
    assert statuses(client, session).count("Finished") == 4
    print(f"orders carried out: {len(orders) + 1}; {validations} validations of the last model; one round more")


def main():
    binary = sys.argv[1]
    os.environ["SCALEOUT_TOKEN_CACHE_DIR"] = tempfile.gettempdir()
    with tempfile.TemporaryDirectory(prefix="ledge-") as place:
        data, seed = f"{place}/data", f"{place}/seed.npz"
        fresh(seed)
        process, client = serve(binary, data, "--pause", "0.5")
        client.set_active_model(seed)
        started = client.start_session(name="digits", rounds=3, min_clients=3, round_timeout=60)
        session = started["session_id"]
        print("start_session:", {name: started[name] for name in ("message", "session_id") if name in started})
        until("round two has begun", lambda: statuses(client, session) == ["Finished", "Pending"])
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        print("killed -9 in round two")

        process, client = serve(binary, data)
        until("the session is finished", lambda: client.session_is_finished(session))
        time.sleep(0.5)
        print("rounds:", statuses(client, session))
        for name, count in (
            ("models", client.get_models_count()),
            ("validations", client.get_validations_count(session)),
            ("metrics", client.get_metrics_count(session)),
            ("statuses", client.get_statuses_count()),
            ("commands", len(client.get_commands()["result"])),
        ):
            print(f"{name}: {count}")
        trained = f"{place}/trained.npz"
        client.download_model(client.get_session(session)["session_config"]["model_id"], trained)
        before, after = accuracy(seed), accuracy(trained)
        print(f"accuracy on all digits: {before:.4f} before, {after:.4f} after")
        finished = statuses(client, session).count("Finished")
        give_orders(client, session, client.get_session(session)["session_config"]["model_id"])
        process.terminate()
        process.wait()
        print("".join(line for line in Path(f"{data}.log").open() if "notice" in line), end="")
        if finished != 3 or after < 0.9:
            sys.exit("the session was not finished as it was asked for")


main()
