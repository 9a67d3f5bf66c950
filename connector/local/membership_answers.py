"""What callers are answered about the member directory, blocks and the pause, as pydantic models."""

from typing import Annotated, Literal

from pydantic import Field

from connector.core.measures import BlockReason, PauseReason
from connector.directory.age import Freshness
from connector.local.answers import Answer, MomentOut


class BlockOut(Answer):
    """A member that this service has blocked itself, until it lifts it."""

    member: str
    name: str
    reason: BlockReason
    since: MomentOut
    by: Annotated[str, Field(description="the API key")]


class BlockedOut(Answer):
    """What became of a block: `already` where it stood, and stays as it was."""

    result: Literal["blocked", "already", "unblocked"]
    block: BlockOut


class MembershipOut(Answer):
    """The member directory in force, what is wrong with it, and how long it may be relied on."""

    version: str
    signed: Annotated[bool, Field(description="whether a federation signed it, or it is a local file for a trial")]
    freshness: Freshness
    message: str
    ends_at: MomentOut | None
    refreshed_at: Annotated[MomentOut | None, Field(description="when copies last answered, since the start")]
    copies: Annotated[int | None, Field(description="copies that can be asked; null with a local file")]
    members: Annotated[dict[str, int], Field(description="members by status")]
    findings: Annotated[list[str], Field(description="entries that are left out, or stand as they were before")]
    differences: Annotated[list[str], Field(description="what it says otherwise of this service than is configured")]
    blocks: list[BlockOut]


class RefusedCopyOut(Answer):
    """A copy that was passed over: `refusal` is one of the words of docs/directory.md."""

    source: str
    refusal: str
    detail: str


class RefreshOut(Answer):
    """What a refresh came to."""

    changed: bool
    refused: list[RefusedCopyOut]
    directory: MembershipOut


class AnsweringOut(Answer):
    """Whether this service answers other members; `reason`, `since` and `by` where it has paused."""

    paused: bool
    reason: PauseReason | None
    since: MomentOut | None
    by: str
