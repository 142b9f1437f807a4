"""Runs a session of three rounds on handwritten digits, controlled by the official client, and kills its server in round two.

The next server must finish the session. The server is ledge-trainers, whose clients train in its process.

Example:
  .venv/bin/python Tests/EndToEnd/session.py
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import requests
from ledge import ROOT, Server, command_line, until
from scaleoututil.api.client import Scaleout

WIDTHS = [64, 128, 64, 10]
SEED = 20261124
DIGITS = ROOT / "fixtures/digits/digits.npz"


def write_untrained(path):
    """Writes an untrained network, as numpyhelper does."""
    random = np.random.default_rng(SEED)
    arrays = []
    for inputs, outputs in zip(WIDTHS, WIDTHS[1:]):
        limit = np.sqrt(6 / (inputs + outputs))
        arrays.append(random.uniform(-limit, limit, (inputs, outputs)).astype(np.float32))
        arrays.append(np.zeros(outputs, np.float32))
    np.savez_compressed(path, **{str(index): array for index, array in enumerate(arrays)})


def accuracy(path):
    """The share of all 1,797 digits that the network in this file recognizes."""
    with np.load(path) as file:
        arrays = [file[str(index)] for index in range(len(file.files))]
    with np.load(DIGITS) as file:
        values, labels = file["0"].astype(np.float32) / 16, file["1"]
    for weights, biases in zip(arrays[0:-2:2], arrays[1:-2:2]):
        values = np.maximum(values @ weights + biases, 0)
    return ((values @ arrays[-2] + arrays[-1]).argmax(axis=1) == labels).mean()


def wait(condition):
    until(condition, 0.02)


def statuses(client, session):
    """The statuses of the session's rounds, in order."""
    rounds = client.get_rounds(filter={"round_config.session_id": session})["result"]
    return [round["status"] for round in sorted(rounds, key=lambda round: int(round["round_id"]))]


def send_commands(client, session, model):
    """Sends every command that a client has to execute, with the official client, and waits until it is executed."""
    done = client.run_custom_command("Ping", synchronous=True, timeout=30, parameters={"word": "hello"})
    assert done["message"] == "Sent command: Custom_Ping", done
    assert [result["status"] for result in done["results"]] == ["COMPLETED"] * 3, done
    pending = client.run_custom_command("Ping", client_ids=[done["results"][0]["client_id"]])
    assert pending["message"] == "Command Custom_Ping is pending", pending
    commands = [pending["correlation_id"]]
    for answer in (
        client.start_inference(model, synchronous=True),
        client.stage_model(model),
        client.start_validation(session, model),
    ):
        assert "correlation_id" in answer, answer
        commands.append(answer["correlation_id"])
    for command in commands:
        wait(lambda: client.get_command(command)["status"] == "COMPLETED")
    validations = client.get_validations(model_id=model)["count"]
    again = requests.post(client._get_url_api_v1("control/start_session"), json={"session_id": session, "rounds": 1})
    assert (again.status_code, again.json()["message"]) == (200, "Session started"), again.text
    wait(lambda: client.session_is_finished(session))
    assert statuses(client, session).count("Finished") == 4
    print(f"commands executed: {len(commands) + 1}; {validations} validations of the last model; one more round")


def run(binary, directory):
    data, seed, trained = directory / "data", directory / "seed.npz", directory / "trained.npz"
    write_untrained(seed)
    with Server(binary, data, options=("--pause", "0.5")) as server:
        client = Scaleout(server.url)
        client.set_active_model(str(seed))
        started = client.start_session(name="digits", rounds=3, min_clients=3, round_timeout=3600)
        session = started["session_id"]
        print("start_session:", {name: started[name] for name in ("message", "session_id")})
        wait(lambda: statuses(client, session) == ["Finished", "Pending"])
        server.kill()
        print("killed in round two")
    with Server(binary, data) as server:
        client = Scaleout(server.url)
        wait(lambda: client.session_is_finished(session))
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
        model = client.get_session(session)["session_config"]["model_id"]
        client.download_model(model, str(trained))
        before, after = accuracy(seed), accuracy(trained)
        print(f"accuracy on all digits: {before:.4f} before, {after:.4f} after")
        finished = statuses(client, session).count("Finished")
        send_commands(client, session, model)
        server.stop()
    print("".join(line for line in server.log.open() if "notice" in line), end="")
    assert finished == 3 and after >= 0.9, f"{finished} rounds finished, accuracy {after}"


def main():
    options = command_line(__doc__, ".build/debug/ledge-trainers").parse_args()
    os.environ["SCALEOUT_TOKEN_CACHE_DIR"] = tempfile.gettempdir()
    with tempfile.TemporaryDirectory(prefix="ledge-") as directory:
        run(options.binary, Path(directory))


main()
