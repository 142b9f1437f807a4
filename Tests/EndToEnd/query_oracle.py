"""What docs/API.md, "Lists, counts, filters", promises, a second time: the same documents in SQLite, asked in SQL."""

import functools
import json
import re
import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import ROUND_HALF_UP, Decimal
from urllib.parse import parse_qsl

LIST, COUNT = "list", "count"
QUERY, FORM, BODY = "query", "form", "body"

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?(?:[Zz]|([+-])([0-9]{2})(?::?([0-9]{2}))?)?)?"
)
WORDS = {"null": None, "true": True, "false": False}
STAMPS = ("committed_at", "updated_at")
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Number(str):
    """A JSON number as it is spelled: 1, 1.0 and 1e0 are three."""


def loads(text):
    return json.loads(text, parse_int=Number, parse_float=Number)


def dumps(value, ascii=True):
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        members = (f"{json.dumps(name, ensure_ascii=ascii)}:{dumps(value[name], ascii)}" for name in value)
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dumps(element, ascii) for element in value) + "]"
    return json.dumps(value, ensure_ascii=ascii)


@dataclass(frozen=True)
class Resource:
    """What the check knows of a resource: how rows of it are made, and which names stand for others."""

    name: str
    key: str
    fields: dict = field(hash=False)
    aliases: dict = field(default_factory=dict, hash=False)
    required: tuple = ()
    updates: tuple = ()
    # Where rows are added, if not by a POST to the resource itself; adding one again replaces it.
    joins: str = ""
    deletes: bool = False


@dataclass(frozen=True)
class Query:
    """One request: `pieces` are the parameters or the members of the body, encoded as they are sent."""

    resource: str
    wants: str
    place: str
    pieces: tuple
    headers: tuple
    slash: str = ""

    @property
    def method(self):
        return "GET" if self.place == QUERY else "POST"

    @property
    def target(self):
        path = f"/api/v1/{self.resource}"
        if self.wants == COUNT:
            path += "/count"
        elif self.place != QUERY:
            path += "/list"
        path += self.slash
        return f"{path}?{'&'.join(self.pieces)}" if self.place == QUERY and self.pieces else path

    @property
    def body(self):
        if self.place == QUERY:
            return None
        if self.place == FORM:
            return "&".join(self.pieces)
        # A body that is no object is one piece.
        whole = len(self.pieces) == 1 and not self.pieces[0].startswith('"')
        return self.pieces[0] if whole else "{" + ",".join(self.pieces) + "}"

    def header(self, name):
        return next((value.strip() for key, value in self.headers if key.lower() == name), "")


@functools.lru_cache(1 << 16)
def number(text):
    """The value of a number: exact where it is a whole number of 64 bits, else a double. None for other text."""
    if not NUMBER.fullmatch(text):
        return None
    if text.lstrip("-").isdigit() and -(1 << 63) <= int(text) < 1 << 63:
        return int(text)
    return float(text)


@functools.lru_cache(1 << 16)
def instant(text):
    """Microseconds since 1970, or None for text that is no instant."""
    match = INSTANT.fullmatch(text)
    if not match:
        return None
    day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    limits = (hour, 23), (minute, 59), (second, 60), (hours, 23), (minutes, 59)
    if any(int(part or 0) > limit for part, limit in limits):
        return None
    try:
        moment = datetime.fromisoformat(day).replace(tzinfo=timezone.utc)
        moment += timedelta(
            hours=int(hour or 0),
            minutes=int(minute or 0),
            seconds=int(second or 0),
            microseconds=int((fraction or "").ljust(6, "0")[:6]),
        )
        offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
        moment = moment + offset if sign == "-" else moment - offset
    except (ValueError, OverflowError):
        return None
    return (moment - EPOCH) // timedelta(microseconds=1)


class Unreadable(Exception):
    """A condition on an instant whose value is none, which is answered 400."""


def an_instant_operand(operand):
    """The instant of a condition as text, or null."""
    if operand is None or (type(operand) is str and operand.lower() == "null"):
        return operand
    if isinstance(operand, (bool, list, dict)):
        raise Unreadable(operand)
    text = operand.strip(" \t")
    without_seconds = re.fullmatch(r"(.{10}[Tt ][0-9]{2}:[0-9]{2})((?:[Zz]|[+-].*)?)", text)
    if without_seconds:
        text = f"{without_seconds[1]}:00{without_seconds[2]}"
    text = from_unix_time(text)
    if instant(text) is None:
        raise Unreadable(operand)
    return text


def from_unix_time(operand):
    """The instant that a number of seconds stands for, as text; anything else as it is."""
    if number(operand) is None:
        return operand
    try:
        microseconds = int((Decimal(operand) * 1_000_000).quantize(Decimal(1), ROUND_HALF_UP))
        return (EPOCH + timedelta(microseconds=microseconds)).isoformat()
    except (ArithmeticError, OverflowError):
        return operand


def spelled(operand):
    """An operand as a query parameter would write it."""
    if operand is None:
        return "null"
    return ("true" if operand else "false") if isinstance(operand, bool) else str(operand)


def equals(value, operand):
    """Whether a value is what an operand could have meant."""
    if isinstance(operand, (list, dict)):
        return False
    if operand is None or value is None:
        return value is None and spelled(operand).lower() == "null"
    text = spelled(operand)
    if isinstance(value, bool):
        return text.lower() == spelled(value)
    if isinstance(value, Number):
        return number(text) is not None and number(text) == number(value)
    return value == text or (instant(value) is not None and instant(value) == instant(text))


def rank(value):
    """The sort key of a value: its kind, its magnitude, and the bytes of text."""
    if value is None:
        return 0, 0, b""
    if isinstance(value, bool):
        return 1, int(value), b""
    if number(value) is not None:
        return 2, number(value), b""
    if not isinstance(value, Number) and instant(value) is not None:
        return 3, instant(value), b""
    return 4, 0, value.encode()


def compares(value, operator, operand):
    """`value operator operand`, which no two values of different kinds are, and nothing is with null."""
    if operand is None or isinstance(operand, (list, dict)):
        return False
    text = spelled(operand)
    (kind, *left), (other, *right) = rank(value), rank(WORDS.get(text.lower(), text))
    if kind != other or kind == 0:
        return False
    return {"gt": left > right, "gte": left >= right, "lt": left < right, "lte": left <= right}[operator]


@functools.lru_cache(1 << 16)
def parsed(text):
    return loads(text)


def passes(value, operator, operand):
    """One value against one operand, both as JSON text."""
    value, operand = parsed(value), parsed(operand)
    return equals(value, operand) if operator == "eq" else compares(value, operator, operand)


def leaves(document):
    """Yields (path, value) for everything in a document, in order; containers are there, but hold no value.

    Elements of an array are at the path of the array, and what is in an array within an array cannot be reached.
    """
    for name, value in document.items():
        if "." in name:
            continue
        yield name, value
        for element in value if isinstance(value, list) else [value]:
            if element is not value:
                yield name, element
            if isinstance(element, dict):
                for path, leaf in leaves(element):
                    yield f"{name}.{path}", leaf


def conditions(query):
    """Yields (field, operator, operands, whether they are alternatives) of a request."""
    if query.place == BODY:
        body = loads(query.body)
        pairs = list(body.items()) if isinstance(body, dict) else []
    else:
        encoded = "&".join(query.pieces)
        pairs = parse_qsl(encoded, keep_blank_values=True, encoding="utf-8", errors="replace")
    seen = set()
    for name, value in pairs:
        if name in seen:
            continue
        seen.add(name)
        before, underscores, operator = name.rpartition("__")
        path, operator = (before, operator) if underscores else (name, "eq")
        if operator not in ("eq", "ne", "gt", "gte", "lt", "lte"):
            continue
        operands, several = [value], isinstance(value, list)
        if several:
            operands = value
        elif query.place != QUERY and isinstance(value, str) and not isinstance(value, Number) and "," in value:
            operands, several = value.split(","), True
        yield path, operator, operands, several


class Documents:
    """The documents of one resource in SQLite."""

    def __init__(self, resource, texts):
        self.resource = resource
        self.texts = [text.encode() for text in texts]
        self.leaves = []
        self.database = sqlite3.connect(":memory:")
        self.database.create_function("passes", 3, passes, deterministic=True)
        self.database.executescript(
            """
            CREATE TABLE document (id INTEGER PRIMARY KEY, committed_at TEXT);
            CREATE TABLE value (id INTEGER PRIMARY KEY, json TEXT, kind INTEGER, magnitude, bytes BLOB, place INTEGER);
            -- value is 0 for an array or an object.
            CREATE TABLE leaf (path TEXT, value INTEGER, document INTEGER, position INTEGER,
                PRIMARY KEY (path, value, document, position)) WITHOUT ROWID;
            """
        )
        self._fill()
        self.database.executescript(
            """
            UPDATE value SET place = ranked.place FROM (
                SELECT id, dense_rank() OVER (ORDER BY kind, magnitude, bytes) AS place FROM value) AS ranked
            WHERE ranked.id = value.id;
            CREATE INDEX leaf_of_document ON leaf (path, document);
            CREATE TABLE present AS SELECT DISTINCT path, value FROM leaf WHERE value > 0;
            CREATE INDEX present_at ON present (path);
            -- What a document is sorted by: the first value at the path.
            CREATE TABLE first (path TEXT, document INTEGER, place INTEGER, PRIMARY KEY (path, document)) WITHOUT ROWID;
            INSERT INTO first SELECT path, document, place FROM (
                SELECT leaf.path, leaf.document, value.place, min(leaf.position)
                FROM leaf JOIN value ON value.id = leaf.value GROUP BY leaf.path, leaf.document);
            CREATE TABLE passing (id INTEGER PRIMARY KEY);
            ANALYZE;
            """
        )

    def _fill(self):
        # Null is number 1, also for a missing value.
        values = {"null": 1}
        for identifier, text in enumerate(self.texts):
            document = loads(text)
            self.leaves.append(list(leaves(document)))
            self.database.execute("INSERT INTO document VALUES (?, ?)", (identifier, document["committed_at"]))
            rows = []
            for position, (path, value) in enumerate(self.leaves[-1]):
                number = 0
                if not isinstance(value, (list, dict)):
                    number = values.setdefault(dumps(value), len(values) + 1)
                rows.append((path, number, identifier, position))
            self.database.executemany("INSERT INTO leaf VALUES (?, ?, ?, ?)", rows)
        for text, number in values.items():
            row = (number, text, *rank(loads(text)))
            self.database.execute("INSERT INTO value VALUES (?, ?, ?, ?, ?, NULL)", row)

    def answer(self, query):
        """How many documents pass, and those of the page that was asked for, as bytes, in order.

        The number is None for a query that is refused.
        """
        where, parameters = ["1"], []
        try:
            for condition in conditions(query):
                sql, values = self._predicate(*condition)
                where.append(sql)
                parameters += values
        except Unreadable:
            return None, []
        self.database.execute("DELETE FROM passing")
        self.database.execute(f"INSERT INTO passing SELECT id FROM document WHERE {' AND '.join(where)}", parameters)
        (count,) = self.database.execute("SELECT count(*) FROM passing").fetchone()
        if query.wants == COUNT:
            return count, []
        direction = "ASC" if query.header("x-sort-order").lower() == "asc" else "DESC"
        key = self._path(query.header("x-sort-key") or "committed_at")
        found = self.database.execute(
            f"""
            SELECT document.id FROM passing JOIN document USING (id)
            LEFT JOIN first ON first.path = ? AND first.document = document.id
            ORDER BY coalesce(first.place, (SELECT place FROM value WHERE id = 1)) {direction},
                document.committed_at {direction}
            LIMIT ? OFFSET ?
            """,
            [key, positive(query.header("x-limit")) or -1, positive(query.header("x-skip")) or 0],
        )
        return count, [self.texts[identifier] for (identifier,) in found]

    def _path(self, name):
        return self.resource.aliases.get(name, name)

    def _predicate(self, name, operator, operands, several):
        path = self._path(name)
        if self.resource.fields.get(path.removesuffix(".role")) == "node" and path.endswith(".role"):
            operands = [operand.lower() if type(operand) is str else operand for operand in operands]
        if path in STAMPS or self.resource.fields.get(path) == "instant":
            operands = [an_instant_operand(operand) for operand in operands]
        if operator not in ("eq", "ne"):
            return ("0", []) if several else self._some(path, operator, operands[0])
        alternatives = [self._some(path, "eq", operand) for operand in operands]
        sql = " OR ".join(sql for sql, _ in alternatives) or "0"
        parameters = [value for _, values in alternatives for value in values]
        return (f"NOT ({sql})" if operator == "ne" else f"({sql})"), parameters

    def _some(self, path, operator, operand):
        """Some value at the path passes; where there is nothing at all, that is null."""
        operand = dumps(operand)
        sql = """
            id IN (SELECT document FROM leaf WHERE path = ? AND value IN (
                SELECT present.value FROM present JOIN value ON value.id = present.value
                WHERE present.path = ? AND passes(value.json, ?, ?)))
        """
        parameters = [path, path, operator, operand]
        if passes("null", operator, operand):
            sql = f"({sql} OR id NOT IN (SELECT document FROM leaf WHERE path = ?))"
            parameters.append(path)
        return sql, parameters


def positive(text):
    """The number that a header holds, or None where it is anything but a positive whole number of 64 bits."""
    if not re.fullmatch("[0-9]+", text):
        return None
    return int(text) if 0 < int(text) < 1 << 63 else None
