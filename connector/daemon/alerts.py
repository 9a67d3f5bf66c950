"""Alerts on their way to the webhook of `[alerts]`: kept in a short queue, sent by a task of their own, tried again.

Nothing waits for it: a receiver that is down costs memory for at most `MOST` alerts, the oldest of which gives way.
The same thing about the same member is told once an hour, as the journal does. What is lost with the process is in the
journal, and a check that is still wrong rings again after the start.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

from connector import logs
from connector.config.alerts import AlertSettings
from connector.core.alerts import Alert, AlertKind, AlertLevel, Bell, NoBell
from connector.core.errors import PeerFault
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.ports import Clock, Entropy, new_id
from connector.local.ports import Check
from connector.metrics import Metrics
from connector.peer.alerting import AlertClient
from connector.wire.alert import encode, sign

MOST: Final = 200
AGAIN_SECONDS: Final = 3600
"""How long the same thing is not told again (our rule: one house entry per peer and hour, PROTOCOL section 4)."""

KEPT_SECONDS: Final = 86_400
FIRST_PAUSE_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 300.0

_COMES_AND_GOES: Final = frozenset({"listening", "draining"})
"""Checks that say that the service starts or stops."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    id: str
    alert: Alert


class WebhookBell:
    """`core.alerts.Bell`."""

    def __init__(
        self,
        settings: AlertSettings,
        client: AlertClient,
        service: MemberId,
        environment: Environment,
        clock: Clock,
        entropy: Entropy,
        metrics: Metrics,
        *,
        first_pause: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._key, self._client, self._service, self._environment = settings.key, client, service, environment
        self._clock, self._entropy, self._metrics, self._first_pause = clock, entropy, metrics, first_pause
        self._waiting: deque[_Waiting] = deque()
        self._told: dict[tuple[object, ...], Instant] = {}
        self._kick = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Send what is rung from now on."""
        self._task = asyncio.create_task(self._send_all(), name="alerts")

    async def close(self) -> None:
        """Stop; what was not taken yet is given up."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    def ring(self, kind: AlertKind, level: AlertLevel, detail: str, member: MemberId | None = None) -> None:
        """Queue an alert, unless the same was told within the hour; of a check each change is told."""
        now, what = self._clock.now(), (kind, level, detail, member)
        self._told = {told: at for told, at in self._told.items() if 0 <= now - at < AGAIN_SECONDS}
        if what in self._told:
            return
        if kind is not AlertKind.CHECK_CHANGED:
            self._told[what] = now
        if len(self._waiting) >= MOST:
            self._drop(self._waiting.popleft())
        self._waiting.append(_Waiting(new_id(self._entropy), Alert(kind, level, now, detail, member)))
        self._kick.set()

    async def _send_all(self) -> None:
        pause = self._first_pause
        while True:
            await self._kick.wait()
            while self._waiting:
                one = self._waiting[0]
                if self._clock.now() - one.alert.at > KEPT_SECONDS:
                    self._take(one)
                    self._drop(one)
                    continue
                try:
                    await self._send(one)
                except PeerFault as fault:
                    self._metrics.alerts.labels("failed").inc()
                    logs.get_logger().warning(logs.ALERT_FAILED, code=fault.code, reason=one.alert.kind.value)
                    await asyncio.sleep(pause)
                    pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
                else:
                    self._take(one)
                    pause = self._first_pause
            self._kick.clear()

    async def _send(self, one: _Waiting) -> None:
        body = encode(one.alert, self._service, self._environment)
        await self._client.post(body, sign(body, one.id, self._clock.now(), self._key))
        self._metrics.alerts.labels("sent").inc()

    def _take(self, one: _Waiting) -> None:
        """Take it out, unless it gave way meanwhile."""
        if self._waiting and self._waiting[0] is one:
            self._waiting.popleft()

    def _drop(self, one: _Waiting) -> None:
        self._metrics.alerts.labels("dropped").inc()
        logs.get_logger().error(logs.ALERT_DROPPED, reason=one.alert.kind.value)


class CheckWatch:
    """Rings when a check gets worse or better: what is behind, ends soon, or fails."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._levels: dict[str, AlertLevel] = {}

    def look(self, checks: Iterable[Check]) -> None:
        """Compare with the last look; at the first one only what is not right is told."""
        for check in checks:
            if check.name in _COMES_AND_GOES:
                continue
            level = _level(check)
            if level is not self._levels.get(check.name, AlertLevel.OK):
                self._bell.ring(AlertKind.CHECK_CHANGED, level, check.name)
            self._levels[check.name] = level


def _level(check: Check) -> AlertLevel:
    if not check.ok:
        return AlertLevel.CRITICAL
    return AlertLevel.WARNING if check.remedy else AlertLevel.OK


async def open_bell(
    settings: AlertSettings | None,
    stack: AsyncExitStack,
    service: MemberId,
    environment: Environment,
    clock: Clock,
    entropy: Entropy,
    metrics: Metrics,
) -> Bell:
    """Open what rings; it is closed with the stack."""
    if settings is None:
        return NoBell()
    client = await stack.enter_async_context(AlertClient(settings.url, settings.trusted, settings.proxy))
    bell = WebhookBell(settings, client, service, environment, clock, entropy, metrics)
    stack.push_async_callback(bell.close)
    bell.start()
    return bell
