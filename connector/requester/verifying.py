"""An identity whose verification is not known, or is too old, held against INSi before the first service is asked.

Only where this service calls INSi; elsewhere `rules` refuses what is too old, and the vendor's software verifies. What
INSi does not bear out asks nobody: the fetch ends in words, with the names of the traits that differ, for this
service's own staff. Nothing is ever asked of a peer by name instead.
"""

from dataclasses import replace

from connector.core.errors import InsiFault, LocalRefused
from connector.core.fetch import Fetch
from connector.core.identity import QualifiedIdentity
from connector.core.identity_alerts import near_miss_of
from connector.core.insi import InsiCaller, Verification, VerificationResult, check_verified
from connector.core.ports import Clock, Entropy, new_id
from connector.core.ports_insi import IdentityService
from connector.core.ports_vigilance import AlertNotices
from connector.core.states import FetchState
from connector.requester import notes
from connector.requester.errand import Errand
from connector.requester.means import Means, end
from connector.requester.notes import Note
from connector.requester.rules import days_since_verified
from connector.requester.settings import RequesterSettings

PURPOSE = "fetch"


class Verifying:
    """`insi` is None where this service does not call it; `alerts` takes what INSi has otherwise."""

    def __init__(
        self,
        settings: RequesterSettings,
        insi: IdentityService | None,
        alerts: AlertNotices | None,
        clock: Clock,
        entropy: Entropy,
    ) -> None:
        self._limit, self._insi, self._alerts = settings.identity_max_age_days, insi, alerts
        self._clock, self._entropy = clock, entropy

    async def passes(self, errand: Errand, means: Means) -> bool:
        """Verify the worker of a fetch where that is due; where INSi does not bear them out the fetch ends here.

        Raises:
            FailedClosed: nothing can be recorded; the fetch stays prepared.
        """
        insi = self._insi
        if insi is None or not self._is_due(errand.fetch.worker):
            return True
        await errand.keep(notes.note(Note.IDENTITY_CHECKED))
        try:
            verification = await self._ask(insi, errand.fetch)
        except InsiFault as fault:
            await end(errand, means, FetchState.FAILED, fault.code, fault.message)
            return False
        try:
            check_verified(verification)
        except LocalRefused as refused:
            await self._tell(errand, verification)
            await end(errand, means, FetchState.FAILED, refused.code, refused.message)
            return False
        worker = _as_of(errand.fetch.worker, verification)
        told = notes.note(Note.IDENTITY_VERIFIED, method=verification.method.value, on=str(worker.verified_on))
        await errand.keep(told, worker=worker)
        return True

    def _is_due(self, worker: QualifiedIdentity) -> bool:
        """Whether the day of verification is not known, or too long ago."""
        age = days_since_verified(worker, self._clock.now())
        return self._limit is not None and (age is None or age > self._limit)

    async def _ask(self, insi: IdentityService, fetch: Fetch) -> Verification:
        """Ask INSi; a kept answer that is too old itself, or that does not bear the worker out, is asked again."""
        caller = InsiCaller(fetch.owner, PURPOSE)
        verification = await insi.verify(fetch.worker, by=caller)
        settles = verification.is_verified and not self._is_due(_as_of(fetch.worker, verification))
        if settles or not verification.is_kept:
            return verification
        return await insi.verify(fetch.worker, by=caller, fresh=True)

    async def _tell(self, errand: Errand, verification: Verification) -> None:
        """Name what differs to those who follow the fetch, and to the person who watches over identities."""
        fetch = errand.fetch
        near_miss = near_miss_of(fetch.worker, verification, alert_id=new_id(self._entropy), ref=fetch.id)
        if near_miss is not None and self._alerts is not None:
            await self._alerts.notice(near_miss)
        if verification.result is VerificationResult.DIFFERS:
            await errand.keep(notes.note(Note.IDENTITY_DIFFERS, differing=list(verification.differing)))


def _as_of(worker: QualifiedIdentity, verification: Verification) -> QualifiedIdentity:
    """Give an identity with the day on which INSi bore it out."""
    return worker if verification.answer is None else replace(worker, verified_on=verification.answer.day)
