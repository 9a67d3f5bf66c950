"""Certificates and revocation lists as they are configured: pairs, chains, names, ends (fault of a pair: the start)."""

from collections.abc import Iterator

from connector.config.own_certificates import STAGES, findings
from connector.core.errors import ConfigFault, PeerFault
from connector.core.instant import rfc3339
from connector.core.units import DAY_SECONDS, HOUR_SECONDS
from connector.crypto.certificates import Authorities, PeerCertificate
from connector.crypto.keys import load_certificates
from connector.crypto.pem import der_of
from connector.crypto.seen import SeenCertificate
from connector.doctor.finding import Finding, critical, ok, warning
from connector.doctor.patient import Patient
from connector.peer.tls import TlsMaterial, Trust


def certificates(patient: Patient) -> Iterator[Finding]:
    """Say of each certificate in use until when it holds, who issued it, and whether it leads to our authorities."""
    material = patient.material
    for use, tls in (("server", material.server_tls), ("client", material.client_tls)):
        yield _end(use, tls.certificate, patient, _issuer(tls))
        if not _leads_up(tls):
            yield critical("certificates", "chain.broken", use=use)
    if material.insi is not None:
        yield _end("insi", material.insi.certificate, patient, "-")
    if material.local is not None:
        yield _end("local", material.local.certificate, patient, "-")


def others(patient: Patient) -> Iterator[Finding]:
    """Say what else there is of them: names, products, no list at all."""
    for found in findings(patient.material, patient.now):
        if not found.is_of_an_end:  # told above, with its days
            yield warning("certificates", "certificate.other", found=found.fault)


def revocation(patient: Patient) -> Iterator[Finding]:
    """Look at the newest list of each authority that is kept here."""
    trust = Trust.of(patient.material.server_tls)
    if trust.crls is None:
        return
    if why := trust.unsaid(patient.now):
        yield critical("crl", "crl.speechless", why=why)
        return
    until = trust.crls.next_update
    near = until - patient.now < patient.model.peer.crl.warn_hours * HOUR_SECONDS
    yield (warning if near else ok)("crl", "crl.ending" if near else "crl.right", until=rfc3339(until))


def _end(use: str, certificate: PeerCertificate, patient: Patient, issuer: str) -> Finding:
    until, days = rfc3339(certificate.not_after), (certificate.not_after - patient.now) // DAY_SECONDS
    if days < 0:
        return critical("certificates", "certificate.ended", use=use, until=until)
    if days < STAGES[-1]:
        return critical("certificates", "certificate.ending", use=use, until=until, days=days)
    if days <= STAGES[0]:
        return warning("certificates", "certificate.ending", use=use, until=until, days=days)
    return ok("certificates", "certificate.right", use=use, until=until, days=days, issuer=issuer)


def _issuer(tls: TlsMaterial) -> str:
    return SeenCertificate.of(der_of(load_certificates(tls.chain)[0])).issuer


def _leads_up(tls: TlsMaterial) -> bool:
    try:
        Authorities.load((tls.trusted_cas,)).chain_of(der_of(load_certificates(tls.chain)[0]))
    except (PeerFault, ConfigFault):
        return False
    return True
