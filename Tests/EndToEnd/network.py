"""A server with a stored network, with authentication off and on, and a record of which of it was tried."""

import contextlib
import functools
import inspect
import os
from collections import defaultdict
from unittest import mock
from urllib.parse import urlencode

from ledge import COMBINER, ROOT
from promises import DIGITS, message, promise
from stored import NETWORK, store

COMBINERS = (*COMBINER, "--combiner", "spare=edge.example.com:443")
ENDPOINTS = (ROOT / "fixtures/endpoints.txt").read_text().splitlines()


class Network:
    """A server on the documents of `stored`, with a chain of models, and a caller who may do everything."""

    def __init__(self, place, server, token=None):
        self.place = place
        self.server = server
        self.url = server.url
        self.token = token
        # Endpoints as `GET /api/v1/rounds` and `GET /api/v1/rounds/`, methods of the official client, its commands.
        self.tried = set()
        self.refused = set()

    @property
    def headers(self):
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def ask(self, method, path, body=None, headers=None, **json_body):
        """One request below /api/v1, or from the root where the path begins with a slash."""
        path = path if path.startswith("/") else f"/api/v1/{path}"
        reply = self.server.ask(method, path, body, {**self.headers, **(headers or {})}, **json_body)
        asked = endpoint(method, path) + ("/" if path.partition("?")[0].endswith("/") else "")
        (self.tried if reply.status < 300 else self.refused).add(asked)
        return reply

    def get(self, path, **headers):
        """The JSON of a path, which must be the same with and without a slash at its end."""
        return self._alike("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def query(self, path, /, **filters):
        """The JSON answered to conditions in a body, with and without a slash at the end of the path."""
        answer = self._alike("POST", path, **filters)
        form = urlencode(filters).encode()
        type = {"Content-Type": "application/x-www-form-urlencoded"}
        if all(isinstance(value, str) for value in filters.values()):
            assert self._alike("POST", path, form, type) == answer, "a form is answered otherwise than JSON"
        return answer

    def _alike(self, method, path, body=None, headers=None, **json_body):
        before, question, after = path.partition("?")
        answers = [
            value(self.ask(method, before + slash + question + after, body, headers, **json_body), 200)
            for slash in ("", "/")
        ]
        assert answers[0] == answers[1], f"a slash at the end makes a difference: {answers}"
        return answers[0]

    def do(self, method, path, expected=200, /, **json_body):
        """The JSON answered to a request that changes something."""
        return value(self.ask(method, path, **json_body), expected)

    def post(self, path, expected=200, /, **json_body):
        return self.do("POST", path, expected, **json_body)

    def refusal(self, expected, method, path, /, **json_body):
        """The message of a request that has to be refused."""
        return message(self.ask(method, path, **json_body), expected)

    def client(self, token=None):
        """The official client; what is called on it counts as tried."""
        from scaleoututil.api.client import Scaleout

        return Witness(Scaleout(host=self.server.host, port=self.server.port, token=token or self.token), self.tried)

    def add_models(self):
        """Adds model-1, its child model-2 and its grandchild model-3."""
        for number in (1, 2, 3):
            fields = {"helper": "numpyhelper", "model_id": f"model-{number}", "name": f"name_{number}"}
            if number > 1:
                fields["parent_model"] = f"model-{number - 1}"
            self.upload("models", "seed.npz", DIGITS.read_bytes(), **fields)

    def add_package(self, content, file="package.tgz", **fields):
        return self.upload("packages", file, content, **{"helper": "numpyhelper", "name": "digits", **fields})

    def upload(self, path, file, content, /, **fields):
        """Sends a file and fields as one multipart form."""
        boundary = "b0undary"
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields.items()
        ]
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{file}"\r\n\r\n')
        body = "".join(parts).encode() + content + f"\r\n--{boundary}--\r\n".encode()
        return value(self.ask("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"}), 200)


class Witness:
    """Wraps the official client and notes which of its methods are called from outside."""

    def __init__(self, scaleout, tried):
        self._scaleout = scaleout
        self._tried = tried

    def __getattr__(self, name):
        attribute = getattr(self._scaleout, name)
        if inspect.ismethod(attribute):
            self._tried.add(name)
        return attribute


def value(reply, status):
    """The JSON of a reply, which must have that status and be declared as JSON."""
    assert reply.status == status, f"{reply.status} instead of {status}: {reply.body[:500]}"
    assert reply.headers["content-type"].startswith("application/json"), reply.headers
    return reply.json


def page(answer, identifier):
    """The count of a list and the ids in it."""
    assert list(answer) == ["count", "result"], answer
    return answer["count"], [document[identifier] for document in answer["result"]]


@functools.cache
def endpoint(method, path):
    """Which endpoint of the list a request is for; a name in the path goes before an id."""
    segments = path.partition("?")[0].rstrip("/").split("/")
    found = []
    for line in ENDPOINTS:
        known = line.partition(" ")[2].split("/")
        fits = len(known) == len(segments) and all(k in (s, "{id}") for k, s in zip(known, segments, strict=True))
        if fits and line.startswith(f"{method} "):
            found.append((known.count("{id}"), line))
    return min(found)[1] if found else f"{method} {path}"


@contextlib.contextmanager
def network(place, authentication, options=(), more=None):
    """A network whose server stops cleanly at the end; `more` are additional documents."""
    more = more or {}
    store(place.data, {name: [*NETWORK.get(name, ()), *more.get(name, ())] for name in {**NETWORK, **more}})
    token = None
    if authentication:
        options = ("--authentication", *options)
        token = api_key(place)
    home = {"SCALEOUT_HOME_DIR": str(place.path), "SCALEOUT_TOKEN_CACHE_DIR": str(place.path / "tokens")}
    with mock.patch.dict(os.environ, home), place.server(options=(*COMBINERS, *options)) as server:
        network = Network(place, server, token)
        network.add_models()
        network.tried.clear()
        yield network


def api_key(place, **options):
    """What `ledge token` prints."""
    arguments = [word for name, option in options.items() for word in (f"--{name}", option)]
    made = place.tool("token", "--data", place.data, *arguments)
    assert made.returncode == 0, made.stderr
    assert made.stdout.count("\n") == 1 and made.stdout.count(".") == 2, made.stdout
    return made.stdout.strip()


class Coverage:
    """Which cases try which of the things that all have to be tried."""

    def __init__(self, title, forms=lambda item: [item]):
        """`forms` are the ways a thing has to be tried in."""
        self.title = title
        self.forms = forms
        self.cases = defaultdict(list)
        self.succeeds = set()

    def tries(self, *items, refused=(), authentication=(False, True), more=None):
        """Makes two cases of a function that takes a network: with authentication off, and on.

        It fails when it has not tried what it says it does: `items` with success, `refused` at all.
        """

        def decorate(function):
            for item in (*items, *refused):
                self.cases[item].append(function.__name__)
            self.succeeds.update(items)
            for on in authentication:
                promise(self._case(function, items, refused, on, more))
            return function

        return decorate

    def _case(self, function, items, refused, authentication, more):
        def case(place):
            with network(place, authentication, more=more) as stored:
                function(stored)
                untried = [form for item in items for form in self.forms(item) if form not in stored.tried]
                untried += [form for item in refused for form in self.forms(item) if form not in stored.refused]
                assert not untried, f"the case never tried {untried}, or never with success"

        case.__name__ = function.__name__ + ("_with_tokens" if authentication else "")
        return case

    def check(self, items, marks=lambda item: ""):
        """Prints which case tries what; fails where one of the items has none."""
        items = list(items)
        width = max(map(len, items))
        print(f"\n{self.title}")
        for item in items:
            first, *others = self.cases.get(item, ["none"])
            how = "" if item in self.succeeds or item not in self.cases else "refused: "
            print(f"  {item:{width}}  {marks(item)}{how}{first}" + (f" and {len(others)} more" if others else ""))
        missing = [item for item in items if item not in self.cases]
        unknown = [item for item in self.cases if item not in items]
        print(f"{self.title}: {len(items) - len(missing)} of {len(items)} have a case")
        assert not missing, f"without a case: {missing}"
        assert not unknown, f"cases for what is not there: {unknown}"
