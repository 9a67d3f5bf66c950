"""Call the real INSi once, and keep what it showed: run by a service when its certificate and authorisation arrive.

    python scripts/insi_real_check.py connector.toml --report insi-check.json [--person person.toml]

Reads the section [insi], refuses what the connector would refuse, looks at the TLS of the endpoint, then makes three
searches: a person, the same again (which must make no call), and somebody of two given names who does not exist (which
also tries both in one `Prenom`). The report shows what docs/insi.md lists as unconfirmed; it holds no trait and no
matricule, so it may be sent to the project. On the qualification platform the person is CNDA's ADRUN ZOE unless another
is given; in production name someone who agreed, since every call is logged nationally.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import socket
import ssl
import sys
import time
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from connector.core.errors import ConnectorError, InsiFault
from connector.core.insi import InsiCaller, InsiCode, SearchTraits
from connector.core.instant import Instant, rfc3339
from connector.core.ledger import EntryDraft
from connector.core.oid import Environment
from connector.insi.opening import check_insi, open_insi
from connector.insi.service import InsiService
from connector.insi.settings import InsiPlatform, InsiSettings, Software
from connector.peer.tls import TlsMaterial, TlsSettings, client_context

PUBLISHED = {"birth_name": "ADRUN", "given_names": "ZOE", "sex": "F", "birth_date": "1975-12-31"}
NOBODY = {"birth_name": "PERSONNE-DE-CE-NOM", "given_names": "ESSAI DEUX", "sex": "M", "birth_date": "1901-01-01"}
TEXTS = ("endpoint", "server_name", "emitter")
NUMBERS = ("call_seconds", "search_seconds", "retries", "pause_seconds", "max_at_once", "max_answer_bytes")


class SystemClock:
    """The machine's clocks."""

    def now(self) -> Instant:
        """Give the wall clock."""
        return Instant(int(time.time()))

    def monotonic(self) -> float:
        """Give the clock of deadlines."""
        return time.monotonic()


class SystemEntropy:
    """The machine's randomness."""

    def token(self, length: int) -> bytes:
        """Give random bytes."""
        return secrets.token_bytes(length)


@dataclass
class Kept:
    """The journal of this run: what the report may hold of each entry."""

    entries: list[dict[str, Any]] = field(default_factory=list)

    async def record(self, entry: EntryDraft) -> None:
        """Keep time, outcome, reason and MessageID; nothing personal."""
        self.entries.append(
            {"at": rfc3339(entry.at), "outcome": entry.outcome, "reason": entry.reason, "message_id": entry.ref}
        )


def main() -> int:
    """Run the check; 0 when a person was found and nobody was not, 1 otherwise, 2 when nothing could be called."""
    parser = argparse.ArgumentParser(description="Call INSi once and keep what it showed.")
    parser.add_argument("configuration", type=Path, help="TOML file with the section [insi]")
    parser.add_argument("--report", type=Path, default=Path("insi-check.json"), help="where the report goes")
    parser.add_argument("--person", type=Path, help="TOML file: birth_name, given_names, sex, birth_date, birth_place")
    options = parser.parse_args()
    report: dict[str, Any] = {"run_at": rfc3339(SystemClock().now())}
    try:
        settings = settings_of(tomllib.loads(options.configuration.read_text(encoding="utf-8"))["insi"])
        environment = Environment.PRODUCTION if settings.platform is InsiPlatform.PRODUCTION else Environment.TEST
        person = person_of(options.person, settings.platform)
        material, emitter = check_insi(settings, environment)
        report |= {"platform": settings.platform.value, "endpoint": settings.url, "emitter": emitter}
        report["tls"] = tls_facts(settings, material)
    except (OSError, KeyError, TypeError, ValueError, ConnectorError) as error:
        told = str(error) if isinstance(error, ConnectorError) else f"{type(error).__name__}: {error}"
        print(f"nothing was called: {told}", file=sys.stderr)
        return 2
    kept = Kept()
    service = open_insi(settings, environment, clock=SystemClock(), entropy=SystemEntropy(), ledger=kept)
    report["searches"] = asyncio.run(searches(service, person))
    report["calls"] = kept.entries
    report["verdict"] = verdict(report["searches"])
    options.report.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{report['verdict']}: the report is in {options.report}; keep it with the service's documents")
    return 0 if report["verdict"] == "confirmed" else 1


def settings_of(table: dict[str, Any]) -> InsiSettings:
    """Take what the connector's own configuration says of INSi."""
    tls = TlsSettings(
        trusted_cas=tuple(Path(path) for path in table["trusted_cas"]),
        certificate=Path(table["certificate"]),
        key=Path(table["key"]) if "key" in table else None,
        password=Path(table["password"]) if "password" in table else None,
        crls=tuple(Path(path) for path in table.get("crls", ())),
    )
    software = Software(
        table["authorisation"], table["software_name"], table["software_version"], table["software_instance"]
    )
    others = {name: table[name] for name in (*TEXTS, *NUMBERS) if name in table}
    return InsiSettings(InsiPlatform(table["platform"]), tls, software, **others)


def person_of(path: Path | None, platform: InsiPlatform) -> SearchTraits:
    """Take the person to search for."""
    if path is None and platform is InsiPlatform.PRODUCTION:
        raise ValueError("in production a person must be given with --person, who agreed to it")
    told = PUBLISHED if path is None else tomllib.loads(path.read_text(encoding="utf-8"))
    return SearchTraits.parse(**told)


def tls_facts(settings: InsiSettings, material: TlsMaterial) -> dict[str, Any]:
    """Look at the endpoint's TLS without sending a request: these facts are unconfirmed in the project's notes."""
    context = client_context(material)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.hostname_checks_common_name = True
    url = urlsplit(settings.url)
    with (
        socket.create_connection((url.hostname or "", url.port or 443), settings.call_seconds) as plain,
        context.wrap_socket(plain, server_hostname=url.hostname) as secured,
    ):
        certificate: dict[str, Any] = dict(secured.getpeercert() or {})
        cipher = secured.cipher()
        return {
            "version": secured.version(),
            "cipher": cipher[0] if cipher else None,
            "server_subject": certificate.get("subject"),
            "server_issuer": certificate.get("issuer"),
            "server_has_subject_alternative_name": bool(certificate.get("subjectAltName")),
            "server_not_after": certificate.get("notAfter"),
        }


async def searches(service: InsiService, person: SearchTraits) -> list[dict[str, Any]]:
    """Make the three searches; each ends in a code or in a fault's code, and never in a trait."""
    wanted = (
        ("the person", person, InsiCode.FOUND),
        ("the person again, without a call", person, InsiCode.FOUND),
        ("somebody who does not exist", SearchTraits.parse(**NOBODY), InsiCode.NONE),
    )
    by, done = InsiCaller("insi_real_check", "check of the installation"), []
    for what, traits, expected in wanted:
        begun = time.monotonic()
        told: dict[str, Any] = {"search": what, "expected": expected.value}
        try:
            answer = await service.search_by_traits(traits, by=by)
            told["got"] = answer.code.value
            if answer.identity is not None:
                told |= {
                    "oid": answer.identity.ins.oid.value,
                    "history_entries": len(answer.identity.former) + answer.identity.unreadable_former,
                    "traits_that_differ": list(answer.differing),
                    "answer_bytes": len(answer.raw),
                }
        except InsiFault as fault:
            told |= {"got": fault.code.value, "service_code": fault.service_code, "words": str(fault)}
        told["ms"] = round((time.monotonic() - begun) * 1000)
        done.append(told)
    return done


def verdict(done: list[dict[str, Any]]) -> str:
    """Say whether every search ended as expected."""
    return "confirmed" if all(one["got"] == one["expected"] for one in done) else "not confirmed"


if __name__ == "__main__":
    sys.exit(main())
