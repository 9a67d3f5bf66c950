"""Operations on limits between services, and on what takes two people."""

from aiohttp import web

from connector.core.directory import Member
from connector.core.instant import rfc3339
from connector.core.limits import LimitBlock, PeerOverride
from connector.core.proposals import Proposal
from connector.local.bodies import answer, body_of, id_of
from connector.local.guards import PORTS, caller_of
from connector.local.members import member_of
from connector.local.trust_answers import (
    BlockOut,
    BlocksOut,
    ConfirmedOut,
    LimitsOut,
    NumbersOut,
    ProposalOut,
    ProposalsOut,
)
from connector.local.trust_requests import ConfirmIn, LimitsIn, ProposalIn, WithdrawIn


async def blocks(request: web.Request) -> web.Response:
    """`GET /api/v1/limits`."""
    return answer(request, BlocksOut(items=[_block_out(block) for block in request.app[PORTS].limits.blocks()]))


async def show_limits(request: web.Request) -> web.Response:
    """`GET /api/v1/members/{id}/limits`."""
    return answer(request, await _limits_out(request, member_of(request)))


async def set_limits(request: web.Request) -> web.Response:
    """`POST /api/v1/members/{id}/limits`."""
    member = member_of(request)
    body, _ = await body_of(request, LimitsIn)
    override = PeerOverride(body.per_minute, body.per_day, body.misses_per_day)
    await request.app[PORTS].limits.set_override(
        member.id, None if override == PeerOverride() else override, body.reason, body.by
    )
    return answer(request, await _limits_out(request, member))


async def proposals(request: web.Request) -> web.Response:
    """`GET /api/v1/proposals`."""
    waiting = await request.app[PORTS].proposals.waiting()
    return answer(request, ProposalsOut(items=[proposal_out(proposal) for proposal in waiting]))


async def propose(request: web.Request) -> web.Response:
    """`POST /api/v1/proposals`."""
    body, _ = await body_of(request, ProposalIn)
    proposal = await request.app[PORTS].proposals.propose(
        body.kind, body.subject(), reason=body.reason, by=body.by, key=caller_of(request).name
    )
    return answer(request, proposal_out(proposal), status=201)


async def confirm(request: web.Request) -> web.Response:
    """`POST /api/v1/proposals/{id}/confirm`."""
    proposal_id = _proposal_id(request)
    body, _ = await body_of(request, ConfirmIn)
    proposal, result = await request.app[PORTS].proposals.confirm(proposal_id, by=body.by, key=caller_of(request).name)
    return answer(request, ConfirmedOut(proposal=proposal_out(proposal), result=dict(result)))


async def withdraw(request: web.Request) -> web.Response:
    """`POST /api/v1/proposals/{id}/withdraw`."""
    proposal_id = _proposal_id(request)
    body, _ = await body_of(request, WithdrawIn)
    return answer(request, proposal_out(await request.app[PORTS].proposals.withdraw(proposal_id, by=body.by)))


def proposal_out(proposal: Proposal) -> ProposalOut:
    """Show a proposal."""
    return ProposalOut(
        id=proposal.id,
        kind=proposal.kind,
        at=rfc3339(proposal.at),
        expires_at=rfc3339(proposal.expires_at),
        by=proposal.by,
        key=proposal.key,
        reason=proposal.reason,
        subject=dict(proposal.subject),
    )


def _proposal_id(request: web.Request) -> str:
    return id_of(request.match_info["id"], "proposal")


async def _limits_out(request: web.Request, member: Member) -> LimitsOut:
    standing = await request.app[PORTS].limits.standing(member)
    numbers = standing.limits
    return LimitsOut(
        member=member.id.value,
        name=member.name,
        size_class=member.size_class,
        limits=NumbersOut(
            per_minute=numbers.per_minute, per_day=numbers.per_day, misses_per_day=numbers.misses_per_day
        ),
        own_numbers=standing.override is not None,
        lookups=standing.total,
        hits=standing.hits,
        misses=standing.misses,
        probes=standing.probes,
        slowed=standing.slowed,
        blocks=[_block_out(block) for block in standing.blocks],
    )


def _block_out(block: LimitBlock) -> BlockOut:
    return BlockOut(
        id=block.id,
        member=block.peer.value,
        rule=block.rule,
        since=rfc3339(block.since),
        person=bool(block.tag),
        ref=block.ref,
    )
