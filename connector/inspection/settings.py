"""What a service decided about the content of documents, and the limits of one inspection."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from connector.core.inspection import FindingKind, Handling
from connector.core.units import MIB

STRIP_ALL: Final[Mapping[FindingKind, Handling]] = MappingProxyType(dict.fromkeys(FindingKind, Handling.STRIP))
"""The default: the physician gets the pages, and nothing that runs (docs/adr/0007)."""


@dataclass(frozen=True, slots=True)
class InspectionSettings:
    """`seconds` bound one document, `memory_bytes` its process beside three times the document's size.

    `places` is how many documents are looked into at once: each is in memory meanwhile.
    """

    policy: Mapping[FindingKind, Handling] = field(default_factory=lambda: STRIP_ALL)
    seconds: float = 20.0
    memory_bytes: int = 512 * MIB
    places: int = 2
    wait_seconds: float = 60.0
