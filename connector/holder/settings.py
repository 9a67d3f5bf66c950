"""What this member is and accepts as a holder. Durations are seconds, sizes bytes."""

from dataclasses import dataclass, field

from connector.core.limits import Limits
from connector.core.members import MemberId
from connector.core.policy import HolderPolicy
from connector.core.units import MIB


@dataclass(frozen=True, slots=True)
class HolderSettings:
    """The defaults are those of the configuration."""

    member: MemberId
    policy: HolderPolicy
    limits: Limits = field(default_factory=Limits)
    """Numbers of PROTOCOL section 5; an operator may set others for one peer."""
    withheld_floor_seconds: float = 0.15
    """Answers without a record never leave sooner (PROTOCOL section 4); measured look times raise it."""
    hold_seconds: float = 3.0
    """How long a handover waits for its document before it says 202 (PROTOCOL section 1)."""
    render_seconds: float = 120.0
    """How long the vendor's software may take to give a whole document."""
    max_document_bytes: int = 200 * MIB
    rendering_retry_seconds: int = 2
    could_not_look_retry_seconds: int = 30
    unavailable_retry_seconds: int = 30
