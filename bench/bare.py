"""The bare server that ours is compared with: aiohttp over mutual TLS 1.3, a JSON echo and a stream of a file."""

import argparse
import json
import ssl
from pathlib import Path

from aiohttp import web

PIECE = 256 * 1024


async def echo(request: web.Request) -> web.Response:
    """Parse JSON, answer JSON."""
    return web.json_response({"echo": json.loads(await request.read())})


async def slow_document(request: web.Request) -> web.StreamResponse:
    """Stream the file of the command line in pieces."""
    response = web.StreamResponse(headers={"Content-Type": "application/pdf"})
    file = request.app["file"]
    response.content_length = file.stat().st_size
    await response.prepare(request)
    with file.open("rb") as content:
        while piece := content.read(PIECE):
            await response.write(piece)
    await response.write_eof()
    return response


def context(ca: str, certificate: str, key: str) -> ssl.SSLContext:
    """The same TLS as the connector's: 1.3, client certificate required."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.minimum_version = ssl.TLSVersion.TLSv1_3
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(ca)
    tls.load_cert_chain(certificate, key)
    return tls


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    for name in ("port", "ca", "certificate", "key"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--file", type=Path)
    given = parser.parse_args()
    app = web.Application()
    app["file"] = given.file
    app.router.add_post("/echo", echo)
    app.router.add_get("/document", slow_document)
    web.run_app(
        app,
        host="127.0.0.1",
        port=int(given.port),
        ssl_context=context(given.ca, given.certificate, given.key),
        access_log=None,
        print=None,
        backlog=1024,
    )


if __name__ == "__main__":
    main()
