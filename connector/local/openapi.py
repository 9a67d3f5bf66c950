"""The OpenAPI 3.1 document, made from the route table and the pydantic models: it cannot drift from the handlers.

Every operation has its examples and every fault it can answer with, grouped by status. It is checked in the tests by
openapi-spec-validator, and against the running handlers by schemathesis.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from http import HTTPStatus
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from connector.core.codes import Code
from connector.local.answers import EventOut, Problem
from connector.local.examples import EXAMPLES
from connector.local.keys import Scope
from connector.local.operation import Access, Operation, Parameter
from connector.local.problems import PROBLEM_JSON, TYPE_PREFIX
from connector.local.settings import LocalSettings
from connector.local.statuses import status_of
from connector.local.words import Language, of_code

JsonObject = dict[str, Any]

_REF: Final = "#/components/schemas/{model}"
_ALWAYS: Final = (Code.LOCAL_MALFORMED, Code.LOCAL_FORBIDDEN, Code.INTERNAL)
_LANGUAGE: Final = {
    "name": "Accept-Language",
    "in": "header",
    "description": "language of `text`, `next`, `title` and `hint`: fr (default) or en",
    "schema": {"type": "string"},
    "example": "fr",
}


class Description:
    """The document as it is served, made when it is first asked for: that takes longer than the rest of a start."""

    def __init__(self, operations: Sequence[Operation], settings: LocalSettings) -> None:
        self._operations, self._settings = operations, settings

    @cached_property
    def content(self) -> bytes:
        """The document as JSON."""
        return json.dumps(describe(self._operations, self._settings), ensure_ascii=False).encode()


def describe(operations: Sequence[Operation], settings: LocalSettings) -> JsonObject:
    """Make the document."""
    paths: dict[str, JsonObject] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "SPSTI connector, local API",
            "version": settings.version,
            "description": "What the software of an occupational-health service calls to have a worker's record "
            "fetched from other services. Texts for people follow `Accept-Language`.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in dict.fromkeys(_tag(operation) for operation in operations)],
        "paths": paths,
        "components": {
            "schemas": _schemas(operations),
            "securitySchemes": {
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An API key made by `spsti-connector api-key new`",
                }
            },
        },
    }


def _tag(operation: Operation) -> str:
    parts = operation.path.split("/")
    return parts[3] if operation.path.startswith("/api/v1/") else "system"


def _operation(operation: Operation) -> JsonObject:
    scope = operation.access.value if isinstance(operation.access, Scope) else None
    described: JsonObject = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": " ".join(filter(None, (operation.description, _access(operation)))),
        "tags": [_tag(operation)],
        "parameters": [*map(_parameter, operation.parameters), _LANGUAGE],
        "responses": _responses(operation),
        "security": [{"apiKey": []}] if scope else [],
    }
    if not described["parameters"]:
        del described["parameters"]
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": _media(operation.body, EXAMPLES[operation.body])},
        }
    return described


def _access(operation: Operation) -> str:
    if isinstance(operation.access, Scope):
        return f"Needs a key with the scope `{operation.access}`."
    if operation.access is Access.LOOPBACK:
        return "From this machine without a key; from elsewhere with a key of the scope `status`."
    return "Needs no key."


def _parameter(parameter: Parameter) -> JsonObject:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.text,
        "required": parameter.where == "path",
        "schema": dict(parameter.schema),
        "example": parameter.example,
    }


def _responses(operation: Operation) -> JsonObject:
    responses: JsonObject = {str(operation.status): _success(operation)}
    for status, text in operation.also.items():
        responses[str(status)] = {"description": text}
        if status == HTTPStatus.SERVICE_UNAVAILABLE and operation.answer is not None:
            responses[str(status)]["content"] = {
                "application/json": _media(operation.answer, EXAMPLES[operation.answer])
            }
    for status, codes in sorted(_by_status(_codes(operation)).items()):
        responses[str(status)] = _fault(status, codes)
    return responses


def _codes(operation: Operation) -> Iterable[Code]:
    codes = {*_ALWAYS, *operation.codes}
    if operation.access is not Access.ANYONE:
        codes.add(Code.LOCAL_UNAUTHENTICATED)
    return codes


def _by_status(codes: Iterable[Code]) -> dict[int, list[Code]]:
    found: dict[int, list[Code]] = {}
    for code in sorted(codes):
        found.setdefault(status_of(code), []).append(code)
    return found


def _success(operation: Operation) -> JsonObject:
    described: JsonObject = {"description": operation.summary}
    if operation.status == HTTPStatus.CREATED:
        described["headers"] = {
            "Location": {"description": "what was made", "schema": {"type": "string"}},
        }
    if operation.answer is not None:
        described["content"] = {operation.content_type: _media(operation.answer, EXAMPLES[operation.answer])}
    elif operation.content_type == "application/json":
        described["content"] = {operation.content_type: {"schema": {"type": "object"}, "example": {"openapi": "3.1.0"}}}
    elif operation.content_type == "application/pdf":
        described["content"] = {operation.content_type: {"schema": {"type": "string", "format": "binary"}}}
    else:
        described["content"] = {
            operation.content_type: {"schema": {"type": "string"}, "example": EXAMPLES[operation.content_type]}
        }
    return described


def _fault(status: int, codes: Sequence[Code]) -> JsonObject:
    schema = {"allOf": [{"$ref": _REF.format(model="Problem")}, {"properties": {"code": {"enum": [*codes]}}}]}
    described: JsonObject = {
        "description": "; ".join(f"`{code}`: {of_code(code, Language.EN).text}" for code in codes),
        "content": {
            PROBLEM_JSON: {"schema": schema, "examples": {code.value: {"value": _problem(code)} for code in codes}}
        },
    }
    if status == HTTPStatus.UNAUTHORIZED:
        described["headers"] = {"WWW-Authenticate": {"schema": {"type": "string"}}}
    if status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}:
        described["headers"] = {"Retry-After": {"description": "seconds", "schema": {"type": "string"}}}
    return described


def _problem(code: Code) -> JsonObject:
    words = of_code(code, Language.EN)
    return {
        "type": TYPE_PREFIX + code.value,
        "title": words.text,
        "status": status_of(code),
        "code": code.value,
        "detail": "",
        "hint": words.next,
    }


def _media(model: type[BaseModel], example: object) -> JsonObject:
    return {"schema": {"$ref": _REF.format(model=model.__name__)}, "example": example}


def _schemas(operations: Sequence[Operation]) -> Mapping[str, Any]:
    bodies = {operation.body for operation in operations if operation.body is not None}
    answers: set[type[BaseModel]] = {Problem, EventOut}
    answers |= {operation.answer for operation in operations if operation.answer is not None}
    wanted: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = []
    wanted += [(model, "validation") for model in bodies]
    wanted += [(model, "serialization") for model in answers]
    wanted.sort(key=lambda one: one[0].__name__)
    _, schema = models_json_schema(wanted, ref_template=_REF)
    definitions: Mapping[str, Any] = schema["$defs"]
    return definitions
