"""The revocation lists as they run: fetched ahead of their end, kept, put into force, and told of before they end.

One object for both directions: a list that is newer than the one held makes new TLS contexts and has every open
connection looked at again. What is older than what is held, not signed by its authority or not readable is refused,
told and journalled, and the list held stays. Reading a list is `crypto.crls`, fetching it `peer.crl_fetch`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from connector import logs
from connector.config.material import Material
from connector.config.network import proxies
from connector.core.codes import Code
from connector.core.errors import ConfigFault, ConnectorError, FailedClosed
from connector.core.instant import Instant, rfc3339
from connector.core.ledger import EntryDraft, EntryType
from connector.core.ports import Clock, HouseLedger
from connector.core.units import DAY_SECONDS, HOUR_SECONDS, MIB
from connector.crypto.certificates import Authorities
from connector.crypto.crls import Crl, CrlSet, believable, read_crls
from connector.local.ports import Check
from connector.metrics import Metrics
from connector.peer.crl_fetch import CrlFetchSettings, fetch
from connector.peer.tls import ClientTls, ServerTls, TlsMaterial
from connector.store.kept_crls import KeptCrls

FIRST_FETCH_SECONDS: Final = 5.0
"""How long the start waits for the first fetch (our rule): with every address dead it goes on with what is kept."""

ALERTS_A_DAY: Final = 10
"""Refused lists of one address that are journalled in a day (our rule): who stands between can make each one differ."""

_CONFIGURE: Final = "set [peer] crls, or [peer.crl] addresses"
_REMEDY: Final = "see why with spsti-connector status; put newer lists where [peer] crls says, then reload"


@dataclass(frozen=True, slots=True)
class CrlSettings:
    """Where lists are fetched and within which limits, and how many seconds before its end one is warned of."""

    urls: tuple[str, ...] = ()
    limits: CrlFetchSettings = field(default_factory=CrlFetchSettings)
    warn_seconds: int = 2 * DAY_SECONDS


Fetch = Callable[[str, CrlFetchSettings], Awaitable[bytes]]


class Revocation:
    """Keeps the TLS contexts of both sides on the newest lists; `on_change` has open connections looked at again."""

    def __init__(
        self,
        settings: CrlSettings,
        *,
        server: ServerTls,
        client: ClientTls,
        kept: KeptCrls,
        ledger: HouseLedger,
        clock: Clock,
        metrics: Metrics,
        fetch: Fetch = fetch,
    ) -> None:
        self.settings = settings
        self.on_change: Callable[[], None] = lambda: None
        self._server, self._client, self._kept, self._fetch = server, client, kept, fetch
        self._ledger, self._clock, self._metrics = ledger, clock, metrics
        self._faults: dict[str, str] = {}
        self._told: dict[tuple[str, str], Instant] = {}
        self._state = ""
        self._first: asyncio.Task[None] | None = None
        self.tick()

    # ------------------------------------------------------------ fetching

    async def start(self) -> None:
        """Fetch for the first time, and wait for it a little."""
        self.begin_refresh()
        if self._first is not None:
            await asyncio.wait((self._first,), timeout=FIRST_FETCH_SECONDS)

    def begin_refresh(self) -> None:
        """Fetch without being waited for; nothing where there is no address, or one begun is not over yet."""
        if self.settings.urls and (self._first is None or self._first.done()):
            self._first = asyncio.ensure_future(self._quietly())

    async def close(self) -> None:
        """Give up a first fetch that is under way."""
        if self._first is not None and not self._first.done():
            self._first.cancel()
            await asyncio.wait((self._first,))

    async def refresh(self) -> None:
        """Ask every address, and put what is newer into force; what goes wrong is told, and the rest goes on."""
        for url in self.settings.urls:
            try:
                data = await self._fetch(url, self.settings.limits)
            except FailedClosed as error:
                self._failed(url, error)
                continue
            await self._take(url, data)
        self.tick()

    async def _quietly(self) -> None:
        try:
            await self.refresh()
        except ConnectorError as error:
            logs.get_logger().error(logs.JOB_FAILED, job="crls", code=error.code)

    async def _take(self, url: str, data: bytes) -> None:
        authorities = self._server.trust.authorities.certificates
        try:
            found = await asyncio.to_thread(read_crls, data, authorities)  # a list of 100,000 takes most of a second
            newer = [crl for crl in found if self._is_newer(crl)]
        except ConfigFault as error:
            await self._refused(url, error)
            return
        self._faults.pop(url, None)
        self._metrics.crl_fetches.labels("accepted" if newer else "unchanged").inc()
        for crl in newer:
            try:
                await asyncio.to_thread(self._kept.keep, crl.signer, crl.der)
            except FailedClosed as error:  # a newer list counts, whether the disk takes it or not
                self._failed(url, error)
            await self._use(crl)
            logs.get_logger().info(
                logs.CRL_ACCEPTED, cause=crl.authority, version=str(crl.number or ""), count=len(crl.serials)
            )

    def _is_newer(self, crl: Crl) -> bool:
        """Whether to use a list instead of the one held.

        Raises:
            ConfigFault: it is older, or of a time to come: OpenSSL would refuse every peer over it.
        """
        held = next((one for one in self._lists if one.signer == crl.signer), None)
        if held is not None and crl.is_older_than(held):
            raise ConfigFault(
                f"CRL of {crl.authority}: number {crl.number} of {rfc3339(crl.this_update)}, older than the one held"
            )
        if crl.this_update > self._clock.now():
            raise ConfigFault(f"CRL of {crl.authority}: begins {rfc3339(crl.this_update)}: look at the clock")
        return held is None or crl.order > held.order

    def _failed(self, url: str, error: ConnectorError) -> None:
        self._faults[url] = error.message
        self._metrics.crl_fetches.labels("unreachable").inc()
        logs.get_logger().warning(logs.CRL_FAILED, code=error.code, cause=error.message)

    async def _refused(self, url: str, error: ConfigFault) -> None:
        self._faults[url] = error.message
        self._metrics.crl_fetches.labels("refused").inc()
        logs.get_logger().error(logs.CRL_REFUSED, code=Code.CRL_REFUSED, cause=error.message)
        now, key = self._clock.now(), (url, error.message)
        self._told = {told: at for told, at in self._told.items() if 0 <= now - at < DAY_SECONDS}
        if key in self._told or sum(told[0] == url for told in self._told) >= ALERTS_A_DAY:
            return  # once a day: an address that stays wrong must not fill the ledger
        entry = EntryDraft(
            type=EntryType.ALERT, at=now, reason=Code.CRL_REFUSED, personal={"source": url, "detail": error.message}
        )
        try:
            await self._ledger.record(entry)
        except FailedClosed as fault:  # the lists of other addresses are still to be fetched
            logs.get_logger().error(logs.JOB_FAILED, job="crls", code=fault.code)
        else:
            self._told[key] = now

    # ------------------------------------------------------------ what is in force

    @property
    def _lists(self) -> tuple[Crl, ...]:
        crls = self._server.trust.crls
        return crls.lists if crls is not None else ()

    def replace(self, server: TlsMaterial, client: TlsMaterial, settings: CrlSettings) -> None:
        """Take the material and settings of a configuration that was read again, and the newest lists of both.

        Raises:
            ConfigFault: the material cannot be used; nothing changed.
        """
        held = tuple(crl.der for crl in self._lists) if server.checks_crls else ()
        before = self._server.material
        self._server.reload(_newest(server, held))
        try:
            self._client.reload(_newest(client, held))
        except ConfigFault:
            self._server.reload(before)
            raise
        self.settings = settings
        self._faults = {url: why for url, why in self._faults.items() if url in settings.urls}
        self.tick()
        self.on_change()

    async def _use(self, crl: Crl) -> None:
        """Put a list into force; the contexts are made beside those who are answered meanwhile.

        Raises:
            ConfigFault: OpenSSL does not take it; nothing changed.
        """
        while self._is_newer(crl):
            before = (self._server.material, self._client.material)
            ders = tuple(one.der for one in replace_in(self._lists, crl))
            server = await asyncio.to_thread(ServerTls.prepare, replace(before[0], crls=ders))
            client = await asyncio.to_thread(ClientTls.prepare, replace(before[1], crls=ders))
            if self._server.material is before[0] and self._client.material is before[1]:  # else read again meanwhile
                self._server.use(server)
                self._client.use(client)
                self.on_change()

    def tick(self) -> None:
        """Let time do what it does: lists that near their end, end, and are gone by for as long as configured."""
        now, trust = self._clock.now(), self._server.trust
        crls = trust.crls
        if crls is None:
            return
        for crl in crls.lists:
            self._metrics.crl_ends.labels(crl.authority).set(crl.next_update)
        in_grace = not trust.speechless(now) and crls.is_stale(now)
        if in_grace is not self._server.material.in_grace:
            self._server.reload(replace(self._server.material, in_grace=in_grace))
            self._client.reload(replace(self._client.material, in_grace=in_grace))
        state = self._state_at(now)
        if state != self._state:
            if self._state or state != "fresh":
                logs.get_logger().warning(logs.CRL_AGED, state=state, cause=trust.speechless(now) or None)
            self._state = state
            if state == "closed":
                self.on_change()

    def _state_at(self, now: Instant) -> str:
        trust = self._server.trust
        if trust.crls is None or trust.speechless(now):
            return "" if trust.crls is None else "closed"
        if trust.crls.is_stale(now):
            return "grace"
        return "stale" if any(map(self._is_near, trust.crls.lists)) else "fresh"

    def _is_near(self, crl: Crl) -> bool:
        """Whether a list is near its end: by the configured time, or half its life where that is shorter."""
        warn = min(self.settings.warn_seconds, (crl.next_update - crl.this_update) // 2)
        return self._clock.now() >= crl.next_update - warn

    # ------------------------------------------------------------ what is told

    def check(self) -> Check:
        """Check the lists for readiness, status and the page: red where nobody can be answered, else a warning."""
        now, trust = self._clock.now(), self._server.trust
        faults = "; ".join(dict.fromkeys(self._faults.values()))
        if trust.crls is None:
            detail = "none: a revoked certificate would be believed"
            return Check("crls", ok=True, detail=detail, remedy=_CONFIGURE, state="none")
        if speechless := trust.speechless(now):
            detail = f"{speechless}: every peer is refused" + (f"; {faults}" if faults else "")
            return Check("crls", ok=False, detail=detail, remedy=_REMEDY)
        if trust.crls.is_stale(now):
            until = rfc3339(Instant(trust.crls.next_update + trust.grace_seconds))
            detail = f"a revocation list has ended; it is gone by until {until}, then every peer is refused"
            return Check("crls", ok=True, detail=detail + (f"; {faults}" if faults else ""), remedy=_REMEDY)
        near = [f"{crl.authority} until {rfc3339(crl.next_update)}" for crl in trust.crls.lists if self._is_near(crl)]
        if near:
            detail = f"{', '.join(near)}: then every peer is refused" + (f"; {faults}" if faults else "")
            return Check("crls", ok=True, detail=detail, remedy=_REMEDY)
        return Check("crls", ok=True, detail=faults, remedy=_REMEDY if faults else "", state="unread")


def crl_settings(material: Material) -> CrlSettings:
    """Give the settings that a configuration holds."""
    section = material.file.model.peer.crl
    limits = CrlFetchSettings(
        float(section.fetch_seconds), section.max_mb * MIB, section.proxy, proxies(material.file.model.network)
    )
    return CrlSettings(material.crl_urls, limits, section.warn_hours * HOUR_SECONDS)


def replace_in(lists: Iterable[Crl], crl: Crl) -> tuple[Crl, ...]:
    """Give the lists with this one instead of the one of its key."""
    return (*(one for one in lists if one.signer != crl.signer), crl)


def _newest(material: TlsMaterial, held: tuple[bytes, ...]) -> TlsMaterial:
    """Give the material with the newest lists of its own and of what is held."""
    if not material.checks_crls:
        return material
    authorities = Authorities.load((material.trusted_cas,)).certificates
    own = [crl for data in material.crls for crl in read_crls(data, authorities)]
    lists = CrlSet.of((*own, *believable(held, authorities)), authorities).lists
    return replace(material, crls=tuple(crl.der for crl in lists))
