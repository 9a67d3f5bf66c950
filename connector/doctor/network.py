"""The way to peers, copies of the directory, revocation lists and INSi: name, port, TLS, and who stands in between.

A certificate that none of our authorities issued, where a member should be, is a proxy that inspects TLS; one that is
not ours at our own announced endpoint is a load balancer that ends it. Both are named by what they show. The clock is
compared with the Date of every server that answers.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from connector.core.b64 import encode
from connector.core.directory import Member, MemberStatus
from connector.core.errors import PeerFault
from connector.crypto.certificates import Authorities, PeerCertificate
from connector.crypto.seen import SeenCertificate
from connector.doctor.finding import Finding, critical, ok, unknown, warning
from connector.doctor.labels import Label
from connector.doctor.patient import Patient
from connector.doctor.reaching import SECONDS, Place, Reached, Sight, looking, see
from connector.peer.tls import client_context

CLOCK_WARN_SECONDS: Final = 20
CLOCK_CRITICAL_SECONDS: Final = 60
"""Mandates live five minutes and may come a minute early (PROTOCOL section 2)."""


async def network(patient: Patient) -> AsyncIterator[Finding]:
    """Look at every destination, side by side."""
    dates: list[tuple[str, int]] = []
    places = [*_peers(patient), *_web(patient)]
    own = _announced(patient)
    sights = await asyncio.gather(*(_look(patient, place, kind) for place, kind, _ in places))
    for (place, kind, member), sight in zip(places, sights, strict=True):
        if sight.date is not None:
            dates.append((place.host, sight.date - patient.now))
        yield judge(patient, place, kind, member, sight)
    if own is not None:
        yield judge_own(patient, own, await _look(patient, own, "peer"))
    for finding in clock(dates):
        yield finding


def judge(patient: Patient, place: Place, kind: str, member: Member | None, sight: Sight) -> Finding:
    """Say what one sight means."""
    said: dict[str, object] = {"host": place.host, "port": place.port, "what": place.what}
    match sight.reached:
        case Reached.UNRESOLVED:
            return warning("dns", "dns.unresolved", host=place.host, what=place.what)
        case Reached.REFUSED:
            return warning("network", "reach.refused", **said)
        case Reached.SILENT:
            return warning("network", "reach.silent", seconds=int(SECONDS), **said)
        case Reached.PROXY:
            return warning("network", "reach.proxy", proxy=urlsplit(place.proxy).netloc, why=sight.why, **said)
        case Reached.NO_TLS:
            return _no_tls(kind, sight, said)
        case _:
            return _shown(patient, kind, member, sight, said)


def judge_own(patient: Patient, place: Place, sight: Sight) -> Finding:
    """Say whether at our announced endpoint it is we who answer."""
    said: dict[str, object] = {"host": place.host, "port": place.port, "what": place.what}
    if sight.reached is not Reached.ANSWERED or sight.certificate is None:
        return judge(patient, place, "peer", None, sight)
    own = {patient.material.server_tls.certificate.x5t}
    if patient.material.prepared.server_tls is not None:
        own.add(patient.material.prepared.server_tls.certificate.x5t)
    seen = SeenCertificate.of(sight.certificate)
    if encode(seen.sha256) in own:
        return ok("network", "reach.right", **said)
    return critical("tls", "tls.ended", subject=seen.subject, issuer=seen.issuer, host=place.host, port=place.port)


def clock(differences: Sequence[tuple[str, int]]) -> Iterator[Finding]:
    """Compare our clock with theirs: one that is off may be theirs, so each is named."""
    if not differences:
        yield unknown("clock", "clock.nobody")
        return
    off = [(host, by) for host, by in differences if abs(by) > CLOCK_WARN_SECONDS]
    for host, by in off:
        level = critical if abs(by) > CLOCK_CRITICAL_SECONDS and len(off) * 2 > len(differences) else warning
        yield level("clock", "clock.off", seconds=-by, host=host)
    if not off:
        most = max(abs(by) for _, by in differences)
        yield ok("clock", "clock.right", seconds=most, count=len(differences))


def ports(patient: Patient) -> Iterator[Finding]:
    """Look at our own two addresses: listened on by us, free, taken, or not this machine's."""
    is_running = patient.is_running()
    for listen in (patient.model.peer.listen, patient.model.local.listen):
        host, _, port = listen.rpartition(":")
        yield port_finding(host.strip("[]"), int(port), listen, is_running=is_running)


def port_finding(host: str, port: int, listen: str, *, is_running: bool) -> Finding:
    """Say how one address stands."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    if is_running:
        near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - compared, never bound
        try:
            socket.create_connection((near, port), timeout=SECONDS).close()
        except OSError:
            return critical("ports", "port.silent", listen=listen)
        return ok("ports", "port.mine", listen=listen)
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            key = "port.foreign" if error.errno == 99 else "port.taken"  # EADDRNOTAVAIL
            return critical("ports", key, listen=listen)
    return ok("ports", "port.free", listen=listen)


Target = tuple[Place, str, Member | None]


def _peers(patient: Patient) -> Iterator[Target]:
    for member in patient.members:
        if member.id != patient.material.member.id and member.status is MemberStatus.ACTIVE and member.endpoint:
            yield _place(patient, member.endpoint, Label("named", member.name)), "peer", member


def _web(patient: Patient) -> Iterator[Target]:
    model = patient.model
    for url in model.directory.urls if model.directory is not None else ():
        kind = "web" if url.startswith("https:") else "plain"
        yield _place(patient, url, Label("directory")), kind, None
    for url in patient.material.crl_urls:
        kind = "web" if url.startswith("https:") else "plain"
        yield _place(patient, url, Label("crl")), kind, None
    for provider in model.sign_in.providers:
        if not provider.trusted_cas and provider.issuer.startswith("https:"):
            who = Label("sign-in", provider.title)
            yield _place(patient, provider.discovery or provider.issuer, who), "web", None
    if patient.material.insi is not None:
        yield _place(patient, patient.material.insi.settings.url, Label("insi")), "insi", None


def _announced(patient: Patient) -> Place | None:
    endpoint = patient.material.member.endpoint
    return _place(patient, endpoint, Label("announced")) if endpoint and patient.is_running() else None


def _place(patient: Patient, url: str, what: Label) -> Place:
    parts = urlsplit(url)
    port = parts.port or (80 if parts.scheme == "http" else 443)
    return Place(parts.hostname or "", port, what, patient.proxy_for(parts.hostname or ""))


async def _look(patient: Patient, place: Place, kind: str) -> Sight:
    if kind == "plain":
        return await see(place, None)
    if kind == "web":
        sight = await see(place, ssl.create_default_context())
        if sight.reached is not Reached.NO_TLS:
            return sight
        again = await see(place, looking(ssl.create_default_context))
        return Sight(Reached.NO_TLS, again.certificate, again.date, sight.why)
    if kind == "insi":  # who answers there is looked at without the national certificate, so that nothing is logged
        return await see(place, looking(ssl.create_default_context))
    return await see(place, looking(lambda: client_context(patient.material.client_tls)))


def _no_tls(kind: str, sight: Sight, said: dict[str, object]) -> Finding:
    if kind == "web" and sight.certificate is not None:
        return warning("tls", "web.untrusted", issuer=SeenCertificate.of(sight.certificate).issuer, **said)
    return warning("tls", "tls.none", why=sight.why, **said)


def _shown(patient: Patient, kind: str, member: Member | None, sight: Sight, said: dict[str, object]) -> Finding:
    if kind not in {"peer", "insi"} or sight.certificate is None:
        return ok("network", "reach.right", **said)
    authorities = _authorities(patient, kind)
    try:
        authorities.chain_of(sight.certificate)
        certificate = PeerCertificate.from_der(sight.certificate)
    except PeerFault:
        return critical("tls", "tls.inspected", issuer=SeenCertificate.of(sight.certificate).issuer, **said)
    if kind == "insi":
        return ok("network", "reach.right", **said)
    owner = patient.owner_of(certificate)
    if member is not None and owner != member.id:
        return critical("tls", "tls.other-member", **said)
    return ok("network", "reach.right", **said)


def _authorities(patient: Patient, kind: str) -> Authorities:
    """Give those that must have issued what is shown there."""
    insi = patient.material.insi
    if kind == "insi" and insi is not None:
        return Authorities.load(path.read_bytes() for path in insi.settings.tls.trusted_cas)
    return Authorities.load((patient.material.client_tls.trusted_cas,))
