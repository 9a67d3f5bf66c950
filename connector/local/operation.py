"""One operation of the local API: what the tables of `local.routes` are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

from aiohttp import web
from pydantic import BaseModel

from connector.core.codes import Code
from connector.local.bodies import DEFAULT_PAGE, MAX_PAGE
from connector.local.guards import Handler, authorise, is_loopback
from connector.local.keys import Scope


class Access(Enum):
    """Who may call an operation beside the holders of a scope."""

    ANYONE = "anyone"
    LOOPBACK = "loopback"
    """Without a key from this machine, with the scope `status` from elsewhere."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A place of the path, a value of the query or a header; `schema` is JSON Schema."""

    name: str
    where: str
    text: str
    schema: Mapping[str, Any]
    example: Any


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `codes` are the faults it can answer with beside those that every call can."""

    method: str
    path: str
    id: str
    summary: str
    handler: Handler
    access: Scope | Access
    answer: type[BaseModel] | None = None
    body: type[BaseModel] | None = None
    parameters: Sequence[Parameter] = ()
    status: int = 200
    content_type: str = "application/json"
    also: Mapping[int, str] = field(default_factory=dict)
    codes: Sequence[Code] = ()
    description: str = ""

    def guarded(self) -> Handler:
        """Give the handler behind its check of key and scope."""
        handler, access = self.handler, self.access

        async def checked(request: web.Request) -> web.StreamResponse:
            if isinstance(access, Scope):
                authorise(request, access)
            elif access is Access.LOOPBACK and not is_loopback(request):
                authorise(request, Scope.STATUS)
            return await handler(request)

        return checked


ID: Final = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
EXAMPLE_ID: Final = "6f1c0a52e0f94f1bb1f8b3f6f6a4d1c9"
EXAMPLE_MEMBER: Final = "318751275100020"
LIMIT: Final = Parameter(
    "limit",
    "query",
    "items at most",
    {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": DEFAULT_PAGE},
    20,
)
HOUSE_DOWN: Final = (Code.LEDGER_UNAVAILABLE, Code.STATE_UNAVAILABLE)
IN_A_BODY: Final = (
    *HOUSE_DOWN, Code.IDENTITY_MALFORMED, Code.IDENTITY_OID, Code.REQUEST_NOT_SUPPORTED, Code.REQUEST_TOO_LARGE,
)  # fmt: skip
