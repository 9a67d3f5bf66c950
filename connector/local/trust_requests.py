"""What callers send about limits and proposals. People are named here: in the house's own journal, nowhere else."""

from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from connector.core.proposals import ProposalKind
from connector.local.requests import Body

PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=3, max_length=120),
    Field(description="name and function of the person who does this"),
]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]
_Number = Annotated[int, Field(ge=1, le=1_000_000, strict=True)]


class LimitsIn(Body):
    """Other numbers for one service; none of them: those that are configured."""

    by: PersonName
    reason: Reason
    per_minute: _Number | None = None
    per_day: _Number | None = None
    misses_per_day: _Number | None = None


class ProposalIn(Body):
    """A proposal; which of the places it needs goes by its kind: `block`, or `tree` and `index`, or none."""

    kind: ProposalKind
    by: PersonName
    reason: Reason
    block: Annotated[str | None, Field(pattern="^[0-9a-f]{32}$")] = None
    tree: Annotated[str | None, Field(pattern="^(exchange|house)$")] = None
    index: Annotated[int | None, Field(ge=0, le=2**53 - 1, strict=True)] = None

    @model_validator(mode="after")
    def _places_of_its_kind(self) -> Self:
        given = {name for name in ("block", "tree", "index") if getattr(self, name) is not None}
        if given != _PLACES[self.kind]:
            needed = ", ".join(sorted(_PLACES[self.kind])) or "none of block, tree and index"
            msg = f"expected {needed} with this kind"
            raise ValueError(msg)
        return self

    def subject(self) -> dict[str, str | int]:
        """Give what it is about."""
        return {name: getattr(self, name) for name in sorted(_PLACES[self.kind])}


_PLACES = {
    ProposalKind.LIFT_BLOCK: {"block"},
    ProposalKind.ERASE: {"tree", "index"},
    ProposalKind.SUCCEED: set[str](),
}


class ConfirmIn(Body):
    """The second person's name; they call with another API key than the first."""

    by: PersonName


class WithdrawIn(Body):
    """Who takes it back."""

    by: PersonName
