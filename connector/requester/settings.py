"""What the requester's room can be told: who we are, how long things take and stay. Durations are in seconds."""

from dataclasses import dataclass

from connector.core.coded import DMST_PORTABILITY, MAY_READ_WHOLE_RECORD, Coded, Flow
from connector.core.fetch import DEFAULT_MAX_SERVICES, HARD_MAX_SERVICES
from connector.core.members import MemberId
from connector.core.oid import Environment
from connector.core.units import DAY_SECONDS, HOUR_SECONDS, MIB


@dataclass(frozen=True, slots=True)
class RequesterSettings:
    """Settings of fetches.

    `deadline_seconds` bounds the asking, `handover_seconds` the wait for a holder that renders, `fetch_seconds` the
    life of a fetch (`waiting_seconds` where a person at a holder decides), `opened_seconds` and `kept_seconds` the life
    of a received document from its first opening and from its arrival, `ended_seconds` how long a fetch that ended
    stays listed, `attended_seconds` how long after its start a practitioner is believed to wait for it.
    `practitioner_per_day` bounds the questions that leave in the name of one practitioner (PROTOCOL section 5).
    `identity_max_age_days` is None where the age of an INSi verification is not looked at.
    """

    member: MemberId
    environment: Environment
    flow: Flow = DMST_PORTABILITY
    professions: frozenset[Coded] = MAY_READ_WHOLE_RECORD
    max_services: int = DEFAULT_MAX_SERVICES
    allow_declared: bool = True
    identity_max_age_days: int | None = 1825
    deadline_seconds: float = 10.0
    handover_seconds: float = 120.0
    download_attempts: int = 4
    resume_pause_seconds: float = 0.5
    max_document_bytes: int = 200 * MIB
    fetch_seconds: int = DAY_SECONDS
    waiting_seconds: int = 3 * DAY_SECONDS
    ask_again_seconds: int = 60
    ask_again_at_most_seconds: int = HOUR_SECONDS
    opened_seconds: int = DAY_SECONDS
    kept_seconds: int = 7 * DAY_SECONDS
    ended_seconds: int = 7 * DAY_SECONDS
    attended_seconds: int = 600
    delivery_first_seconds: int = 5
    delivery_at_most_seconds: int = HOUR_SECONDS
    acknowledge_seconds: int = 7 * DAY_SECONDS
    practitioner_per_day: int = 60

    def __post_init__(self) -> None:
        if not 1 <= self.max_services <= HARD_MAX_SERVICES:
            msg = f"max_services: got {self.max_services}, expected 1 to {HARD_MAX_SERVICES}"
            raise ValueError(msg)
        if not self.fetch_seconds <= self.waiting_seconds <= 3 * DAY_SECONDS:
            msg = "fetch_seconds and waiting_seconds: expected the first within the second, and 72 hours at most"
            raise ValueError(msg)
        if not self.opened_seconds <= self.kept_seconds <= 7 * DAY_SECONDS:
            msg = "opened_seconds and kept_seconds: expected the first within the second, and 7 days at most"
            raise ValueError(msg)
