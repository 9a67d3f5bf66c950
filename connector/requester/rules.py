"""Whether a fetch may be prepared, and may go on: looked at again before every mandate (DESIGN section 3).

The practitioner may still ask, the fetch is still valid, this service follows the worker, who has not objected, and the
identity is qualified and fresh enough. An answer of the vendor's software that cannot be had stops the fetch: no demand
leaves on a rule that could not be checked.
"""

from datetime import date
from typing import Final

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.fetch import Fetch
from connector.core.identity import LocalIdentity, QualifiedIdentity, compare
from connector.core.identity_alerts import Meeting, NearMiss, kind_of
from connector.core.instant import Instant, day_in_france
from connector.core.mandate import FollowUp, FollowUpBasis, Practitioner
from connector.core.oid import oid_belongs
from connector.core.ports import Clock, Entropy, GuardedSource, Oppositions, Practitioners, new_id
from connector.core.ports_vigilance import AlertNotices
from connector.core.records import Look, Opposition
from connector.core.states import FetchState
from connector.requester.new_fetch import NewFetch
from connector.requester.settings import RequesterSettings

HOUSE_REFUSALS: Final = frozenset(
    {
        Code.FETCH_OPPOSED,
        Code.FETCH_NOT_FOLLOWED,
        Code.IDENTITY_DISCREPANCY,
        Code.LOCAL_FORBIDDEN,
        Code.PRACTITIONER_PROFESSION,
    }
)
"""Refusals of a new fetch that the house ledger keeps: they tell of a person who tried."""


class Rules:
    """The requester's own rules; `source` is None where this service has no adapter.

    `oppositions` tells whether the worker objects, by whom the controller named; without one the source does. `alerts`
    is where near misses go. With `verifies` an identity whose verification is too old is verified before the first
    question (`requester.verifying`) instead of refused.
    """

    def __init__(
        self,
        settings: RequesterSettings,
        practitioners: Practitioners,
        source: GuardedSource | None,
        oppositions: Oppositions | None,
        clock: Clock,
        entropy: Entropy,
        *,
        alerts: AlertNotices | None = None,
        verifies: bool = False,
    ) -> None:
        self._settings, self._practitioners, self._clock, self._entropy = settings, practitioners, clock, entropy
        self._source, self._oppositions, self._alerts, self._verifies = source, oppositions, alerts, verifies

    async def admit(self, new: NewFetch) -> tuple[QualifiedIdentity, FollowUp]:
        """Give the identity to ask for and the ground to ask on.

        Where this service's software knows the worker, its own identity is asked for.

        Raises:
            LocalRefused: `local.forbidden`, `practitioner.profession`, `identity.oid`, `identity.not_qualified`,
                `identity.discrepancy`, `fetch.opposed`, `fetch.not_followed`.
            AdapterFault: the vendor's software could not be asked.
        """
        self._check_practitioner(new.practitioner)
        if not oid_belongs(new.worker.ins.oid, self._settings.environment):
            raise LocalRefused(
                f"worker oid: got an OID of another world, this connector runs in {self._settings.environment}",
                code=Code.IDENTITY_OID,
                hint="real identities belong to production, synthetic ones to test",
                field="worker",
            )
        look = await self._unopposed(new.worker)
        local = look.identity if look else None
        if local is None:
            self._check_declared(new)
            worker, basis = new.worker, FollowUpBasis.DECLARED
        else:
            worker, basis = await self._known_identity(new.worker, local), FollowUpBasis.KNOWN_LOCALLY
        if not self._verifies:
            self._check_age(worker)
        return worker, FollowUp(basis, new.visit)

    async def permit(self, fetch: Fetch, *, is_start: bool = False) -> None:
        """Let one more demand of a running fetch leave; at its start the identity may still be verified.

        Raises:
            LocalRefused: `fetch.expired`, `local.forbidden`, `practitioner.profession`, `fetch.opposed`,
                `fetch.not_followed`, `identity.not_qualified`, `identity.discrepancy`.
            AdapterFault: the vendor's software could not be asked.
        """
        if self._clock.now() >= fetch.expires_at:
            raise expired(fetch)
        self._check_practitioner(fetch.practitioner)
        if not (is_start and self._verifies):
            self._check_age(fetch.worker)
        look = await self._unopposed(fetch.worker)
        if fetch.follow_up.basis is FollowUpBasis.KNOWN_LOCALLY:
            if look is None or look.identity is None:
                raise LocalRefused(
                    "follow-up: this service's software no longer knows the worker",
                    code=Code.FETCH_NOT_FOLLOWED,
                    hint="prepare a new fetch",
                )
            await self._known_identity(fetch.worker, look.identity, ref=fetch.id)

    def may_read(self, fetch: Fetch, who: str) -> None:
        """Let a practitioner open a document that arrived.

        Raises:
            LocalRefused: `local.forbidden`, not the practitioner who asked nor one to whom they handed it, or may not
                read a whole DMST.
        """
        if not fetch.is_open_to(who) or not self._practitioners.may_read(who):
            raise LocalRefused(
                "reading: only the practitioner in whose name the record was asked for may, and while they may read",
                code=Code.LOCAL_FORBIDDEN,
                hint="whoever needs the record asks for it in their own name",
            )

    def may_hand_on(self, fetch: Fetch, who: str, colleague: str) -> None:
        """Let the practitioner who asked hand the document to a colleague of this service.

        Raises:
            LocalRefused: `local.forbidden`.
        """
        self.may_read(fetch, who)
        if who != fetch.owner or colleague == who or not self._practitioners.may_read(colleague):
            raise LocalRefused(
                "handing on: only the practitioner who asked may, and only to a colleague who may read a whole DMST",
                code=Code.LOCAL_FORBIDDEN,
                hint="choose a physician, intern or nurse of this service's list",
                field="colleague",
            )

    def may_discard(self, fetch: Fetch, who: str) -> None:
        """Let the practitioner who asked delete the copy; no colleague to whom it was handed, who only reads.

        Raises:
            LocalRefused: `local.forbidden`.
        """
        if who != fetch.owner:
            raise LocalRefused(
                "deleting: only the practitioner in whose name the record was asked for may delete its copy",
                code=Code.LOCAL_FORBIDDEN,
                hint="ask the practitioner who handed it on",
            )

    def _check_practitioner(self, practitioner: Practitioner) -> None:
        if not self._practitioners.may_ask(practitioner.id.value):
            raise LocalRefused(
                "practitioner: not, or no longer, one of those who may ask in this service's name",
                code=Code.LOCAL_FORBIDDEN,
                hint="have the practitioner added to the configuration",
                field="practitioner",
            )
        if practitioner.profession not in self._settings.professions:
            raise LocalRefused(
                "practitioner profession: got one that may not read a whole DMST, expected physician, intern or nurse",
                code=Code.PRACTITIONER_PROFESSION,
                field="practitioner",
            )

    def _check_declared(self, new: NewFetch) -> None:
        if not self._settings.allow_declared:
            hint = "register the worker in your own software first"
        elif not new.declared_reason.strip():
            hint = "register the worker in your own software first, or declare the follow-up with a reason"
        else:
            return
        raise LocalRefused(
            "follow-up: this service's software does not know the worker",
            code=Code.FETCH_NOT_FOLLOWED,
            hint=hint,
            field="follow_up",
        )

    def _check_age(self, worker: QualifiedIdentity) -> None:
        limit, age = self._settings.identity_max_age_days, days_since_verified(worker, self._clock.now())
        if limit is not None and age is not None and age > limit:
            raise LocalRefused(
                f"worker identity: verified with INSi {age} days ago, expected at most {limit}",
                code=Code.IDENTITY_NOT_QUALIFIED,
                hint="verify it with INSi again",
                field="worker",
            )

    async def _known_identity(
        self, asked: QualifiedIdentity, local: LocalIdentity, *, ref: str = ""
    ) -> QualifiedIdentity:
        """Give this service's own identity of the worker, when it is the one that was entered (ins.md 2.4)."""
        comparison = compare(asked, local)
        kind = kind_of(comparison)
        if kind is not None:
            await self._notice(
                NearMiss(
                    id=new_id(self._entropy),
                    kind=kind,
                    meeting=Meeting.DESK,
                    at=self._clock.now(),
                    ins=asked.ins,
                    other=local.ins if local.ins != asked.ins else None,
                    differing=comparison.differing,
                    ref=ref,
                )
            )
            differing = ", ".join(name.replace("_", " ") for name in comparison.differing) or "the INS"
            raise LocalRefused(
                f"worker: this service's software knows this INS with another identity ({kind}: {differing})",
                code=Code.IDENTITY_DISCREPANCY,
                hint="have the identity checked before asking: an identity alert is open",
                field="worker",
            )
        if not local.is_qualified:
            raise LocalRefused(
                f"worker identity: it is {local.status} in this service's software, expected QUAL",
                code=Code.IDENTITY_NOT_QUALIFIED,
                hint="qualify it first: INSi's traits, and a document of high trust",
                field="worker",
            )
        return local.qualified()

    async def _notice(self, near_miss: NearMiss) -> None:
        if self._alerts is not None:
            await self._alerts.notice(near_miss)

    async def _unopposed(self, worker: QualifiedIdentity) -> Look | None:
        """Look at this service's own record of the worker, and stop where the worker objects.

        Only a *yes* stops: that the worker does not object to this demand was said to the practitioner, who signs for
        it, and what another service recorded is for that service to heed.
        """
        look = None if self._source is None else await self._source.look(worker.ins)
        opposition = look.opposition if look is not None else Opposition.UNKNOWN
        if self._oppositions is not None:
            known_as = (worker.ins,) if look is None else look.known_as(worker.ins)
            opposition = await self._oppositions.opposition(known_as, look)
        if opposition is Opposition.YES:
            raise LocalRefused(
                "opposition: the worker objected, as this service has it on record",
                code=Code.FETCH_OPPOSED,
                hint="the worker may withdraw the objection; nothing is asked before",
                field="worker",
            )
        return look


def days_since_verified(worker: QualifiedIdentity, now: Instant) -> int | None:
    """Give the days since INSi bore an identity out, in France; None where the day is not known."""
    if worker.verified_on is None:
        return None
    return (date.fromisoformat(day_in_france(now)) - worker.verified_on.to_date()).days


def expired(fetch: Fetch) -> LocalRefused:
    """Give the error of a demand that comes after the fetch's time."""
    state = fetch.state if fetch.state is FetchState.EXPIRED else "over its time"
    return LocalRefused(f"fetch: it is {state}", code=Code.FETCH_EXPIRED, hint="start a new one")
