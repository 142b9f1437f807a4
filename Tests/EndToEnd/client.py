"""Every public method of the official client, called against the real binary on stored data."""

import hashlib
import inspect
import os

import requests
from network import Coverage, page
from promises import DIGITS, promise
from stored import NETWORK, document

client = Coverage("methods of the official client")
FEW = "Number of available clients is lower than the required minimum of 1"
NONE = {"message": "Entity with id: none not found"}


def methods():
    """The public methods of the installed client."""
    from scaleoututil.api.client import Scaleout

    return sorted(name for name, _ in inspect.getmembers(Scaleout, inspect.isfunction) if not name.startswith("_"))


@promise
def every_method_of_the_official_client_has_a_case(place):
    client.check(methods())


def reads(resource, get, list, count):
    """Makes the case of three methods that every resource has."""

    def case(network):
        scaleout = network.client()
        key = next(iter(NETWORK[resource][0]))
        newest = [found[key] for found in NETWORK[resource]][::-1]
        everything = getattr(scaleout, list)()
        assert everything == {"count": len(newest), "result": [document(resource, id) for id in newest]}
        assert page(getattr(scaleout, list)(n_max=1), key) == (len(newest), newest[:1])
        assert getattr(scaleout, count)() == len(newest)
        assert getattr(scaleout, get)(newest[0]) == document(resource, newest[0])
        assert getattr(scaleout, get)("none") == NONE

    case.__name__ = f"the_official_client_reads_{resource}"
    client.tries(get, list, count)(case)


for resource in ("clients", "commands", "rounds", "sessions", "statuses", "validations"):
    singular = "status" if resource == "statuses" else resource.removesuffix("s")
    reads(resource, f"get_{singular}", f"get_{resource}", f"get_{resource}_count")


@client.tries("get_statuses", "get_rounds", "get_sessions", "get_session", "get_validations", "get_validations_count")
def the_official_client_filters(network):
    scaleout = network.client()
    found = page(
        scaleout.get_statuses(
            session_id="session-1", event_type="MODEL_UPDATE", sender_name="edge-1", sender_role="client"
        ),
        "status_id",
    )
    assert found == (1, ["status-1"])
    assert page(scaleout.get_statuses(sender_role="combiner"), "status_id") == (1, ["status-3"])
    assert page(scaleout.get_rounds(filter={"round_config.session_id": "session-1"}), "round_id") == (2, ["2", "1"])
    assert page(scaleout.get_rounds(filter={"round_id": 10}), "round_id") == (1, ["10"])
    # The name gets into the URL as it is, spaces and all.
    assert page(scaleout.get_sessions(name="of two words"), "session_id") == (1, ["session-2"])
    assert scaleout.get_session(name="of two words") == document("sessions", "session-2")
    assert scaleout.get_session(name="of no words") == {"message": "Session not found."}
    everything = {"session_id": "session-1", "model_id": "model-2", "correlation_id": "of validation-2"}
    sender = {"sender_name": "edge-2", "sender_role": "client", "sender_client_id": "edge-2"}
    assert page(scaleout.get_validations(**everything, **sender, n_max=5), "validation_id") == (1, ["validation-2"])
    assert scaleout.get_validations_count(session_id="session-1") == 2


@client.tries("get_metrics", "get_metrics_count")
def the_official_client_reads_metrics(network):
    scaleout = network.client()
    assert page(scaleout.get_metrics(), "metric_id") == (3, ["metric-3", "metric-2", "metric-1"])
    everything = {"session_id": "session-1", "model_id": "model-1", "round_id": "1", "key": "loss"}
    sender = {"sender_name": "edge-2", "sender_role": "client", "sender_client_id": "edge-2"}
    found = scaleout.get_metrics(**everything, **sender, n_max=5)
    assert found == {"count": 1, "result": [document("metrics", "metric-2")]}
    assert (
        scaleout.get_metrics_count(),
        scaleout.get_metrics_count("session-1"),
        scaleout.get_metrics_count("none"),
    ) == (3, 3, 0)


@client.tries("get_clients_count", "get_active_clients", "get_client_config")
def the_official_client_finds_who_is_online(network):
    scaleout = network.client()
    active = scaleout.get_active_clients()
    assert scaleout.get_clients_count(only_active=True) == active["count"]
    assert all(found["status"] == "online" for found in active["result"])
    assert scaleout.get_active_clients(combiner_id="main", n_max=1)["count"] == active["count"]
    assert scaleout.get_active_clients(combiner_id="spare") == {"count": 0, "result": []}
    config = {"network_id": "ledge", "discover_host": "127.0.0.1", "discover_port": network.server.port}
    assert scaleout.get_client_config() == scaleout.get_client_config(checksum=False) == config


@client.tries("get_combiner", "get_combiners", "get_combiners_count", "set_public_hostname")
def the_official_client_reads_and_names_combiners(network):
    scaleout = network.client()
    assert page(scaleout.get_combiners(), "combiner_id") == (2, ["spare", "main"])
    assert page(scaleout.get_combiners(n_max=1), "combiner_id") == (2, ["spare"])
    assert scaleout.get_combiners_count() == 2
    assert scaleout.set_public_hostname("main", "public.example.com:8443")["message"] == "Combiner updated"
    combiner = scaleout.get_combiner("main")
    assert (combiner["name"], combiner["public_hostname"]) == ("main", "public.example.com:8443")
    assert raised(RuntimeError, scaleout.set_public_hostname, "none", "a") == NONE["message"]


def raised(error, function, *arguments):
    """The text of the error that a call has to raise."""
    try:
        answer = function(*arguments)
    except error as raised:
        return str(raised)
    raise AssertionError(f"it raised no {error.__name__}: {answer}")


@client.tries("get_commands", "get_commands_roots", "step_command", "stop_command")
def the_official_client_follows_commands(network):
    scaleout = network.client()
    assert page(scaleout.get_commands(parent_correlation_id="command-1"), "correlation_id") == (2, ["task-2", "task-1"])
    assert page(scaleout.get_commands_roots(), "correlation_id") == (2, ["command-2", "command-1"])
    assert page(scaleout.get_commands_roots(n_max=1), "correlation_id") == (2, ["command-2"])
    assert scaleout.step_command("command-2") == {"message": "Sent skip signal", "correlation_id": "command-2"}
    assert scaleout.stop_command("command-2") == {"message": "Sent stop signal", "correlation_id": "command-2"}
    assert "none" in scaleout.step_command("none")["message"]
    assert "none" in scaleout.stop_command("none")["message"]


@client.tries(
    "get_model",
    "get_models",
    "get_models_count",
    "get_active_model",
    "get_model_trail",
    "download_model",
    "set_active_model",
)
def the_official_client_keeps_models(network):
    scaleout = network.client()
    seed = network.place.file("seed.npz", DIGITS.read_bytes())
    # As the client does it: the helper, the chunks, a form.
    answer = scaleout.set_active_model(str(seed))
    assert answer["message"] == "Model added successfully"
    active = scaleout.get_active_model()
    assert active == scaleout.get_model(active["model_id"])
    assert (active["file_name"], active["helper"], active["parent_model"]) == ("seed.npz", "numpyhelper", None)
    ids = [active["model_id"], "model-3", "model-2", "model-1"]
    assert page(scaleout.get_models(), "model_id") == (4, ids)
    assert page(scaleout.get_models(n_max=2), "model_id") == (4, ids[:2])
    assert scaleout.get_models(session_id="session-1") == {"count": 0, "result": []}
    assert scaleout.get_models_count() == 4
    back = network.place.path / "back.npz"
    assert scaleout.download_model(active["model_id"], str(back))["success"]
    assert back.read_bytes() == DIGITS.read_bytes()
    assert scaleout.download_model("none", str(back)) == {"success": False, "message": "Failed to download model."}
    assert scaleout.get_model("none") == NONE

    def trail(*arguments, **options):
        return [model["model_id"] for model in scaleout.get_model_trail(*arguments, **options)]

    assert trail() == ids[:1]
    assert trail("model-3") == ["model-1", "model-2", "model-3"]
    assert trail("model-3", include_self=False, reverse=False, n_max=1) == ["model-2"]
    broken = network.place.file("broken.npz", b"no archive")
    assert raised(RuntimeError, scaleout.set_active_model, str(broken)).startswith("Failed to add model.")
    binary = network.place.file("seed.bin", os.urandom(2_000_000))
    scaleout.set_active_model(str(binary))
    assert scaleout.get_active_model()["helper"] == network.get("helpers/active") == "binaryhelper"


@client.tries(
    "get_package",
    "get_packages",
    "get_packages_count",
    "get_active_package",
    "get_package_checksum",
    "download_package",
    "set_active_package",
    "get_client_config",
)
def the_official_client_keeps_packages(network):
    scaleout = network.client()
    back = network.place.path / "back.tgz"
    assert scaleout.get_active_package() == {"message": "Entity not found"}
    assert scaleout.get_package_checksum()["message"] == "Entity not found"
    assert not scaleout.download_package(str(back))["success"]
    contents = [os.urandom(1_000_000), os.urandom(10)]
    for content, restart in zip(contents, (False, True), strict=True):
        file = network.place.file("my package.tgz", content)
        name = "my pkg & co" if restart else "first"
        answer = scaleout.set_active_package(str(file), "numpyhelper", name, "described", restart_clients=restart)
        assert answer["message"] == "Package uploaded"
        active = scaleout.get_active_package()
        assert (active["name"], active["description"], active["file_name"]) == (name, "described", "my package.tgz")
        assert scaleout.download_package(str(back))["success"]
        assert back.read_bytes() == content
        checksum = hashlib.sha256(content).hexdigest()
        assert scaleout.get_package_checksum()["checksum"] == scaleout.get_client_config()["checksum"] == checksum
        assert "checksum" not in scaleout.get_client_config(checksum=False)
    count, [newest] = page(scaleout.get_packages(n_max=1), "package_id")
    assert (count, scaleout.get_packages_count()) == (2, 2)
    assert scaleout.get_package(newest) == active
    assert scaleout.get_package("none") == NONE


@client.tries("get_controller_status", "step_current_command", "stop_current_command")
def the_official_client_signals_the_controller(network):
    scaleout = network.client()
    assert scaleout.get_controller_status() == {"state": "idle"}
    assert scaleout.step_current_command() == {"message": "Sent continue signal"}
    assert scaleout.stop_current_command() == {"message": "Sent stop signal"}


@client.tries("start_session", "get_session_status", "session_is_finished", "continue_session")
def the_official_client_reports_why_a_session_does_not_start(network):
    scaleout = network.client()
    answer = scaleout.start_session(name="by the client", rounds=2, round_timeout=30, aggregator_kwargs={"a": 1})
    assert answer == {"message": FEW, "session_id": answer["session_id"]}
    made = scaleout.get_session(answer["session_id"])
    config = made["session_config"]
    # The newest model and the active helper, which the client asked for.
    assert made["seed_model_id"] == config["model_id"] == scaleout.get_active_model()["model_id"] == "model-3"
    assert (config["helper_type"], config["rounds"], config["round_timeout"]) == ("numpyhelper", 2, 30)
    assert (config["buffer_size"], config["clients_required"], config["validate"]) == (-1, 1, True)
    assert config["aggregator_kwargs"] == {"a": 1}
    assert scaleout.get_session_status(made["session_id"]) == made["status"] == "Created"
    assert scaleout.get_session_status("none") == "Could not retrieve session status."
    assert not scaleout.session_is_finished(made["session_id"])
    assert scaleout.session_is_finished("session-1")

    assert scaleout.continue_session(made["session_id"]) == {"message": "Session is already running."}
    assert scaleout.continue_session("none") == {"message": "Session not found."}
    assert scaleout.continue_session("session-1", rounds=1, round_timeout=5) == {"message": FEW}
    assert scaleout.get_session("session-1") == document("sessions", "session-1")
    few = scaleout.start_session(model_id="model-1", min_clients=4, helper="numpyhelper")
    assert few["message"].endswith("required minimum of 4")


@client.tries("start_session")
def a_session_with_functions_of_its_own_is_kept(network):
    from scaleoututil.serverfunctions.allowed_import import ServerFunctionsBase

    class Functions(ServerFunctionsBase):
        def aggregate(self, previous_global, client_updates):
            return previous_global

    answer = network.client().start_session(model_id="model-1", server_functions=Functions)
    kept = network.get(f"sessions/{answer['session_id']}")["session_config"]["server_functions"]
    assert kept == inspect.getsource(Functions)


@client.tries("run_custom_command", "stage_model", "start_inference", "start_validation")
def the_official_client_reports_that_no_client_is_online(network):
    scaleout = network.client()
    command = scaleout.run_custom_command("Ping", synchronous=True, timeout=5, parameters={"a": 1})
    assert not command["success"] and "Status code: 400" in command["message"] and FEW in command["message"]
    assert scaleout.stage_model("model-1") == {"message": FEW}
    assert scaleout.stage_model("model-1", client_ids=["edge-1"]) == {"message": FEW}
    assert scaleout.start_inference("model-1", parameters={"a": 1}, timeout=5) == {"message": FEW}
    assert scaleout.start_validation("session-1", "model-1") == {"message": FEW}
    for answer in (
        scaleout.stage_model("none"),
        scaleout.start_inference("none"),
        scaleout.start_validation("session-1", "none"),
    ):
        assert "none" in answer["message"]


@client.tries("add_attributes", "get_current_attributes", "get_attribute_trail")
def the_official_client_adds_attributes(network):
    scaleout = network.client()
    assert scaleout.get_current_attributes("edge-1") == {"edge-1": {"charging": "true"}}
    added = scaleout.add_attributes({"key": "charging", "value": "full", "entity_id": "edge-1"})
    assert (added["entity_id"], added["sender"]["role"]) == ("edge-1", "client")
    expected = {"edge-1": {"charging": "full"}, "edge-2": {"site": "Umeå"}}
    assert scaleout.get_current_attributes(["edge-1", "edge-2"]) == expected
    trail = scaleout.get_attribute_trail("edge-1")
    assert (trail["count"], [found["value"] for found in trail["result"]]) == (3, ["full", "true", "false"])
    refusal = raised(requests.HTTPError, scaleout.add_attributes, {"key": "charging", "entity_id": "edge-1"})
    assert refusal.startswith("400 ")


@client.tries("add_status")
def the_official_client_adds_statuses(network):
    scaleout = network.client()
    words = {"type": "MODEL_UPDATE", "log_level": "INFO", "status": "Training complete"}
    added = scaleout.add_status({**words, "sender": {"client_id": "edge-1"}})
    assert added["sender"]["name"] == "name of edge-1"
    assert added.items() >= words.items()
    assert network.get(f"statuses/{added['status_id']}") == added
    assert raised(requests.HTTPError, scaleout.add_status, {**words, "sender": {"client_id": "unknown"}}).startswith(
        "400 "
    )
