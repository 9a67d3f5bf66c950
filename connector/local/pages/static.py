"""The pages' own style sheet, scripts and drawings, read once from this package: nothing else can be asked for."""

from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple

from aiohttp import hdrs, web

from connector.core import b64
from connector.core.codes import Code
from connector.core.errors import LocalRefused

_HOME: Final = Path(__file__).parent.parent / "static"
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


class _Asset(NamedTuple):
    content: bytes
    content_type: str
    tag: str


def _read_all() -> dict[str, _Asset]:
    found = {}
    for path in sorted(_HOME.iterdir()):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            found[path.name] = _Asset(content, _TYPES[path.suffix], b64.encode(sha256(content).digest()[:16]))
    return found


ASSETS: Final = web.AppKey("assets", dict[str, _Asset])


def add_assets(app: web.Application) -> None:
    """Read the files and answer them under `/static/`."""
    app[ASSETS] = _read_all()
    app.router.add_get("/static/{name}", _asset)


async def _asset(request: web.Request) -> web.Response:
    """`GET /static/{name}`: the browser keeps it, and asks each time whether it is still the same."""
    asset = request.app[ASSETS].get(request.match_info["name"])
    if asset is None:
        raise LocalRefused("page: there is no such file", code=Code.LOCAL_NOT_FOUND)
    headers = {hdrs.ETAG: f'"{asset.tag}"', "Cache-Control": "no-cache", "Content-Type": asset.content_type}
    if any(known.value == asset.tag for known in request.if_none_match or ()):
        return web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return web.Response(body=asset.content, headers=headers)
