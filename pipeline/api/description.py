"""The read API in OpenAPI 3.1, made of the table of operations and of the types of their answers."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import Any, Final, Literal

from pipeline.api.api_documents import Problem
from pipeline.api.operations import OPERATIONS, Operation

_ERRORS: Final = {
    400: "A parameter or the query cannot be understood.",
    401: "No token, or one that opens nothing.",
    403: "The token has not the scope.",
    404: "There is no such thing.",
    429: "Too many requests with this token; `Retry-After` says when to come again.",
    503: "It took too long, or too many wait, and `Retry-After` says when to come again; or the store cannot "
    "be used until somebody mends it, and there is no `Retry-After`.",
}
_ABOUT: Final = (
    "What Wirewatch has gathered: articles, stories of articles about one event, and what watches told. "
    "Reads only. Lists are paged by `cursor`; `ETag` and `If-None-Match` save the body of an answer that has "
    "not changed. Texts are what others wrote."
)


@cache
def description() -> dict[str, Any]:
    """The whole document."""
    schemas, named = _schemas()
    return {
        "openapi": "3.1.0",
        "info": {"title": "Wirewatch", "version": "1", "description": _ABOUT, "license": _LICENSE},
        "servers": [{"url": "/api/v1"}],
        "security": [{"token": []}],
        "paths": {each.path: {"get": _operation(each, named[each.name])} for each in OPERATIONS}
        | {"/openapi.json": {"get": _itself()}},
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "From `wirewatch tokens add`."}
            },
            "responses": {str(status): _problem(status) for status in _ERRORS},
        },
    }


_LICENSE: Final = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


def _schemas() -> tuple[dict[str, Any], dict[str, Any]]:
    """The schemas of all documents by name, and for each operation the reference to that of its answer."""
    from pydantic import TypeAdapter

    mode: Literal["serialization"] = "serialization"
    documents = [(each.name, each.document) for each in OPERATIONS] + [("problem", Problem)]
    references, definitions = TypeAdapter.json_schemas(
        [(name, mode, TypeAdapter(document)) for name, document in documents],
        ref_template="#/components/schemas/{model}",
    )
    return definitions["$defs"], {token[0]: schema for token, schema in references.items()}


def _operation(operation: Operation, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "operationId": operation.name,
        "summary": operation.about,
        "description": f"Needs the scope `{operation.scope}`.",
        "parameters": [
            {
                "name": each.name,
                "in": each.where,
                "required": each.where == "path",
                "description": each.about,
                "schema": each.schema(),
            }
            for each in operation.parameters
        ],
        "responses": _responses(schema),
    }


def _responses(schema: dict[str, Any]) -> dict[str, Any]:
    etag = {"ETag": {"schema": {"type": "string"}, "description": "Changes whenever the answer does."}}
    fine = {"description": "Found.", "headers": etag, "content": {"application/json": {"schema": schema}}}
    same = {"description": "Not changed since the answer with this `ETag`.", "headers": etag}
    errors = {str(status): {"$ref": f"#/components/responses/{status}"} for status in _ERRORS}
    return {"200": fine, "304": same, **errors}


def _itself() -> dict[str, Any]:
    return {
        "operationId": "getDescription",
        "summary": "This description. Any token may read it.",
        "responses": _responses({"type": "object"}),
    }


def _problem(status: int) -> dict[str, Any]:
    found: dict[str, Any] = {
        "description": _ERRORS[status],
        "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    if status in {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}:
        found["headers"] = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    return found
