"""The status page for IT staff: what must be right, what is to be done, peers with a test of each.

Everything comes from the ports of the status API; a check is told in the reader's language, with the daemon's own
words (English) as its detail.
"""

from dataclasses import dataclass
from typing import Final, Self

from aiohttp import web

from connector.core.directory import MemberStatus
from connector.core.instant import day_in_france
from connector.core.ledger import EntryType, Tree
from connector.core.members import MemberId
from connector.local.guards import PORTS, SETTINGS, language_of
from connector.local.members import member_of
from connector.local.pages.rendering import render
from connector.local.pages.texts import TEXTS
from connector.local.ports import Check, JournalQuery, PeerSeen
from connector.local.register_views import coverage_out
from connector.local.views import probe_out, status_out
from connector.local.words import Language, of_code

SOON_DAYS: Final = 60
"""From so many days before its end on a certificate is told in yellow, as `check` and the log tell it."""


@dataclass(frozen=True, slots=True)
class CheckShown:
    """A check as it is read: its title, what is wrong and what to do, beside the daemon's own words."""

    check: Check
    title: str
    says: str
    do: str

    @classmethod
    def of(cls, check: Check, language: Language) -> Self:
        """Find the words for a check; one that is right has none but its title."""
        known = TEXTS[language]
        key = f"check.{check.name}"
        if check.ok and not check.remedy:
            return cls(check, known.get(key, check.name), "", "")
        case = f"{key}.{check.state or ('warn' if check.ok else 'bad')}"
        says, do = known.get(case, check.detail or check.name), known.get(f"{case}.do", check.remedy)
        return cls(check, known.get(key, check.name), says, do)


async def show(request: web.Request) -> web.Response:
    """`GET /status`."""
    return await _page(request)


async def probe(request: web.Request) -> web.Response:
    """`POST /status/peers/{id}/probe`: the whole way to one peer, with a document about nobody."""
    member = member_of(request)
    steps = await request.app[PORTS].prober.probe(member.id)
    language = language_of(request)
    words = {step.code: of_code(step.code, language) for step in steps if step.code is not None}
    return render(request, "status_probe.html", probe=probe_out(member, steps), words=words)


async def _page(request: web.Request) -> web.Response:
    ports, settings, language = request.app[PORTS], request.app[SETTINGS], language_of(request)
    report = await ports.status.status()
    checks = [CheckShown.of(check, language) for check in report.checks]
    seen = {peer.member: peer for peer in report.peers}
    purged = await ports.journal.find(JournalQuery(tree=Tree.HOUSE, type=EntryType.PURGED, limit=1))
    peers = [member for member in ports.directory.members() if member.id != settings.member]
    return render(
        request,
        "status.html",
        status_=status_out(report, settings),
        red=[one for one in checks if not one.check.ok],
        yellow=[one for one in checks if one.check.ok and one.check.remedy],
        green=[one for one in checks if one.check.ok and not one.check.remedy],
        directory=ports.membership.report(),
        paused=ports.membership.paused(),
        peers=[(member, seen.get(member.id, _unseen(member.id))) for member in peers],
        active=MemberStatus.ACTIVE,
        coverage=coverage_out(await ports.coverage.report(), language),
        blocks=ports.limits.blocks(),
        witnesses=await ports.witnesses.report(),
        last_purge=purged[0].at if purged else None,
        free_bytes=report.free_bytes,
        last_backup_at=report.last_backup_at,
        soon_days=SOON_DAYS,
        today=day_in_france(ports.clock.now()),
    )


def _unseen(member: MemberId) -> PeerSeen:
    return PeerSeen(member)
