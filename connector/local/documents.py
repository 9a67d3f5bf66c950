"""Reading the document: shown in the page by the browser's own viewer, streamed out of the vault.

The requester writes *shown* before it gives the first byte. Each piece is written with back-pressure, so that a slow
reader holds no document in memory; a fault in the middle breaks the connection off, and the length tells the reader
that the document is not whole.
"""

import asyncio
from typing import Final

from aiohttp import web

from connector.core.fetch import FetchedDocument
from connector.local.bodies import document_of
from connector.local.desk import desk_of
from connector.local.fetches import fetch_id_of
from connector.local.guards import SETTINGS, break_off
from connector.local.streams import STREAMS
from connector.wire.digest import repr_digest

_CSP: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'"
"""The browser's viewer lives in a frame of our own page; nothing else may embed the document."""


async def read(request: web.Request) -> web.StreamResponse:
    """`GET /api/v1/fetches/{id}/document?sha256=`."""
    fetch_id, sha256 = fetch_id_of(request), document_of(request)
    with request.app[STREAMS].place():
        document, content = await desk_of(request).read(fetch_id, sha256)
        response = web.StreamResponse(headers=_headers(document))
        response.content_length = document.given.size
        try:
            await response.prepare(request)
            async for piece in content:
                async with asyncio.timeout(request.app[SETTINGS].write_seconds):
                    await response.write(piece)
            await response.write_eof()
        except ConnectionError:
            pass  # the reader went away
        except Exception as error:  # noqa: BLE001 - the status line is out: the answer can only break off
            break_off(request, error)
        finally:
            close = getattr(content, "aclose", None)
            if close is not None:
                await close()
    return response


def _headers(document: FetchedDocument) -> dict[str, str]:
    # The name says from whom and how recent, never about whom: it stays in the browser's list of downloads.
    name = f"DMST-{document.member.value}-{document.last_act_on}.pdf"
    return {
        "Content-Type": document.content_type,
        "Content-Disposition": f"inline; filename=\"{name}\"; filename*=UTF-8''{name}",
        "Content-Security-Policy": _CSP,
        "Repr-Digest": repr_digest(document.given.sha256),
        "Accept-Ranges": "none",
    }
