"""Operations on the member directory, and what this service decides alone: blocks, and the pause of its answers."""

from aiohttp import web

from connector.core.instant import rfc3339
from connector.core.measures import Block, Pause
from connector.core.members import MemberId
from connector.core.ports import MemberDirectory
from connector.local.bodies import answer, body_of
from connector.local.guards import PORTS, caller_of
from connector.local.membership_answers import (
    AnsweringOut,
    BlockedOut,
    BlockOut,
    MembershipOut,
    RefreshOut,
    RefusedCopyOut,
)
from connector.local.ports import MembershipReport
from connector.local.requests import BlockIn, PauseIn


async def show(request: web.Request) -> web.Response:
    """`GET /api/v1/directory`."""
    ports = request.app[PORTS]
    return answer(request, _directory_out(ports.membership.report(), ports.directory))


async def refresh(request: web.Request) -> web.Response:
    """`POST /api/v1/directory/refresh`: answered when the copies were asked."""
    ports = request.app[PORTS]
    report = await ports.membership.refresh()
    body = RefreshOut(
        changed=report.changed,
        refused=[RefusedCopyOut(source=r.source, refusal=r.refusal, detail=r.detail) for r in report.refused],
        directory=_directory_out(report.directory, ports.directory),
    )
    return answer(request, body)


async def block(request: web.Request) -> web.Response:
    """`POST /api/v1/members/{id}/block`: counts when it is answered."""
    ports, member = request.app[PORTS], _member(request)
    body, _ = await body_of(request, BlockIn)
    found, is_new = await ports.membership.block(member, body.reason, caller_of(request).name)
    shown = _block_out(found, ports.directory)
    return answer(request, BlockedOut(result="blocked" if is_new else "already", block=shown))


async def unblock(request: web.Request) -> web.Response:
    """`POST /api/v1/members/{id}/unblock`."""
    ports = request.app[PORTS]
    lifted = await ports.membership.unblock(_member(request), caller_of(request).name)
    return answer(request, BlockedOut(result="unblocked", block=_block_out(lifted, ports.directory)))


async def answering(request: web.Request) -> web.Response:
    """`GET /api/v1/answering`."""
    return answer(request, _answering_out(request.app[PORTS].membership.paused()))


async def pause(request: web.Request) -> web.Response:
    """`POST /api/v1/answering/pause`."""
    body, _ = await body_of(request, PauseIn)
    paused = await request.app[PORTS].membership.pause(body.reason, caller_of(request).name)
    return answer(request, _answering_out(paused))


async def resume(request: web.Request) -> web.Response:
    """`POST /api/v1/answering/resume`."""
    membership = request.app[PORTS].membership
    await membership.resume(caller_of(request).name)
    return answer(request, _answering_out(membership.paused()))


def _member(request: web.Request) -> MemberId:
    return MemberId.parse(request.match_info["id"], strict=False)


def _directory_out(report: MembershipReport, directory: MemberDirectory) -> MembershipOut:
    return MembershipOut(
        version=report.version,
        signed=report.is_signed,
        freshness=report.freshness,
        message=report.message,
        ends_at=rfc3339(report.ends_at) if report.ends_at is not None else None,
        refreshed_at=rfc3339(report.refreshed_at) if report.refreshed_at is not None else None,
        copies=report.copies,
        members={status.value: count for status, count in report.members.items()},
        findings=list(report.findings),
        differences=list(report.differences),
        blocks=[_block_out(one, directory) for one in report.blocks],
    )


def _block_out(block: Block, directory: MemberDirectory) -> BlockOut:
    member = directory.get(block.member)
    return BlockOut(
        member=block.member.value,
        name=member.name if member else "",
        reason=block.reason,
        since=rfc3339(block.since),
        by=block.by,
    )


def _answering_out(pause: Pause | None) -> AnsweringOut:
    return AnsweringOut(
        paused=pause is not None,
        reason=pause.reason if pause else None,
        since=rfc3339(pause.since) if pause else None,
        by=pause.by if pause else "",
    )
