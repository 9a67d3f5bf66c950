"""What this house's journal has of an acceptance: the handovers that came from the peer, and those that went there.

Outside of test environments probes alone are taken: a real fetch of the same half hour is none of a report's business.
"""

import time
from dataclasses import dataclass, field
from typing import Final

from connector.cli.client import Json, LocalApi
from connector.core.instant import Instant, parse_rfc3339, rfc3339
from connector.evidence.acceptance import Exchanged
from connector.wire import jose, mandate, receipt

_PAGE: Final = "100"


@dataclass(slots=True)
class Trail:
    """The entries with one peer. What we asked counts from `started`, what they asked from `window` seconds before."""

    api: LocalApi
    peer: str
    started: Instant
    window: int
    everything: bool = field(kw_only=True)
    brought: list[Exchanged] = field(default_factory=list)
    gave: list[Exchanged] = field(default_factory=list)
    clock_apart: int | None = None
    read_at: Instant = field(init=False)

    def __post_init__(self) -> None:
        self.read_at = self.started

    async def count_asked(self) -> int:
        """Count what was asked of the peer since the beginning."""
        return len(await self._entries(self.started, type="asked"))

    async def read_brought(self) -> None:
        """Take what arrived here: each with the leaf that the receipt names; and how far the clocks are apart."""
        self.brought.clear()
        for short in await self._entries(self.started, type="arrived"):
            personal = await self._personal(short)
            if not (self.everything or personal.get("probe")):
                continue
            try:
                compact = str((personal.get("handover") or {}).get("receipt", ""))
                claims = jose.read(compact.encode(), typ=receipt.TYP).claims
                leaf, issued = claims["leaf"], int(claims["iat"])
                self.brought.append(_exchanged(short, leaf["index"], leaf["hash"]))
            except (jose.TokenFault, KeyError, TypeError, ValueError):
                continue  # a handover that ended before there was a receipt: nothing was brought
            self.clock_apart = abs(parse_rfc3339(short["at"]) - issued)

    async def read_gave(self) -> int:
        """Take what went to the peer and was acknowledged, and count the probes in it."""
        self.gave.clear()
        self.read_at = Instant(int(time.time()))
        since, probes = Instant(self.started - self.window), 0
        for short in await self._entries(since, tree="house", type="acknowledged"):
            decided = await self._entries(since, type="decided", ref=short["ref"])
            if not decided:
                continue
            is_probe = _is_probe(await self._personal(decided[0]))
            probes += is_probe
            if self.everything or is_probe:
                self.gave.append(_exchanged(short, decided[0]["index"], decided[0]["leaf_hash"]))
        return probes

    async def _entries(self, since: Instant, **query: str) -> list[Json]:
        wanted = {"peer": self.peer, "since": rfc3339(since), "limit": _PAGE, **query}
        items: list[Json] = (await self.api.call("GET", "/api/v1/journal", query=wanted))["items"]
        return items

    async def _personal(self, short: Json) -> Json:
        entry = await self.api.call("GET", f"/api/v1/journal/{short['tree']}/{short['index']}")
        return entry["personal"] or {}


def _is_probe(personal: Json) -> bool:
    """Whether the mandate of a handover is about nobody."""
    try:
        return "worker" not in jose.read(str(personal.get("mandate")).encode(), typ=mandate.TYP).claims
    except jose.TokenFault:
        return False


def _exchanged(short: Json, leaf_index: int, leaf_hash: str) -> Exchanged:
    return Exchanged(
        ref=short["ref"],
        at=short["at"],
        outcome=str(short["outcome"]),
        document_sha256=str(short["document_sha256"]),
        leaf_index=leaf_index,
        leaf_hash=leaf_hash,
    )
