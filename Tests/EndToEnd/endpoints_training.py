"""Endpoints of sessions, of what is run in them, and of the controller.

No client is online here, so what needs an edge client is refused with the reference's sentence; sessions that really train
are in the tests of Control.
"""

from endpoints import endpoints
from network import page
from stored import NETWORK, command, config, run, session

FEW = "Number of available clients is lower than the required minimum of 1"


@endpoints.tries("POST /api/v1/sessions", "PATCH /api/v1/sessions/{id}", "PUT /api/v1/sessions/{id}")
def a_session_is_made_changed_and_replaced(network):
    # The reference's own example, with a description and few settings.
    made = network.post(
        "sessions",
        201,
        name="My training session",
        description="Experiment 1",
        session_config={"model_id": "model-2", "rounds": 10, "clients_required": 3},
    )
    expected = {**config("model-2"), "rounds": 10, "clients_required": 3, "round_timeout": 180}
    assert made["session_config"] == expected
    assert (made["status"], made["seed_model_id"], made["description"]) == ("Created", "model-2", "Experiment 1")
    path = f"sessions/{made['session_id']}"
    assert network.get(path) == made

    changed = network.do("PATCH", path, name="Another", session_id="ignored", session_config={"rounds": 4})
    assert changed == {
        **made,
        "name": "Another",
        "session_config": {**expected, "rounds": 4},
        "updated_at": changed["updated_at"],
    }
    assert network.do("PATCH", f"{path}/", description=None)["description"] is None
    for slash in ("", "/"):
        replaced = network.do(
            "PUT", path + slash, name="New", session_id="ignored", session_config={"model_id": "model-3"}
        )
        assert (replaced["session_id"], replaced["name"], replaced["description"]) == (made["session_id"], "New", None)
        assert replaced["session_config"] == {**config("model-3"), "rounds": 5, "round_timeout": 180}
        assert replaced["committed_at"] == made["committed_at"]
    assert network.get(path) == replaced

    another = network.post("sessions/", 201, session_config={"model_id": "model-1", "helper_type": "binaryhelper"})
    assert (another["name"], another["session_config"]["helper_type"]) == (None, "binaryhelper")
    assert network.get("sessions/count") == 5


@endpoints.tries(refused=["POST /api/v1/sessions", "PATCH /api/v1/sessions/{id}", "PUT /api/v1/sessions/{id}"])
def a_session_that_makes_no_sense_is_refused(network):
    for slash in ("", "/"):
        sessions = f"sessions{slash}"
        assert "session_config" in network.refusal(400, "POST", sessions, name="empty")
        assert "model_id" in network.refusal(400, "POST", sessions, session_config={"rounds": 3})
        assert "colour" in network.refusal(400, "POST", sessions, session_config=config("model-1"), colour="red")
        for member, wrong in (("rounds", "many"), ("server_functions", 7), ("validate", "yes"), ("colour", "red")):
            setting = {**config("model-1"), member: wrong}
            assert member in network.refusal(400, "POST", sessions, session_config=setting)
        long = {**config("model-1"), "server_functions": "#" * 300_000}
        assert "server_functions" in network.refusal(400, "POST", sessions, session_config=long)
        for method in ("PATCH", "PUT"):
            whole = {"name": "New", "session_config": config("model-1")}
            assert network.refusal(404, method, f"sessions/none{slash}", **whole) == "Entity with id: none not found"
            network.refusal(400, method, f"sessions/session-1{slash}", session_config={"rounds": [1]})
    assert network.get("sessions/count") == 3


@endpoints.tries(refused=["POST /api/v1/sessions/start", "POST /api/v1/control/start_session"])
def a_session_without_clients_is_refused_in_the_references_words(network):
    for start in ("sessions/start", "sessions/start/", "control/start_session", "control/start_session/"):

        def refusal(**body):
            return network.refusal(400, "POST", start, **body)

        assert refusal(session_id="session-3", client_ids=["edge-1"]) == "client_ids must be a comma separated string"
        assert refusal() == refusal(session_id="") == "Session ID is required"
        assert refusal(session_id="none") == "Session with specified ID does not exist"
        assert refusal(session_id="session-3") == FEW
        assert refusal(session_id="session-3", client_ids="edge-1,edge-2") == FEW
    network.do("PATCH", "sessions/session-3", session_config={"clients_required": 3})
    assert refusal(session_id="session-3", rounds=2).endswith("minimum of 3")
    assert network.get("sessions/session-3")["status"] == "Created"
    assert network.get("/get_controller_status") == {"state": "idle"}


@endpoints.tries(
    "GET /get_controller_status",
    "POST /api/v1/control/continue",
    "POST /api/v1/control/skip",
    "POST /api/v1/control/stop",
)
def signals_to_an_idle_controller_are_taken(network):
    assert network.get("/get_controller_status") == {"state": "idle"}
    for signal in ("continue", "skip", "stop"):
        for slash in ("", "/"):
            assert network.post(f"control/{signal}{slash}") == {"message": f"Sent {signal} signal"}
    assert network.get("/get_controller_status") == {"state": "idle"}


@endpoints.tries(
    refused=[
        "POST /api/v1/control/run_command",
        "POST /api/v1/control/start_inference",
        "POST /api/v1/models/{id}/stage",
        "POST /api/v1/validations/start",
    ]
)
def commands_without_an_online_client_are_refused(network):
    for slash in ("", "/"):
        command, inference = f"control/run_command{slash}", f"control/start_inference{slash}"
        stage, validate = f"models/model-1/stage{slash}", f"validations/start{slash}"
        flat = {"command_type": "Ping", "paramA": "value1", "paramB": 123}
        nested = {
            "command_type": "Custom_Ping",
            "synchronous": False,
            "timeout": None,
            "client_ids": None,
            "parameters": {"a": 1},
        }
        for body in (flat, nested):
            assert network.refusal(400, "POST", command, **body) == FEW
        assert "command_type" in network.refusal(400, "POST", command, paramA="value1")
        assert "Fedn_" in network.refusal(400, "POST", command, command_type="Fedn_Stop")
        network.refusal(400, "POST", command, command_type="Ping", timeout="soon and again")

        order = {"model_id": "model-1", "synchronous": True, "timeout": None, "parameters": None, "client_ids": None}
        assert network.refusal(400, "POST", inference, **order) == FEW
        assert "model_id" in network.refusal(400, "POST", inference, synchronous=True)
        assert "none" in network.refusal(404, "POST", inference, model_id="none")
        assert network.refusal(400, "POST", stage, client_ids=None) == FEW
        assert network.refusal(400, "POST", stage, client_ids=["edge-1"]) == FEW
        assert "none" in network.refusal(404, "POST", f"models/none/stage{slash}", client_ids=None)
        assert network.refusal(400, "POST", validate, session_id="session-1", model_id="model-1") == FEW
        assert "model_id" in network.refusal(400, "POST", validate, session_id="session-1")
        assert "none" in network.refusal(404, "POST", validate, session_id="session-1", model_id="none")
        network.refusal(400, "POST", validate, session_id="none", model_id="model-1")
    assert network.get("commands/count") == len(NETWORK["commands"])


@endpoints.tries("GET /api/v1/commands/roots", "POST /api/v1/commands/{id}/skip", "POST /api/v1/commands/{id}/stop")
def commands_are_found_by_their_roots_and_signalled(network):
    assert page(network.get("commands/roots"), "correlation_id") == (2, ["command-2", "command-1"])
    assert page(network.get("commands/roots", X_Limit="1"), "correlation_id") == (2, ["command-2"])
    for signal in ("skip", "stop"):
        for slash in ("", "/"):
            answer = network.post(f"commands/command-2/{signal}{slash}", correlation_id="command-2")
            assert answer == {"message": f"Sent {signal} signal", "correlation_id": "command-2"}
            assert "none" in network.refusal(404, "POST", f"commands/none/{signal}{slash}", correlation_id="none")
    # One that has ended stays as it ended.
    assert network.get("commands/command-2")["status"] == "COMPLETED"


# A session as a server that was killed left it: the next one goes on with it, and waits for clients.
STARTED = {
    "models": [{"model_id": "model-9", "name": "name_9", "session_id": "session-9"}],
    "sessions": [session("session-9", "under way", "Started", model="model-9")],
    "runs": [{**run("run-9", "session-9", "Started", 3), "completed_at": None, "completed_at_model_id": None}],
    "commands": [
        {
            **command("command-9", None, "Scaleout_StartSession"),
            "status": "RUNNING",
            "session_id": "session-9",
            "parameters": {
                "session_id": "session-9",
                "run_id": "run-9",
                "first_round": 11,
                "rounds": 3,
                "round_timeout": 60,
            },
            "completed_at": None,
        }
    ],
}


@endpoints.tries("POST /api/v1/control/stop", refused=["POST /api/v1/sessions/start"], more=STARTED)
def a_session_under_way_keeps_others_out_until_it_is_stopped(network):
    assert network.get("/get_controller_status")["state"] in ("instructing", "monitoring")
    assert network.get("sessions/session-9")["status"] == "Started"
    for start in ("sessions/start", "sessions/start/"):
        assert network.refusal(400, "POST", start, session_id="session-1") == "A session is already running!"
    assert network.post("control/stop/") == {"message": "Sent stop signal"}
    assert network.get("/get_controller_status") == {"state": "idle"}
    assert network.get("sessions/session-9")["status"] == "Terminated"
    ended = network.get("runs/run-9")
    assert (ended["status"], ended["completed_at_model_id"]) == ("Terminated", "model-9")
    assert ended["completed_at"] is not None
    assert network.get("commands/command-9")["status"] == "INTERRUPTED"
    assert network.post("control/stop") == {"message": "Sent stop signal"}


@endpoints.tries("POST /api/v1/commands/{id}/stop", "PATCH /api/v1/sessions/{id}", more=STARTED)
def a_session_is_stopped_by_its_command_or_its_document(network):
    if network.token:
        network.post("commands/command-9/stop", correlation_id="command-9")
        network.do("PATCH", "sessions/session-9/", description="ended by its command")
    else:
        network.do("PATCH", "sessions/session-9/", status="Terminated")
        network.post("commands/command-9/stop", correlation_id="command-9")
    network.do("PATCH", "sessions/session-9", description="ended")
    network.post("commands/command-9/stop/", correlation_id="command-9")
    assert network.get("/get_controller_status") == {"state": "idle"}
    assert network.get("sessions/session-9")["status"] == "Terminated"
    assert network.get("runs/run-9")["status"] == "Terminated"
