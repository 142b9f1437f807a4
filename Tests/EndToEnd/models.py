"""Models through the official client: what was uploaded is what comes back."""

import io
import json
import subprocess
import uuid

import numpy as np
import requests
from ledge import ROOT
from promises import DIGITS, client, message, promise
from scaleoututil.helpers.helpers import get_helper


def weights(byte_count, seed=7):
    """A model file of about `byte_count` bytes, as the numpyhelper saves one."""
    file = io.BytesIO()
    array = np.random.default_rng(seed).standard_normal(byte_count // 4, dtype=np.float32)
    np.savez(file, **{"0": array[: len(array) // 2], "1": array[len(array) // 2 :]})
    return file.getvalue()


def add_model(server, path=DIGITS):
    """Uploads a model with the official client and returns its id."""
    scaleout = client(server)
    scaleout.set_active_model(str(path))
    return scaleout.get_active_model()["model_id"]


@promise
def a_trained_model_comes_back_bit_for_bit(place):
    with place.server() as server:
        scaleout = client(server)
        assert isinstance(scaleout.set_active_model(str(DIGITS)), dict)
        listed = scaleout.get_models()
        assert listed["count"] == 1
        back = place.path / "back.npz"
        assert scaleout.download_model(listed["result"][0]["model_id"], str(back))["success"]
        assert back.read_bytes() == DIGITS.read_bytes()
        shapes = [array.shape for array in get_helper("numpyhelper").load(str(back))]
        assert shapes == [(64, 128), (128,), (128, 64), (64,), (64, 10), (10,)]
    place.check()


@promise
def a_model_of_many_chunks_comes_back_bit_for_bit(place):
    path = place.file("seed.npz", weights(5_000_000))
    with place.server() as server:
        identifier = add_model(server, path)
        back = place.path / "back.npz"
        assert client(server).download_model(identifier, str(back))["success"]
        assert back.read_bytes() == path.read_bytes()
    place.check()


@promise
def the_newest_model_is_the_active_one(place):
    with place.server() as server:
        first = add_model(server)
        second = add_model(server, place.file("seed.npz", weights(100_000)))
        scaleout = client(server)
        assert first != second
        assert scaleout.get_models_count() == 2
        assert [model["model_id"] for model in scaleout.get_models()["result"]] == [second, first]
        newest = scaleout.get_models(n_max=1)
        assert (newest["count"], [model["model_id"] for model in newest["result"]]) == (2, [second])


@promise
def a_model_carries_its_id_twice(place):
    with place.server() as server:
        identifier = add_model(server)
        model = client(server).get_model(identifier)
        assert model["model_id"] == model["model"] == identifier
        assert model["parent_model"] is None
        assert model["session_id"] is None
        assert model["committed_at"].endswith("Z")


@promise
def the_trail_of_a_seed_model_is_itself(place):
    with place.server() as server:
        identifier = add_model(server)
        scaleout = client(server)
        assert [model["model_id"] for model in scaleout.get_model_trail()] == [identifier]
        assert scaleout.get_model_trail(identifier, include_self=False) == []


@promise
def the_trail_follows_the_parents(place):
    with place.server() as server:
        seed = add_model(server)
        trail = [seed]
        for number in range(3):
            form = {"helper": "numpyhelper", "parent_model": trail[-1], "name": f"round_{number}"}
            with DIGITS.open("rb") as file:
                reply = requests.post(f"{server.url}/api/v1/models/", files={"file": ("seed.npz", file)}, data=form)
            assert reply.status_code < 300, reply.text
            trail.append(client(server).get_active_model()["model_id"])
        scaleout = client(server)
        assert [model["model_id"] for model in scaleout.get_model_trail()] == trail
        nearest = scaleout.get_model_trail(trail[-1], include_self=False, reverse=False, n_max=2)
        assert [model["model_id"] for model in nearest] == [trail[2], trail[1]]


@promise
def an_unknown_model_is_not_found(place):
    with place.server() as server:
        scaleout = client(server)
        missing = str(uuid.uuid4())
        assert scaleout.get_model(missing) == {"message": f"Entity with id: {missing} not found"}
        assert not scaleout.download_model(missing, str(place.path / "none"))["success"]
        message(server.ask("GET", f"/api/v1/models/{missing}/ancestors"), 404)


@promise
def a_repository_without_models_is_an_empty_list(place):
    with place.server() as server:
        scaleout = client(server)
        assert scaleout.get_models() == {"count": 0, "result": []}
        assert scaleout.get_models_count() == 0
        assert scaleout.get_active_model() == {"count": 0, "result": []}


@promise
def a_range_of_a_model_is_that_part_of_the_file(place):
    whole = weights(3_000_000)
    path = place.file("seed.npz", whole)
    with place.server() as server:
        url = f"/api/v1/models/{add_model(server, path)}/download"
        complete = server.ask("GET", url)
        assert complete.status == 200
        assert int(complete.headers["content-length"]) == len(whole)
        tag = complete.headers["etag"]
        assert tag.startswith('"') and tag.endswith('"')

        size = len(whole)
        for text, part in {
            "bytes=0-0": slice(0, 1),
            "bytes=262143-262144": slice(262_143, 262_145),
            "bytes=921000-2000000": slice(921_000, 2_000_001),
            f"bytes={size - 1}-": slice(size - 1, size),
            "bytes=-100": slice(size - 100, size),
            "bytes=10-99999999999": slice(10, size),
        }.items():
            reply = server.ask("GET", url, headers={"Range": text})
            assert reply.status == 206, text
            assert reply.body == whole[part], text
            first, last, _ = part.indices(size)
            assert reply.headers["content-range"] == f"bytes {first}-{last - 1}/{size}", text

        beyond = server.ask("GET", url, headers={"Range": f"bytes={size}-"})
        assert beyond.headers["content-range"] == f"bytes */{size}"
        message(beyond, 416)
        stale = server.ask("GET", url, headers={"Range": "bytes=0-9", "If-Range": '"another"'})
        assert (stale.status, stale.body) == (200, whole)


@promise
def a_model_arrives_as_one_multipart_form_too(place):
    with place.server() as server:
        with DIGITS.open("rb") as file:
            reply = requests.post(
                f"{server.url}/api/v1/models/", files={"file": ("seed.npz", file)}, data={"helper": "numpyhelper"}
            )
        assert reply.status_code < 300, reply.text
        identifier = client(server).get_active_model()["model_id"]
        assert server.ask("GET", f"/api/v1/models/{identifier}/download").body == DIGITS.read_bytes()
    place.check()


@promise
def a_form_of_curl_may_have_its_file_first_or_no_length(place):
    with place.server() as server:
        for arguments in (
            ("-F", f"file=@{DIGITS};filename=seed.npz", "-F", "helper=numpyhelper", "-F", "model_id=first"),
            ("-F", "model_id=chunked", "-F", f"file=@{DIGITS}", "-H", "Transfer-Encoding: chunked"),
        ):
            command = ["curl", "-sS", "--fail-with-body", f"{server.url}/api/v1/models/", *arguments]
            ran = subprocess.run(command, capture_output=True, text=True)
            assert ran.returncode == 0, ran.stdout + ran.stderr
            identifier = json.loads(ran.stdout)["model_id"]
            assert server.ask("GET", f"/api/v1/models/{identifier}/download").body == DIGITS.read_bytes()
    place.check()


@promise
def a_model_of_any_format_is_stored_with_what_it_contains(place):
    formats = ROOT / "fixtures/formats"
    with place.server() as server:
        for name, format, dtypes in (
            ("two.safetensors", "safetensors", ["float16", "float32"]),
            ("two.gguf", "gguf", ["float16", "float32"]),
            ("torch.pt", "pytorch", None),
            ("positional.npz", "npz", ["float16", "float32"]),
        ):
            made = place.tool("upload", formats / name, "--server", server.url, "--as-model", "--json")
            assert made.returncode == 0, made.stderr
            model = json.loads(made.stdout)["model"]
            contents = model["contents"]
            assert (contents["format"], contents["dtypes"]) == (format, dtypes), contents
            assert contents["averageable"] == (format == "npz"), contents
            assert ("cannot be averaged" in made.stderr) == (format != "npz"), made.stderr
            assert client(server).get_model(model["model_id"])["contents"] == contents
            assert server.ask("GET", f"/api/v1/models/{model['model_id']}/download").body == (formats / name).read_bytes()
        empty = place.tool("upload", place.file("empty.onnx", b""), "--server", server.url, "--as-model")
        assert empty.returncode == 1 and "The file is empty" in empty.stderr, empty.stderr
    place.check()


@promise
def an_unknown_file_token_makes_no_model(place):
    with place.server() as server:
        form = {"helper": "numpyhelper", "file_token": str(uuid.uuid4())}
        reply = requests.post(f"{server.url}/api/v1/models/", data=form)
        assert reply.status_code in (400, 404)
        assert reply.json()["message"]
        assert client(server).get_models_count() == 0


@promise
def the_active_helper_is_the_one_last_set(place):
    with place.server() as server:
        path = "/api/v1/helpers/active"
        assert server.ask("GET", path).status in (200, 400)
        reply = server.ask("PUT", path, helper="binaryhelper")
        assert reply.json == {"message": "Active helper set", "active_helper": "binaryhelper"}
        assert server.ask("GET", path).json == "binaryhelper"
        add_model(server)
        assert server.ask("GET", path).json == "numpyhelper"
        refusal = message(server.ask("PUT", path, helper="nosuchhelper"), 400)
        assert refusal == "Helper is required to be either 'numpyhelper', 'binaryhelper' or 'androidhelper'"
    with place.server() as server:
        assert server.ask("GET", path).json == "numpyhelper"
