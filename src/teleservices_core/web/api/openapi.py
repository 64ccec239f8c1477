"""The description of the API (OpenAPI 3.1), made from its values and its operations."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import attrs
from attrs import frozen

from teleservices_core.domain.values import Uai
from teleservices_core.web.api.values import ApiProblem

VERSION: Final = "1.0.0"
_PLAIN: Final[Mapping[Any, Mapping[str, Any]]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    bool: {"type": "boolean"},
    datetime: {"type": "string", "format": "date-time"},
    UUID: {"type": "string", "format": "uuid"},
    Uai: {"type": "string", "pattern": "^[0-9]{7}[A-Z]$"},
    types.NoneType: {"type": "null"},
}


@frozen
class Parameter:
    """A variable of an address, or of its query."""

    name: str
    description: str
    schema: Mapping[str, Any]
    is_in_path: bool = False


@frozen
class Operation:
    """One GET of the API."""

    path: str
    """As OpenAPI writes it: ``/etablissements/{uai}``."""
    name: str
    summary: str
    answer: type[Any] | None
    """The class of the answer; None for any object."""
    parameters: tuple[Parameter, ...] = ()
    needs_session: bool = False


def describe(title: str, server: str, cookie: str, operations: tuple[Operation, ...]) -> Any:
    """The whole document, as plain mappings."""
    schemas: dict[str, Any] = {}
    paths = {each.path: {"get": _operation(each, schemas)} for each in operations}
    _ref(ApiProblem, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": cookie}},
        },
    }


def _operation(operation: Operation, schemas: dict[str, Any]) -> dict[str, Any]:
    schema = _ref(operation.answer, schemas) if operation.answer else {"type": "object"}
    said: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [
            {
                "name": each.name,
                "in": "path" if each.is_in_path else "query",
                "required": each.is_in_path,
                "description": each.description,
                "schema": dict(each.schema),
            }
            for each in operation.parameters
        ],
        "responses": {
            "200": {"description": "Done.", "content": {"application/json": {"schema": schema}}},
            "default": {
                "description": "A problem, as RFC 9457 writes it.",
                "content": {"application/problem+json": {"schema": _ref(ApiProblem, schemas)}},
            },
        },
    }
    if operation.needs_session:
        said["security"] = [{"session": []}]
    else:
        said["responses"]["304"] = {"description": "As in the answer whose ETag was given."}
    return said


def schema_of(kind: Any, schemas: dict[str, Any]) -> dict[str, Any]:
    """The schema of an annotation; classes go to ``schemas`` and are referred to.

    Raises :exc:`TypeError` for an annotation that the API has no use for.
    """
    if kind in _PLAIN:
        return dict(_PLAIN[kind])
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Annotated:
        return {**schema_of(parts[0], schemas), "description": parts[1]}
    if origin is tuple and parts[1:] == (...,):
        return {"type": "array", "items": schema_of(parts[0], schemas)}
    if origin in {Union, types.UnionType}:
        return {"anyOf": [schema_of(part, schemas) for part in parts]}
    if isinstance(kind, type) and (attrs.has(kind) or issubclass(kind, StrEnum)):
        return _ref(kind, schemas)
    raise TypeError(f"no schema for {kind!r}")


def _ref(kind: type[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__.removeprefix("Api")
    if name not in schemas:
        schemas[name] = {}
        schemas[name] = _class(kind, schemas)
    return {"$ref": f"#/components/schemas/{name}"}


def _class(kind: type[Any], schemas: dict[str, Any]) -> dict[str, Any]:
    description = (kind.__doc__ or "").split("\n", maxsplit=1)[0]
    if issubclass(kind, StrEnum):
        return {"type": "string", "description": description, "enum": [each.value for each in kind]}
    hints = get_type_hints(kind, include_extras=True)
    return {
        "type": "object",
        "description": description,
        "properties": {
            each.name: schema_of(hints[each.name], schemas) for each in attrs.fields(kind)
        },
        # Every field is always written.
        "required": [each.name for each in attrs.fields(kind)],
        "additionalProperties": False,
    }
