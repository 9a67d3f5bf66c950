"""What is to be said of this service's own certificates: which products they are, when they end, what browsers want.

`check`, the status and `init` tell it; none of it stops a start. What would, `config.material` refuses.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from connector.config.material import Material
from connector.core.faults import Fault
from connector.core.instant import Instant, rfc3339
from connector.core.units import DAY_SECONDS
from connector.crypto.keys import load_certificates
from connector.crypto.kinds import kind_of
from connector.crypto.names import hosts_of

STAGES: Final = (60, 30, 7)
"""Days before its end at which a certificate is warned of: ask for its successor, install it, or stop everything."""

_END_OF: Final = {0: "own.ended", 7: "own.ending-now", 30: "own.ending-soon", 60: "own.ending"}
_ENDS: Final = frozenset(_END_OF.values())


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is right today and will not stay so, or could be better; and what to do."""

    fault: Fault

    @property
    def what(self) -> str:
        """What it is, in English."""
        return self.fault.text("en")

    @property
    def remedy(self) -> str:
        """What to do, in English."""
        return self.fault.remedy("en")

    @property
    def is_of_an_end(self) -> bool:
        """Whether it is about the day on which a certificate ends."""
        return self.fault.kind in _ENDS


def stage_of(not_after: Instant, now: Instant) -> int | None:
    """Give the last of 60, 30 and 7 days that a certificate's end has come within, 0 when it has ended, else None."""
    if now >= not_after:
        return 0
    return min((days for days in STAGES if not_after - now <= days * DAY_SECONDS), default=None)


def ending(use: str, not_after: Instant, now: Instant) -> Finding | None:
    """Warn of a certificate's end, more urgently as it nears."""
    stage = stage_of(not_after, now)
    if stage is None:
        return None
    left = (not_after - now) // DAY_SECONDS
    do = f"rotate.{use}" if use in {"server", "client"} else "replace"
    return Finding(Fault(_END_OF[stage], {"use": use, "until": rfc3339(not_after), "days": left, "do": do}))


def described(material: Material) -> tuple[str, ...]:
    """Say of each certificate which product it is, and until when it holds."""
    following = material.prepared
    named = (
        ("server", material.server_tls),
        ("client", material.client_tls),
        ("server, prepared", following.server_tls),
        ("client, prepared", following.client_tls),
    )
    return tuple(
        f"{use}: {kind_of(load_certificates(tls.chain)[0])}, until {rfc3339(tls.certificate.not_after)}"
        for use, tls in named
        if tls is not None
    )


def findings(material: Material, now: Instant) -> tuple[Finding, ...]:
    """Say everything that `check` warns of about this service's own certificates and the lists that revoke others."""
    used = {"server": material.server_tls.certificate, "client": material.client_tls.certificate}
    if material.insi is not None:
        used["insi"] = material.insi.certificate
    if material.local is not None:
        used["local"] = material.local.certificate
    found = [said for use, one in used.items() if (said := ending(use, one.not_after, now)) is not None]
    host = urlsplit(material.member.endpoint).hostname
    names = hosts_of(material.server_tls.chain)
    if host and host not in names:
        found.append(Finding(Fault("own.other-host", {"names": list(names), "host": host})))
    if material.local is not None and material.local.fault:
        found.append(Finding(material.local.fault))
    if not material.server_tls.checks_crls:
        found.append(Finding(Fault("own.no-crl")))
    return tuple(found)
