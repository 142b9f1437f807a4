"""Endpoints of models, packages and the files they are made of."""

import hashlib
import os

from endpoints import endpoints
from network import network, page
from promises import DIGITS, promise

CHUNK = 256 * 1024
OCTETS = {"Content-Type": "application/octet-stream"}
HELPERS = "Helper is required to be either 'numpyhelper', 'binaryhelper' or 'androidhelper'"


def download(network, path):
    """The bytes and headers of a path, the same with and without a slash at its end."""
    before, question, after = path.partition("?")
    replies = [network.ask("GET", before + slash + question + after) for slash in ("", "/")]
    assert [reply.status for reply in replies] == [200, 200], replies[0].body[:300]
    assert replies[0].body == replies[1].body
    return replies[0]


def upload(network, content, name="seed.npz", slash=""):
    """Sends a file in chunks and returns its token."""
    begun = network.post(f"file-upload/init{slash}", file_name=name, file_size=len(content), chunk_size=CHUNK)
    path = f"file-upload/{begun['upload_id']}"
    assert (begun["chunk_size"], begun["total_chunks"]) == (CHUNK, -(-len(content) // CHUNK))
    for index in range(begun["total_chunks"]):
        chunk = content[index * CHUNK : (index + 1) * CHUNK]
        reply = network.ask("POST", f"{path}/chunk{slash}", chunk, {"X-Chunk-Index": str(index), **OCTETS})
        received = min((index + 1) * CHUNK, len(content))
        assert (reply.status, reply.json) == (200, {"chunk_index": index, "bytes_received": received})
    complete = network.post(f"{path}/complete{slash}")
    assert (complete["file_name"], complete["file_size"]) == (name, len(content))
    return complete["file_token"]


@endpoints.tries(
    "POST /api/v1/file-upload/init",
    "POST /api/v1/file-upload/{id}/chunk",
    "POST /api/v1/file-upload/{id}/complete",
    "POST /api/v1/models",
    "GET /api/v1/models/{id}/download",
)
def a_file_in_chunks_becomes_a_model(network):
    for slash in ("", "/"):
        content = os.urandom(2 * CHUNK + 8)
        token = upload(network, content, "weights.bin", slash)
        answer = network.post(f"models{slash}", helper="binaryhelper", file_token=token)
        assert (answer["success"], answer["message"]) == (True, "Model added successfully")
        model = network.get(f"models/{answer['model_id']}")
        checksum = hashlib.sha256(content).hexdigest()
        assert (model["file_size"], model["checksum"], model["helper"]) == (len(content), checksum, "binaryhelper")
        back = download(network, f"models/{answer['model_id']}/download")
        assert back.body == content
        assert back.headers["content-type"] == "application/octet-stream"
        # A token works once.
        network.refusal(404, "POST", f"models{slash}", helper="binaryhelper", file_token=token)
    assert network.get("models/count") == 5


@endpoints.tries(refused=["POST /api/v1/models"])
def what_is_no_model_is_refused(network):
    for slash in ("", "/"):
        models = f"models{slash}"
        token = upload(network, DIGITS.read_bytes())
        assert network.refusal(400, "POST", models, helper="foohelper", file_token=token) == HELPERS
        assert "colour" in network.refusal(400, "POST", models, helper="numpyhelper", file_token=token, colour="red")
        assert "file_token" in network.refusal(400, "POST", models, helper="numpyhelper")
        network.refusal(404, "POST", models, helper="numpyhelper", file_token="none")
        broken = upload(network, b"this is no archive of arrays")
        message = network.refusal(400, "POST", models, helper="numpyhelper", file_token=broken)
        assert message.startswith("Failed to add model."), message
        network.refusal(409, "POST", models, helper="numpyhelper", file_token=token, model_id="model-1")
        network.refusal(404, "GET", "models/none/download")
    assert network.get("models/count") == 3


@endpoints.tries("GET /api/v1/file-upload")
def an_abandoned_upload_is_found_in_the_list_and_aborted(network):
    for slash in ("", "/"):
        begun = network.post("file-upload/init", file_name="a file", file_size=10)
        listed = network.get(f"file-upload{slash}")
        assert (listed["count"], [upload["file_name"] for upload in listed["result"]]) == (1, ["a file"])
        assert listed["result"][0] == network.get(f"file-upload/{begun['upload_id']}")
        network.post(f"file-upload/{listed['result'][0]['upload_id']}/abort")
        assert network.get(f"file-upload{slash}") == {"count": 0, "result": []}


@endpoints.tries("GET /api/v1/file-upload/{id}", "POST /api/v1/file-upload/{id}/abort")
def an_upload_tells_how_far_it_is_until_it_is_aborted(network):
    for slash in ("", "/"):
        begun = network.post("file-upload/init", file_name="a file", file_size=CHUNK + 5, chunk_size=CHUNK)
        path = f"file-upload/{begun['upload_id']}"
        assert network.refusal(400, "POST", f"{path}/complete").startswith("Not all chunks have been received")
        network.refusal(400, "POST", f"{path}/chunk")
        reply = network.ask("POST", f"{path}/chunk", bytes(CHUNK), {"X-Chunk-Index": "0"})
        assert reply.status == 200
        ahead = network.ask("POST", f"{path}/chunk", b"12345", {"X-Chunk-Index": "2"})
        assert (ahead.status, ahead.json["message"]) == (400, "Out-of-order chunk: expected 1, received 2")
        state = network.get(path)
        assert (state["file_name"], state["bytes_received"], state["next_chunk_index"]) == ("a file", CHUNK, 1)
        assert network.post(f"{path}/abort{slash}") == {"message": "Upload aborted"}
        for method, rest in (("GET", ""), ("POST", "/abort"), ("POST", "/complete")):
            assert network.refusal(404, method, f"{path}{rest}{slash}") == "Unknown upload_id"
        network.refusal(400, "POST", f"file-upload/init{slash}", file_name="a file")


@endpoints.tries(
    "GET /api/v1/models/{id}/ancestors", "GET /api/v1/models/{id}/descendants", "GET /api/v1/models/leaf-nodes"
)
def models_are_found_by_their_family(network):
    def family(path, **headers):
        return [model["model_id"] for model in network.get(f"models/{path}", **headers)]

    network.upload(
        "models", "b.npz", DIGITS.read_bytes(), model_id="model-4", parent_model="model-1", helper="numpyhelper"
    )
    assert family("model-3/ancestors") == ["model-2", "model-1"]
    assert family("model-3/ancestors?include_self=true") == ["model-3", "model-2", "model-1"]
    assert family("model-3/ancestors?include_self=true", X_Reverse="true") == ["model-1", "model-2", "model-3"]
    assert family("model-3/ancestors?include_self=true", X_Limit="1") == ["model-3", "model-2"]
    assert family("model-1/ancestors") == []
    assert family("model-1/descendants") == ["model-2", "model-4", "model-3"]
    assert family("model-2/descendants?include_self=true") == ["model-2", "model-3"]
    assert family("leaf-nodes") == ["model-4", "model-3"]
    for path in ("ancestors", "descendants"):
        assert network.refusal(404, "GET", f"models/none/{path}") == "Entity with id: none not found"


@endpoints.tries("PATCH /api/v1/models/{id}")
def a_model_is_renamed_and_nothing_else(network):
    before = network.get("models/model-1")
    for slash in ("", "/"):
        after = network.do("PATCH", f"models/model-1{slash}", name=f"renamed{slash}")
        assert after == {**before, "name": f"renamed{slash}", "updated_at": after["updated_at"]}
        network.refusal(400, "PATCH", f"models/model-1{slash}", checksum="0")
        network.refusal(404, "PATCH", f"models/none{slash}", name="a")
    assert network.get("models/model-1") == after


@endpoints.tries("GET /api/v1/helpers/active", "PUT /api/v1/helpers/active")
def the_active_helper_is_a_bare_string(network):
    # The official client gives up on any status but 200 and 400.
    assert network.get("helpers/active") == "numpyhelper"
    for slash, name in (("", "binaryhelper"), ("/", "androidhelper")):
        answer = network.do("PUT", f"helpers/active{slash}", helper=name)
        assert answer == {"message": "Active helper set", "active_helper": name}
        assert network.get("helpers/active") == name
        assert network.refusal(400, "PUT", f"helpers/active{slash}", helper="foohelper") == HELPERS
        assert network.refusal(400, "PUT", f"helpers/active{slash}") == HELPERS
    assert (
        network.post("sessions", 201, session_config={"model_id": "model-1"})["session_config"]["helper_type"] == name
    )


@endpoints.tries(
    *(f"GET /api/v1/packages{rest}" for rest in ("", "/count", "/{id}", "/active", "/checksum", "/download")),
    *(f"POST /api/v1/packages{rest}" for rest in ("", "/count", "/list")),
)
def packages_are_kept_and_the_newest_is_active(network):
    for path in ("active", "checksum", "download"):
        assert network.refusal(404, "GET", f"packages/{path}") == "Entity not found"
    contents = {"first": os.urandom(1000), "the second": os.urandom(400_000)}
    made = []
    for (name, content), slash in zip(contents.items(), ("", "/"), strict=True):
        token = upload(network, content, f"{name}.tgz")
        form = {
            "helper": "numpyhelper",
            "name": name,
            "description": "",
            "file_token": token,
            "file_name": f"{name}.tgz",
        }
        answer = network.post(f"packages{slash}", **form)
        assert answer["message"] == "Package uploaded"
        made.append(answer["package_id"])
        active = network.get("packages/active")
        assert (active["package_id"], active["name"], active["active"]) == (made[-1], name, True)
        checksum = hashlib.sha256(content).hexdigest()
        assert network.get("packages/checksum")["checksum"] == active["checksum"] == checksum

    newest = made[::-1]
    assert (
        page(network.get("packages"), "package_id") == page(network.query("packages/list"), "package_id") == (2, newest)
    )
    assert [found["active"] for found in network.get("packages")["result"]] == [True, False]
    assert network.get("packages/count") == network.query("packages/count") == 2
    assert network.query("packages/count", name="first,third") == 1
    assert page(network.query("packages/list", name="first,third"), "package_id") == (1, made[:1])

    for identifier, (name, content) in zip(made, contents.items(), strict=True):
        package = network.get(f"packages/{identifier}")
        # An edge client asks for the checksum by the name it was given with the bytes.
        for asked in (name, package["file_name"], package["storage_file_name"]):
            back = download(network, f"packages/download?name={asked.replace(' ', '+')}")
            assert back.body == content
            given = back.headers["content-disposition"].partition("filename=")[2].strip('"')
            assert given.endswith(".tgz") and ";" not in given, back.headers
            assert network.get(f"packages/checksum?name={given}")["checksum"] == package["checksum"]
    assert download(network, "packages/download").body == contents["the second"]
    # A name that is asked for and not there is not answered with another package.
    for path in ("download", "checksum"):
        assert network.refusal(404, "GET", f"packages/{path}?name=third") == "Entity not found"
    assert network.refusal(404, "GET", "packages/none") == "Entity with id: none not found"


@endpoints.tries("PUT /api/v1/packages/active", "DELETE /api/v1/packages/active")
def another_package_is_made_active_or_none(network):
    made = [network.add_package(name.encode(), f"{name}.tgz", name=name)["package_id"] for name in ("a", "b")]
    for slash, identifier in (("", made[0]), ("/", made[1])):
        network.do("PUT", f"packages/active{slash}", id=identifier)
        assert network.get("packages/active")["package_id"] == identifier
        assert [found["package_id"] for found in network.get("packages?active=true")["result"]] == [identifier]
        assert network.refusal(404, "PUT", f"packages/active{slash}", id="none") == "Entity with id: none not found"
    network.do("DELETE", "packages/active")
    network.refusal(404, "GET", "packages/active")
    network.do("DELETE", "packages/active/")
    assert network.get("packages/count") == 2


@endpoints.tries("DELETE /api/v1/models/{id}", "DELETE /api/v1/packages/{id}")
def a_model_or_a_package_is_deleted_with_its_file(network):
    for slash, identifier in (("", "model-3"), ("/", "model-2")):
        path = f"models/{identifier}{slash}"
        assert network.do("DELETE", path) == {"message": "Model deleted"}
        assert network.refusal(404, "DELETE", path) == f"Entity with id: {identifier} not found"
        network.refusal(404, "GET", f"models/{identifier}/download")
    assert network.get("models/count") == 1
    for slash in ("", "/"):
        first, second = (network.add_package(name.encode(), f"{name}.tgz")["package_id"] for name in ("a", "b"))
        assert "is the active one" in network.refusal(409, "DELETE", f"packages/{second}{slash}")
        assert network.do("DELETE", f"packages/{first}{slash}") == {"message": "Package deleted"}
        network.refusal(404, "DELETE", f"packages/{first}{slash}")
    assert network.get("packages/count") == 2
    assert len(list((network.place.data / "blobs").glob("*/*.zst"))) == 3


@endpoints.tries(refused=["POST /api/v1/packages"])
def what_is_no_package_is_refused(network):
    for slash in ("", "/"):
        form = {"helper": "numpyhelper", "name": "a", "file_token": upload(network, b"content", "a.tgz")}
        packages = f"packages{slash}"
        assert "file_name" in network.refusal(400, "POST", packages, **form, file_name="a.exe")
        network.refusal(400, "POST", packages, **form, file_name="../a.tgz")
        assert network.refusal(400, "POST", packages, **{**form, "helper": "foo"}) == HELPERS
        network.refusal(404, "POST", packages, **{**form, "file_token": "none"})
        assert "file_token" in network.refusal(400, "POST", packages, helper="numpyhelper", name="a")
    assert network.get("packages/count") == 0


@promise
def files_survive_a_kill(place):
    with network(place, authentication=False) as stored:
        made = stored.add_package(b"content")["package_id"]
        stored.do("PUT", "helpers/active", helper="binaryhelper")
        stored.server.kill()
    with place.server() as server:
        assert server.ask("GET", "/api/v1/packages/active").json["package_id"] == made
        assert server.ask("GET", "/api/v1/packages/download").body == b"content"
        assert server.ask("GET", "/api/v1/models/model-2/download").body == DIGITS.read_bytes()
        assert server.ask("GET", "/api/v1/helpers/active").json == "binaryhelper"
    place.check()
