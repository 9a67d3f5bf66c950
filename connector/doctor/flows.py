"""The firewall matrix, generated from the configuration and the member list: who opens which connection, and why.

`announced` is where others call; behind a translation of addresses it is not where this machine listens.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from connector.config.model import AdapterSection
from connector.contract.interruption import place_of
from connector.core.directory import MemberStatus
from connector.doctor.patient import Patient

_PORT_OF: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Flow:
    """One line: `direction` is in or out; `by` names the proxy that opens it for us, empty where we do ourselves."""

    direction: str
    source: str
    host: str
    port: int
    protocol: str
    why: str
    by: str = ""


def flows(patient: Patient) -> Sequence[Flow]:
    """Give every connection that this configuration opens or expects, each once."""
    return tuple(dict.fromkeys((*_in(patient), *_out(patient))))


def _in(patient: Patient) -> Iterator[Flow]:
    model = patient.model
    host, port = _split(model.peer.listen)
    yield Flow("in", "members", host, port, "TLS 1.3, mutual", "peers ask us, and fetch")
    announced = urlsplit(patient.material.member.endpoint)
    if announced.hostname and (announced.hostname, announced.port or 443) != (host, port):
        why = "announced endpoint: to be led to the line above, TCP unchanged"
        yield Flow("in", "members", announced.hostname, announced.port or 443, "TLS 1.3, mutual", why)
    host, port = _split(model.local.listen)
    if not ip_address(host).is_loopback:
        yield Flow("in", "this service's network", host, port, "HTTPS", "pages and local API")


def _out(patient: Patient) -> Iterator[Flow]:
    model, material = patient.model, patient.material
    for member in patient.members:
        if member.id != material.member.id and member.status is MemberStatus.ACTIVE and member.endpoint:
            yield _url(member.endpoint, "TLS 1.3, mutual", f"ask {member.name}", patient)
    for url in model.directory.urls if model.directory is not None else ():
        yield _url(url, "HTTPS", "signed directory", patient)
    for url in material.crl_urls:
        yield _url(url, "HTTP", "revocation list", patient)
    if material.insi is not None:
        yield _url(material.insi.settings.url, "TLS, mutual", "INSi", patient)
    for provider in model.sign_in.providers:
        yield _url(provider.discovery or provider.issuer, "HTTPS", f"sign-in by {provider.title}", patient)
    if material.evidence.tsa_url is not None:
        yield _url(material.evidence.tsa_url, "HTTP", "time stamps", patient)
    if material.alerts is not None:
        yield _url(material.alerts.url, "HTTPS", "alerts", patient)
    for half, section in (("source", model.source), ("sink", model.sink)):
        yield from _adapter(half, section, patient)
    yield Flow("out", "this machine", "its resolver", 53, "DNS", "names of all the above")
    yield Flow("out", "this machine", "its time server", 123, "NTP", "mandates live five minutes")


def _adapter(half: str, section: AdapterSection | None, patient: Patient) -> Iterator[Flow]:
    if section is None:
        return
    parts = urlsplit(str(section.options.get("url", "")))
    place, by = place_of(section.options), ""
    if place is None and parts.scheme == "https" and parts.hostname:
        place, by = (parts.hostname, parts.port or 443), patient.proxy_for(parts.hostname)
    if place is not None:
        yield Flow("out", "this machine", *place, parts.scheme.split("+")[0], f"{half} {section.adapter}", by)


def _url(url: str, protocol: str, why: str, patient: Patient) -> Flow:
    parts = urlsplit(url)
    port = parts.port or _PORT_OF.get(parts.scheme, 443)
    return Flow(
        "out", "this machine", parts.hostname or "", port, protocol, why, patient.proxy_for(parts.hostname or "")
    )


def _split(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)
