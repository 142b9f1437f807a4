"""Describes bodies with a JSON value on each line to schemathesis, which loads this file by its path."""

import json

import schemathesis
from schemathesis.generation.modes import GenerationMode

LINES = "application/x-ndjson"


@schemathesis.serializer(LINES)
def lines(context, value):
    """The document shows them as a list, for OpenAPI 3.1 has no word for a sequence."""
    values = value if isinstance(value, list) else [value]
    return "".join(json.dumps(item) + "\n" for item in values).encode()


@schemathesis.hook
def filter_case(context, case):
    """Leaves out broken lines: they are refused in the receipt, one by one, and not by a status."""
    return case.media_type != LINES or case.meta is None or case.meta.generation.mode is GenerationMode.POSITIVE
