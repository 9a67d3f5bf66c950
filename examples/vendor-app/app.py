"""A small DMST that opens the connector's page for one of its workers, and fetches a record by the API alone."""

import argparse
import asyncio
import json
import secrets
import sys
import time
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import aiohttp
import jwt
from aiohttp import web


class Software:
    """What a vendor's software has: workers, a practitioner, keys, and where the connector is."""

    def __init__(self, file: Path) -> None:
        """Read the configuration; paths in it are relative to it."""
        self.config = json.loads(file.read_text())
        self.api_key = (file.parent / self.config["api_key_file"]).read_text().strip()
        self.launch_key = (file.parent / self.config["launch_key_file"]).read_bytes()

    def launch_token(self, worker: str) -> str:
        """Sign what opens the page for a worker: a minute long, good once (docs/launch.md)."""
        now = int(time.time())
        claims = {
            "iss": self.config["api_key_name"],
            "aud": self.config["member"],
            "iat": now,
            "exp": now + 60,
            "jti": secrets.token_hex(16),
            "worker": self.config["workers"][worker],
            "services": self.config["services"],
            "reference": worker,
        }
        headers = {"typ": "spsti-launch+jwt", "kid": self.config["api_key_name"]}
        return jwt.encode(claims, self.launch_key, algorithm="ES256", headers=headers)

    async def fetch(self, worker: str, output: Path) -> str:
        """Fetch a worker's most recent record by the API alone; gives the state in which it ended."""
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        body = {
            "worker": self.config["workers"][worker],
            "practitioner": {
                "id": self.config["practitioner"],
                "auth": {"means": "vendor", "level": "low", "at": now},
            },
            "services": self.config["services"],
            # Your software asks this of whoever spoke with the worker; it is not to be assumed.
            "information": {"at": now, "by": "physician", "means": "oral", "worker_does_not_object": True},
            "follow_up": {"visit": "initial"},
        }
        headers = {"Authorization": f"Bearer {self.api_key}"}
        async with aiohttp.ClientSession(self.config["connector"], headers=headers) as api:
            # The same demand sent twice, after a lost answer or a double click, stays one fetch.
            once = {"Idempotency-Key": f"visit-{worker}-{now}"}
            async with api.post("/api/v1/fetches", json=body, headers=once) as answer:
                fetch_id = await made_or_kept(answer)
            state = await self._follow(api, fetch_id)
            if state in {"ready", "filed"}:
                async with api.get(f"/api/v1/fetches/{fetch_id}/document") as answer:
                    answer.raise_for_status()
                    content = await answer.read()
                await asyncio.to_thread(output.write_bytes, content)
            return state

    async def _follow(self, api: aiohttp.ClientSession, fetch_id: str) -> str:
        async with api.get(f"/api/v1/fetches/{fetch_id}/events", timeout=aiohttp.ClientTimeout(None)) as answer:
            async for raw in answer.content:
                if raw.startswith(b"data: "):
                    event = json.loads(raw.removeprefix(b"data: "))
                    print(event["text"], file=sys.stderr)
        async with api.get(f"/api/v1/fetches/{fetch_id}") as answer:
            return str((await told(answer))["state"])


async def made_or_kept(answer: aiohttp.ClientResponse) -> str:
    """Give the id of the fetch to read: the new one, or the one whose verified copy is kept still.

    Whoever wants what is newer sends the demand again with `replaces` and that id: the copy is deleted first.
    """
    found = await answer.json(content_type=None)
    return str(found["fetch"] if found.get("code") == "fetch.copy_kept" else (await told(answer))["id"])


async def told(answer: aiohttp.ClientResponse) -> dict[str, object]:
    """Give what is answered; a problem (RFC 9457) says itself what to do."""
    found = await answer.json(content_type=None)
    if answer.status >= 400:
        raise SystemExit(f"{found['title']} {found['detail']} {found['hint']} ({found['code']})")
    return dict(found)


def pages(software: Software) -> web.Application:
    """Serve the list of workers, each with a form that brings a fresh token to the connector."""

    async def workers(_request: web.Request) -> web.Response:
        rows = [
            f'<li>{escape(worker["birth_name"])} <form method="post" action="/open/{escape(number)}" target="_blank">'
            "<button>Demander le dossier</button></form></li>"
            for number, worker in software.config["workers"].items()
        ]
        return web.Response(
            text=f"<!doctype html><title>DMST</title><ul>{''.join(rows)}</ul>", content_type="text/html"
        )

    async def open_(request: web.Request) -> web.Response:
        # Signed now, not when the list was shown: it lives a minute.
        token = software.launch_token(request.match_info["worker"])
        action = f"{software.config['connector']}/launch"
        form = (
            f'<form method="post" action="{escape(action)}"><input type="hidden" name="token" value="{token}">'
            "<button autofocus>Continuer vers le connecteur</button></form>"
        )
        return web.Response(
            text=f"<!doctype html><title>DMST</title>{form}",
            content_type="text/html",
            headers={"Cache-Control": "no-store"},
        )

    app = web.Application()
    app.add_routes([web.get("/", workers), web.post("/open/{worker}", open_)])
    return app


def main() -> None:
    """Run one of the two."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["serve", "fetch", "token"])
    parser.add_argument("worker", nargs="?", default="")
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--output", type=Path, default=Path("record.pdf"))
    given = parser.parse_args()
    software = Software(given.config)
    if given.what == "serve":
        web.run_app(pages(software), host="127.0.0.1", port=software.config["port"])
    elif given.what == "token":
        print(software.launch_token(given.worker))
    else:
        print(asyncio.run(software.fetch(given.worker, given.output)))


if __name__ == "__main__":
    main()
