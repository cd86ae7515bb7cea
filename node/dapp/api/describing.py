"""The OpenAPI 3.1 document, made from the operations, their parameters' and answers' types, and docstrings.

Made by whoever changes an operation (`commonwatt dapp openapi`), not by what serves it: pydantic, which turns
dataclasses into JSON Schema here, never loads in the pages' process.
"""

from __future__ import annotations

import json
import re
from dataclasses import fields, is_dataclass
from enum import StrEnum
from importlib.metadata import version
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter

from node.config.schema import meanings_of
from node.dapp.api import parameters, v1
from node.dapp.api.operations import CSV_TYPE, OPERATIONS, Operation
from node.dapp.api.parameters import LATEST, Form, Moment, Number
from node.dapp.api.problems import MEDIA_TYPE
from node.dapp.api.tokens import Scope

PROBLEMS = {
    "400": "A parameter is wrong.",
    "401": "No token, or none that is known.",
    "403": "The token lacks the scope.",
    "404": "There is no such thing.",
    "422": "The parameters contradict each other.",
    "429": "Too many wrong tokens.",
    "503": "A process of the household is silent, or its files are not there yet.",
}


def document() -> str:
    """The whole document, as JSON."""
    schemas = _schemas()
    described = {
        "openapi": "3.1.0",
        "info": {
            "title": "Commonwatt",
            "version": version("commonwatt"),
            "summary": "A household of an energy neighbourhood: what it measures, trades and switches.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": v1.page.url_prefix}],
        "security": [{"token": []}],
        "paths": {path_of(each.path): {"get": _operation(each)} for each in OPERATIONS},
        "components": {
            "schemas": schemas,
            "responses": {code: _problem(text) for code, text in PROBLEMS.items()},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by `commonwatt token create`. Scopes: "
                    + "; ".join(f"`{scope}`" for scope in Scope),
                }
            },
        },
    }
    return json.dumps(described, indent=1, ensure_ascii=False) + "\n"


def _operation(each: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": _reference(each.answers)}}
    if each.table:
        content[CSV_TYPE] = {"schema": {"type": "string"}}
    scope = f"Scope: `{each.scope}`." if each.scope else "Any token."
    answers = {
        "200": {"description": "What was asked for.", "content": content},
        "304": {"description": "Nothing changed since the answer of that ETag."},
    }
    answers |= {code: {"$ref": f"#/components/responses/{code}"} for code in PROBLEMS}
    return {
        "operationId": each.name,
        "summary": each.summary,
        "description": f"{each.description} {scope}".strip(),
        "parameters": _parameters(each),
        "responses": answers,
    }


def _parameters(each: Operation) -> list[dict[str, Any]]:
    meanings = meanings_of(each.asked)
    found = []
    for field in parameters.fields(each.asked):
        inside = f"<{field.name}>" in each.path
        schema = _schema(field.kind)
        if field.default is not None:
            schema["default"] = field.default
        found.append(
            {
                "name": field.name,
                "in": "path" if inside else "query",
                "required": field.required,
                "description": meanings.get(field.attribute, _meaning(field.kind)),
                "schema": schema,
            }
        )
    return found


def _schema(kind: Any) -> dict[str, Any]:
    match kind:
        case Moment():
            return {
                "anyOf": [
                    {"type": "string", "format": "date-time"},
                    {"type": "string", "format": "date"},
                    {"type": "integer", "minimum": 0, "maximum": LATEST},
                ]
            }
        case Number(least, most):
            return {"type": "integer", "minimum": least, "maximum": most}
        case Form(pattern, example):
            return {"type": "string", "pattern": f"^{pattern}$", "examples": [example]}
        case _:
            return {"type": "string", "enum": list(kind)}


def _meaning(kind: Any) -> str:
    return (kind.__doc__ or "") if isinstance(kind, type) and issubclass(kind, StrEnum) else ""


def _schemas() -> dict[str, Any]:
    """Of every answer and what is in it, each field with its docstring."""
    found: dict[str, Any] = {}
    for each in OPERATIONS:
        schema = TypeAdapter(each.answers).json_schema(
            mode="serialization", ref_template="#/components/schemas/{model}"
        )
        found |= schema.pop("$defs", {})
        found[each.answers.__name__] = schema
        for kind in _kinds(each.answers):
            _describe(found[kind.__name__], kind)
    found["Problem"] = {
        "type": "object",
        "description": "What went wrong, and what to do (RFC 9457).",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "A sentence or two for people."},
        },
    }
    return dict(sorted(found.items()))


def _describe(schema: dict[str, Any], kind: type[Any]) -> None:
    """Names as answers have them, and what each field means."""
    meanings = meanings_of(kind)
    schema["properties"] = {
        name.rstrip("_"): {**shape, **({"description": meanings[name]} if name in meanings else {})}
        for name, shape in schema["properties"].items()
    }
    # Every answer has all of its fields; those without a value are null.
    schema["required"] = list(schema["properties"])


def _kinds(kind: Any) -> list[type[Any]]:
    """The dataclasses that an answer is made of."""
    if not is_dataclass(kind):
        return []
    found = [kind]
    hints = get_type_hints(kind)
    for field in fields(kind):
        for part in _parts(hints[field.name]):
            found += _kinds(part)
    return found  # type: ignore[return-value]


def _parts(hint: Any) -> list[Any]:
    inside = get_args(hint)
    return [part for each in inside for part in _parts(each)] if inside else [hint]


def _reference(kind: type[Any]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{kind.__name__}"}


def _problem(text: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": text, "content": {MEDIA_TYPE: {"schema": schema}}}


def path_of(path: str) -> str:
    """A path as OpenAPI writes it."""
    return re.sub(r"<(\w+)>", r"{\1}", path)
