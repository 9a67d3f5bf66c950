"""INSi as the rooms call it: searches in their order, every call journalled before and after, recent answers reused.

The call itself runs in a thread (`insi.transport`); lxml is imported with the first one, so that a daemon that never
calls INSi does not carry it. A call that INSi or the network failed is made again, with a new MessageID, while the
search has time left; what INSi refused is not (reference/ins.md 4.5). Verification is by search and comparison, since
the public WSDL has no operation for it (ins.md 4.6): `Verification.method` says so.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from weakref import WeakValueDictionary

from connector.core.codes import Code
from connector.core.errors import ConnectorError, InsiFault
from connector.core.identity import IdentityAttribute, QualifiedIdentity
from connector.core.identity_rules import check_call_allowed
from connector.core.insi import (
    InsiAnswer,
    InsiCaller,
    InsiCode,
    InsiOperation,
    SearchTraits,
    Verification,
    VitaleCard,
    verification_of,
)
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.matricule import Ins
from connector.core.ports import Clock, Entropy, HouseLedger
from connector.core.ports_insi import NO_ATTRIBUTES, AnswerCache, InsiObserver, Question
from connector.core.units import HOUR_SECONDS
from connector.insi.order import TraitsQuery, queries
from connector.insi.settings import InsiSettings
from connector.insi.transport import Exchange

MIN_CALL_SECONDS = 1.0
"""A call is not begun with less than this left."""

Pause = Callable[[float], Awaitable[None]]


class InsiService:
    """`core.ports_insi.IdentityService` over an `Exchange`. `emitter` is what `InsiSettings.check` gave."""

    def __init__(
        self,
        settings: InsiSettings,
        emitter: str,
        exchange: Exchange,
        *,
        clock: Clock,
        entropy: Entropy,
        ledger: HouseLedger,
        cache: AnswerCache,
        observer: InsiObserver,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._settings, self._emitter, self._exchange = settings, emitter, exchange
        self._clock, self._entropy, self._ledger, self._cache = clock, entropy, ledger, cache
        self._observer, self._pause = observer, pause
        self._slots = asyncio.Semaphore(settings.max_at_once)
        self._asking: WeakValueDictionary[Question, asyncio.Lock] = WeakValueDictionary()

    async def search_by_traits(
        self,
        traits: SearchTraits,
        *,
        by: InsiCaller,
        attributes: frozenset[IdentityAttribute] = NO_ATTRIBUTES,
        fresh: bool = False,
    ) -> InsiAnswer:
        """Search by traits: one given name after the other, then all (`insi.order`). Raises what the port says."""
        check_call_allowed(attributes)
        answer, _ = await self._spared(traits, lambda: self._search(traits, by, ()), fresh=fresh)
        return answer

    async def search_by_vitale(
        self,
        card: VitaleCard,
        *,
        by: InsiCaller,
        attributes: frozenset[IdentityAttribute] = NO_ATTRIBUTES,
        fresh: bool = False,
    ) -> InsiAnswer:
        """Search with what a Vitale card says: one call."""
        check_call_allowed(attributes)
        answer, _ = await self._spared(card, lambda: self._call(card, by, (), self._deadline()), fresh=fresh)
        return answer

    async def verify(
        self,
        identity: QualifiedIdentity,
        *,
        by: InsiCaller,
        attributes: frozenset[IdentityAttribute] = NO_ATTRIBUTES,
        fresh: bool = False,
    ) -> Verification:
        """Search by the traits of an identity and compare: 00, the same INS, the same traits."""
        check_call_allowed(attributes)
        traits = SearchTraits.of(identity.traits)
        answer, is_kept = await self._spared(traits, lambda: self._search(traits, by, (identity.ins,)), fresh=fresh)
        return replace(verification_of(identity, answer), is_kept=is_kept)

    async def _spared(
        self, question: Question, ask: Callable[[], Awaitable[InsiAnswer]], *, fresh: bool
    ) -> tuple[InsiAnswer, bool]:
        """Give a recent answer to the same question and True, or ask once however many wait for it."""
        max_age = self._settings.max_age_hours * HOUR_SECONDS
        async with self._alone(question):
            if max_age and not fresh:
                kept = await self._cache.recent(question, not_before=Instant(self._clock.now() - max_age))
                if kept is not None:
                    return kept, True
            answer = await ask()
            if max_age and answer.code is InsiCode.FOUND:
                await self._cache.keep(question, answer)
            return answer, False

    def _alone(self, question: Question) -> AbstractAsyncContextManager[None]:
        lock = self._asking.get(question)
        if lock is None:
            lock = self._asking[question] = asyncio.Lock()
        return lock

    def _deadline(self) -> float:
        return self._clock.monotonic() + self._settings.search_seconds

    async def _search(self, traits: SearchTraits, by: InsiCaller, known: tuple[Ins, ...]) -> InsiAnswer:
        deadline, several = self._deadline(), None
        order = queries(traits)
        query = next(order)
        while True:
            answer = await self._call(query, by, known, deadline)
            if answer.code is InsiCode.FOUND:
                return answer
            several = answer if answer.code is InsiCode.SEVERAL else several
            try:
                query = order.send(answer.code)
            except StopIteration:
                return several or answer

    async def _call(
        self, query: TraitsQuery | VitaleCard, by: InsiCaller, known: tuple[Ins, ...], deadline: float
    ) -> InsiAnswer:
        """Make one call, and again what may be tried again."""
        attempt = 1
        while True:
            remaining = deadline - self._clock.monotonic()
            if remaining < MIN_CALL_SECONDS:
                raise InsiFault(
                    "INSi: it did not answer all calls of the search in time",
                    code=Code.INSI_TIMEOUT,
                    hint="the identity stays as it is; try again in some minutes",
                )
            try:
                return await self._attempt(query, by, known, min(self._settings.call_seconds, remaining), attempt)
            except InsiFault as fault:
                left = deadline - self._clock.monotonic() - self._settings.pause_seconds
                if not fault.may_be_tried_again or attempt > self._settings.retries or left < MIN_CALL_SECONDS:
                    raise
            await self._pause(self._settings.pause_seconds)
            attempt += 1

    async def _attempt(
        self,
        query: TraitsQuery | VitaleCard,
        by: InsiCaller,
        known: tuple[Ins, ...],
        seconds: float,
        attempt: int,
    ) -> InsiAnswer:
        from connector.insi import answer as answers  # noqa: PLC0415 - lxml, see above
        from connector.insi import request  # noqa: PLC0415

        message_id, lps_id, bam_id = (request.new_uuid(self._entropy.token(16)) for _ in range(3))
        header = request.CallHeader(
            message_id, lps_id, bam_id, self._clock.now(), self._emitter, self._settings.software
        )
        if isinstance(query, VitaleCard):
            operation, content = InsiOperation.VITALE, request.vitale_envelope(query, header)
        else:
            operation, content = InsiOperation.TRAITS, request.traits_envelope(query, header)
        journal = _Journal(self._ledger, self._clock, header.message_id, by, operation, known)
        async with self._slots:
            await journal.record("calling", personal={"asked": query.to_json(), "attempt": attempt})
            started = self._clock.monotonic()
            try:
                async with asyncio.timeout(seconds + MIN_CALL_SECONDS):
                    reply = await asyncio.to_thread(self._exchange.post, content, request.ACTIONS[operation], seconds)
                call = answers.Call(operation, self._clock.now(), header.message_id)
                answer = answers.read_answer(reply, call, query, self._settings.oids)
            except TimeoutError:  # a name server that does not answer: nothing below can be interrupted
                fault = InsiFault(
                    "INSi: no answer in time, not even from the network", code=Code.INSI_TIMEOUT, hint="try again later"
                )
                await self._failed(journal, operation, fault, started)
                raise fault from None
            except ConnectorError as error:
                await self._failed(journal, operation, error, started)
                raise
            except BaseException:
                await journal.record("abandoned")
                raise
        self._observer.insi_answered(operation, answer.code, self._elapsed(started))
        found = (answer.identity.ins, *answer.identity.former) if answer.identity else ()
        await journal.record(_OUTCOMES[answer.code], workers=tuple(dict.fromkeys((*known, *found))))
        return answer

    async def _failed(
        self, journal: "_Journal", operation: InsiOperation, error: ConnectorError, started: float
    ) -> None:
        service_code = error.service_code if isinstance(error, InsiFault) else ""
        self._observer.insi_failed(operation, error.code, service_code, self._elapsed(started))
        await journal.record("failed", reason=f"{error.code} {service_code}".strip())

    def _elapsed(self, started: float) -> float:
        return (self._clock.monotonic() - started) * 1000


_OUTCOMES = {InsiCode.FOUND: "found", InsiCode.NONE: "none", InsiCode.SEVERAL: "several"}


class _Journal:
    """The entries of one call in the house ledger, found again by the MessageID that INSi has too."""

    def __init__(
        self,
        ledger: HouseLedger,
        clock: Clock,
        message_id: str,
        by: InsiCaller,
        operation: InsiOperation,
        known: tuple[Ins, ...],
    ) -> None:
        self._ledger, self._clock, self._known = ledger, clock, known
        self._ref = message_id.replace("-", "")
        self._personal = {"by": by.to_json(), "operation": operation.value}

    async def record(
        self,
        outcome: str,
        *,
        reason: str | None = None,
        personal: dict[str, object] | None = None,
        workers: tuple[Ins, ...] = (),
    ) -> None:
        await self._ledger.record(
            EntryDraft(
                type=EntryType.INSI_CALLED,
                at=self._clock.now(),
                outcome=outcome,
                reason=reason,
                ref=self._ref,
                personal={**self._personal, **(personal or {})},
                workers=workers or self._known,
            )
        )
