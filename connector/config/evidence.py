"""Section `[evidence]` as the settings that the daemon opens evidence with."""

from dataclasses import dataclass
from typing import Any

from connector.config.load import LoadedFile
from connector.config.references import References
from connector.core.errors import ConfigFault
from connector.core.faults import reason
from connector.crypto.timestamps import read_roots


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    """A time-stamping authority and the roots that it is believed by, where one is configured."""

    tsa_url: str | None = None
    tsa_roots: tuple[Any, ...] = ()


def evidence_settings(loaded: LoadedFile, references: References) -> EvidenceSettings:
    """Give the settings; the roots are read, nobody is asked.

    Raises:
        ConfigFault: the file of the roots cannot be read, or holds no certificate.
    """
    section = loaded.model.evidence
    if section.tsa_url is None or section.tsa_ca is None:
        return EvidenceSettings()
    path = references.path(section.tsa_ca)
    try:
        return EvidenceSettings(section.tsa_url, read_roots(path.read_bytes(), "[evidence] tsa_ca"))
    except OSError as error:
        raise ConfigFault.of("evidence.unreadable", reason=reason(error)) from None
