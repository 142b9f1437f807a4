"""Random documents, and random requests for them, made of values that are easily taken for one another."""

import unicodedata
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, quote_plus

from query_oracle import BODY, COUNT, FORM, LIST, QUERY, Number, Query, Resource, dumps, instant, number

NODE_ALIASES = {"client_id": "sender.client_id", "combiner_id": "sender.combiner_id"}

# One that the server does not have yet is left out.
RESOURCES = [
    Resource(
        "attributes",
        "attribute_id",
        {"key": "text", "value": "text", "timestamp": "instant", "entity_id": "text", "sender": "node"},
        aliases=NODE_ALIASES,
        required=("key", "value", "sender"),
    ),
    Resource(
        "statuses",
        "status_id",
        {
            "status": "text",
            "timestamp": "instant",
            "log_level": "text",
            "type": "text",
            "data": "json",
            "correlation_id": "text",
            "extra": "json",
            "session_id": "text",
            "sender": "node",
        },
        aliases=NODE_ALIASES,
        required=("sender",),
    ),
    Resource(
        "telemetry",
        "telemetry_id",
        {
            "key": "text",
            "value": "number",
            "payload": "json",
            "meta": "object",
            "timestamp": "instant",
            "client_id": "text",
            "session_id": "text",
            "sender": "node",
        },
        required=("key", "sender"),
    ),
    Resource(
        "sessions",
        "session_id",
        {
            "name": "text",
            "description": "text",
            "status": "text",
            "seed_model_id": "text",
            "session_config": "session_config",
        },
        required=("session_config",),
        updates=("PATCH", "PUT"),
    ),
    Resource(
        "clients",
        "client_id",
        {
            "name": "text",
            "combiner": "text",
            "combiner_preferred": "text",
            "ip": "text",
            "status": "text",
            "last_seen": "instant",
            "package": "text",
            "client_version": "text",
        },
        joins="/add",
        deletes=True,
    ),
]

# Chosen to collide: every one is easily taken for another.
TEXTS = ["", "0", "-0", "1", "1.0", "01", "1e0", "+1", " 1", "1 ", "-1", "2", "9", "10", "2.50", "1e400", "1e-400"]
TEXTS += ["9007199254740992", "9007199254740993", "9223372036854775807", "9223372036854775808", "0x10", ".5", "NaN"]
TEXTS += ["null", "NULL", "true", "True", "TRUE", "false", "a", "A", "b", "a,b", ",", "1,2", "a b", "a+b", "a%20b"]
TEXTS += ["100%", "%41", "a&b=c", "é", "e\u0301", "\u0301b", "ß", "日本", "🚀", "\0", "\ufffd", '"', "\\", "idle", "INFO", "١"]
TEXTS += ["2026-11-23", "2026-11-23T00:00:00Z", "2026-11-23T01:00:00+01:00", "2026-11-23 00:00:00", "2026-11-23T19:16"]
TEXTS += ["2026-11-23T00:00:00.0000009Z", "2026-02-30", "20261123", "2026-11-22T23:59:60Z", "0001-01-01T00:00:00+01:00"]
NUMBERS = ["0", "-0", "-0.0", "1", "1.0", "1e0", "10", "9", "2", "2.5", "2.50", "25e-1", "-1", "-1.5", "0.1", "1e-7"]
NUMBERS += ["9007199254740992", "9007199254740993", "9007199254740993.0", "9223372036854775807", "9223372036854775808"]
NUMBERS += ["9223372036854775809", "-9223372036854775808", "-9223372036854775809", "1e18", "1e300", "1e400", "-1e400"]
NUMBERS += ["123456789012345678901234567890", "1e-400", "1.7976931348623157e308"]
ROLES = ["client", "CLIENT", "Client", "combiner", "COMBINER", "controller", "Controller"]
KEYS = ["value", "a", "b", "c", "a.b", "x__y", "é", "e\u0301", "0", ""]
PATHS = ["nope", "", ".", "a..b", "sender", "sender.", ".key", "sender.role.x", "key.x", "payload", "payload.0", "meta.é"]
PATHS += ["meta.e\u0301", "committed_at", "updated_at", "timestamp", "client_id", "combiner_id", "data.a.b", "extra.c"]
OPERATORS = ["gt", "gte", "lt", "lte", "ne", "eq"]
UNKNOWN_OPERATORS = ["in", "GT", "like", "", "gt ", "regex"]
NOT_POSITIVE = ["0", "-1", "abc", "1.5", "", "+5", "5,6", "1e2", "99999999999999999999", "0x10"]


def an_instant(chance, moment=None):
    """A moment of few, or the one given, in any of its spellings."""
    if moment is None:
        moment = datetime(2026, 11, 20, tzinfo=timezone.utc) + timedelta(hours=6 * chance.randrange(30))
        moment += timedelta(microseconds=chance.choice([0, 0, 1, 500_000, 123_456]))
    east = chance.choice([None, None, 0, 60, -330, 765])
    local = moment + timedelta(minutes=east or 0)
    text = local.strftime(f"%Y-%m-%d{chance.choice('TTt ')}%H:%M:%S")
    if local.microsecond or chance.random() < 0.3:
        text += f".{local.microsecond:06}".rstrip("0").ljust(2, "0")
    if east is None:
        return text + chance.choice(["Z", "z", ""])
    return text + f"{'-' if east < 0 else '+'}{abs(east) // 60:02}{chance.choice([':', ''])}{abs(east) % 60:02}"


def a_text(chance):
    dice = chance.random()
    if dice < 0.7:
        return chance.choice(TEXTS)
    return an_instant(chance) if dice < 0.8 else f"t{chance.randrange(40)}"


def a_scalar(chance):
    return chance.choice([a_text(chance), Number(chance.choice(NUMBERS)), True, False, None])


def a_json(chance, depth=3):
    dice = chance.random()
    if depth == 0 or dice < 0.4:
        return a_scalar(chance)
    if dice < 0.65:
        return [a_json(chance, depth - 1) for _ in range(chance.randrange(4))]
    return an_object(chance, depth)


def an_object(chance, depth=3):
    return {chance.choice(KEYS): a_json(chance, depth - 1) for _ in range(chance.randrange(5))}


def a_moment(chance):
    """An instant as text, or as a Unix time."""
    text = an_instant(chance)
    return text if chance.random() < 0.8 else unix_time(text)


def unix_time(text):
    seconds, microseconds = divmod(instant(text), 1_000_000)
    return Number(f"{seconds}.{microseconds:06}" if microseconds else seconds)


def a_node(chance):
    if chance.random() < 0.4:
        return {"name": a_text(chance) or "n", "role": chance.choice(ROLES)}
    node = {chance.choice(["client_id", "combiner_id"]): a_text(chance) or "c"}
    if chance.random() < 0.5:
        node |= {"name": a_text(chance)}
    if chance.random() < 0.7:
        node |= {"role": chance.choice(ROLES)}
    return node


def a_session_config(chance):
    counts = ("rounds", "round_timeout", "buffer_size", "clients_required")
    config = {name: Number(chance.randrange(1, 12)) for name in counts}
    config |= {"aggregator": chance.choice(["fedavg", "fedopt"]), "model_id": a_text(chance) or "m"}
    config |= {name: chance.random() < 0.5 for name in ("delete_models_storage", "validate")}
    if chance.random() < 0.5:
        config |= {"requested_clients": chance.choice([None, Number("8")]), "aggregator_kwargs": an_object(chance, 2)}
    return config


VALUES = {
    "text": a_text,
    "instant": a_moment,
    "number": lambda chance: Number(chance.choice(NUMBERS)),
    "json": a_json,
    "object": an_object,
    "node": a_node,
    "session_config": a_session_config,
}


def an_id(chance, count):
    """A unique id, similar to many others."""
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=count)
    forms = [f"{count}", f"0{count}", f"{count}.0", f"{count}e0", f"-{count}", f"id {count},+%é", moment.isoformat()]
    return chance.choice([*forms, f"id-{count}"])


def a_row(chance, resource, count):
    if resource.joins:
        return {"name": a_text(chance) or "n", "package": "local", resource.key: an_id(chance, count)}
    row = {}
    for name, kind in resource.fields.items():
        dice = chance.random()
        if name in resource.required or dice > 0.25:
            row[name] = VALUES[kind](chance)
        elif dice > 0.15:
            row[name] = None
    if chance.random() < 0.7:
        row[resource.key] = an_id(chance, count)
    return row


def respelled(chance, value):
    """Text that equals a value, and with luck is spelled differently."""
    if value is None:
        return chance.choice(["null", "NULL", "Null"])
    if isinstance(value, bool):
        return chance.choice([str(value), str(value).lower()])
    if isinstance(value, Number):
        whole = value.lstrip("-").isdigit()
        return chance.choice([value, value, f"{value}.0", f"{value}e0", f"{value}E+00"] if whole else [value])
    if instant(value) is not None and chance.random() < 0.6:
        moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=instant(value))
        if chance.random() < 0.25:
            return unix_time(value)
        if 1 < moment.year < 9999:
            return an_instant(chance, moment)
    return value


def typed(chance, value):
    """A value as a JSON body may give it."""
    if value is None or isinstance(value, bool):
        return chance.choice([value, respelled(chance, value)])
    text = respelled(chance, value)
    return Number(text) if number(text) is not None and chance.random() < 0.5 else str(text)


def an_encoded(chance, text):
    """Text as clients write it into a query string or a form, some of them carelessly."""
    dice = chance.random()
    if dice < 0.4:
        return quote_plus(text)
    if dice < 0.6:
        return quote(text, safe="")
    if dice < 0.97:
        return quote(text, safe=",:;/@!*$'()+.?~").replace("%2B", "+")
    return quote(text, safe="%") + chance.choice(["", "%", "%zz", "%FF", "%4"])


class Asker:
    """Makes random queries that suit the documents, so that most of them find something."""

    def __init__(self, documents):
        self.documents = documents
        self.leaves = [
            [(path, value) for path, value in leaves if not isinstance(value, (list, dict))]
            for leaves in documents.leaves
        ]
        self.at = {}
        for path, value in (leaf for leaves in self.leaves for leaf in leaves):
            self.at.setdefault(path, []).append(value)
        self.paths = list(self.at)

    def query(self, chance):
        place = chance.choices([QUERY, FORM, BODY], [5, 2, 3])[0]
        wanted = chance.choice(self.leaves)
        count = chance.choices(range(6), [7, 42, 30, 13, 5, 3])[0]
        pairs = [self._condition(chance, wanted, place) for _ in range(count)]
        if pairs and place != BODY and chance.random() < 0.08:
            pairs.append((chance.choice(pairs)[0], a_text(chance)))
        accented = [name for name, _ in pairs if not name.isascii()]
        if accented and chance.random() < 0.1:
            # It looks like a repeated name, and is the name of another field.
            name = chance.choice(accented)
            pairs.append((unicodedata.normalize("NFD" if unicodedata.is_normalized("NFC", name) else "NFC", name), "b"))
        headers = self._headers(chance)
        if place == BODY:
            pieces = tuple(f"{dumps(name)}:{dumps(value)}" for name, value in dict(pairs).items())
            if chance.random() < 0.03:
                pieces = (chance.choice(["[]", '["a"]', "[1,2]", "{}", '[{"key":"a"}]']),)
            kinds = ["application/json", "application/json; charset=utf-8", "application/x-www-form-urlencoded", None]
            kind = chance.choice(kinds)
            headers += (("Content-Type", kind),) if kind else ()
        else:
            pieces = tuple(f"{an_encoded(chance, name)}={an_encoded(chance, value)}" for name, value in pairs)
            if chance.random() < 0.03:
                pieces += (chance.choice(["flag", "", "=1", "key", "&&", "key__ne", "=", "%=%"]),)
            if place == FORM:
                headers += (("Content-Type", "application/x-www-form-urlencoded"),)
        wants = chance.choices([LIST, COUNT], [3, 1])[0]
        slash = "/" if place == QUERY and wants == LIST and chance.random() < 0.5 else ""
        return Query(self.documents.resource.name, wants, place, pieces, headers, slash)

    def _condition(self, chance, wanted, place):
        dice = chance.random()
        if dice < 0.72:
            path, value = chance.choice(wanted)
            operator = chance.choices(["", "eq", "gte", "lte", "gt", "lt", "ne"], [45, 8, 12, 12, 6, 6, 8])[0]
            if operator in ("gt", "lt", "ne") or (operator and chance.random() < 0.4):
                value = chance.choice(self.at[path])
        elif dice < 0.82:
            # Most paths are of few documents, so most documents lack this one.
            path, value, operator = chance.choice(self.paths), None, chance.choice(["", "eq", "ne"])
        else:
            path = chance.choice([*PATHS, *self.paths, *self.documents.resource.fields])
            value, operator = a_scalar(chance), chance.choice(["", *OPERATORS, *UNKNOWN_OPERATORS])
        path = self._renamed(chance, path)
        name = f"{path}__{operator}" if operator or dice > 0.98 else path
        several = place != QUERY and chance.random() < (0.25 if operator in ("", "eq", "ne") else 0.04)
        values = [value]
        if several:
            values += [chance.choice(self.at.get(path) or [a_scalar(chance)]) for _ in range(chance.randrange(3))]
            chance.shuffle(values)
        if path.endswith(".role"):
            cases = [str, str.upper, str.title]
            values = [chance.choice(cases)(value) if type(value) is str else value for value in values]
        if place == BODY and several and chance.random() < 0.5:
            return name, [typed(chance, value) for value in values]
        if place == BODY and not several:
            odd = chance.choice([[], {}, [[]], {"a": Number(1)}])
            return name, typed(chance, values[0]) if chance.random() < 0.98 else odd
        return name, ",".join(respelled(chance, value) for value in values)

    def _renamed(self, chance, path):
        aliases = [alias for alias, meant in self.documents.resource.aliases.items() if meant == path]
        return aliases[0] if aliases and chance.random() < 0.3 else path

    def _headers(self, chance):
        headers = ()
        dice = chance.random()
        if dice < 0.85:
            limit = chance.choice([1, 2, 5, 10, 10, 50]) if dice < 0.75 else chance.choice(NOT_POSITIVE)
            headers += ((chance.choice(["X-Limit", "x-limit"]), str(limit)),)
        if chance.random() < 0.4:
            skip = chance.choice([1, 1, 2, 3, 7, 40, 1500, 1 << 62, "007", *NOT_POSITIVE])
            headers += (("X-Skip", str(skip)),)
        if chance.random() < 0.6:
            key = chance.choice([*PATHS, *self.paths, *[*self.documents.resource.fields] * 4])
            headers += (("X-Sort-Key", self._renamed(chance, key)),)
        if chance.random() < 0.6:
            order = chance.choice(["asc", "ASC", "Asc", "asc", "desc", "DESC", "ascending", "1", ""])
            headers += (("X-Sort-Order", order),)
        return headers
