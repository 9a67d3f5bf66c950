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
from connector.core.fault_words import Language
from connector.doctor.labels import Label
from connector.doctor.patient import Patient

_PORT_OF: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True)
class Flow:
    """One line: `direction` is in or out; `by` names the proxy that opens it for us, empty where we do ourselves."""

    direction: str
    source: Label
    host: str | Label
    port: int
    protocol: str
    why: Label
    by: str = ""

    def in_words(self, language: Language) -> dict[str, str | int]:
        """Give each column by its name; `direction` stays the word for programs."""
        return {
            "direction": self.direction,
            "source": self.source.text(language),
            "host": self.host if isinstance(self.host, str) else self.host.text(language),
            "port": self.port,
            "protocol": self.protocol,
            "why": self.why.text(language),
            "by": self.by,
        }


_MEMBERS: Final = Label("members")
_MACHINE: Final = Label("machine")


def flows(patient: Patient) -> Sequence[Flow]:
    """Give every connection that this configuration opens or expects, each once."""
    return tuple(dict.fromkeys((*_in(patient), *_out(patient))))


def _in(patient: Patient) -> Iterator[Flow]:
    model = patient.model
    host, port = _split(model.peer.listen)
    yield Flow("in", _MEMBERS, host, port, "TLS 1.3, mutual", Label("peers"))
    announced = urlsplit(patient.material.member.endpoint)
    if announced.hostname and (announced.hostname, announced.port or 443) != (host, port):
        yield Flow("in", _MEMBERS, announced.hostname, announced.port or 443, "TLS 1.3, mutual", Label("led"))
    host, port = _split(model.local.listen)
    if not ip_address(host).is_loopback:
        yield Flow("in", Label("network"), host, port, "HTTPS", Label("local"))


def _out(patient: Patient) -> Iterator[Flow]:
    model, material = patient.model, patient.material
    for member in patient.members:
        if member.id != material.member.id and member.status is MemberStatus.ACTIVE and member.endpoint:
            yield _url(member.endpoint, "TLS 1.3, mutual", Label("ask", member.name), patient)
    for url in model.directory.urls if model.directory is not None else ():
        yield _url(url, "HTTPS", Label("directory"), patient)
    for url in material.crl_urls:
        yield _url(url, "HTTP", Label("crl"), patient)
    if material.insi is not None:
        yield _url(material.insi.settings.url, "TLS, mutual", Label("insi"), patient)
    for provider in model.sign_in.providers:
        yield _url(provider.discovery or provider.issuer, "HTTPS", Label("sign-in", provider.title), patient)
    if material.evidence.tsa_url is not None:
        yield _url(material.evidence.tsa_url, "HTTP", Label("stamps"), patient)
    if material.alerts is not None:
        yield _url(material.alerts.url, "HTTPS", Label("alerts"), patient)
    for half, section in (("source", model.source), ("sink", model.sink)):
        yield from _adapter(half, section, patient)
    yield Flow("out", _MACHINE, Label("resolver"), 53, "DNS", Label("names"))
    yield Flow("out", _MACHINE, Label("time"), 123, "NTP", Label("clock"))


def _adapter(half: str, section: AdapterSection | None, patient: Patient) -> Iterator[Flow]:
    if section is None:
        return
    parts = urlsplit(str(section.options.get("url", "")))
    place, by = place_of(section.options), ""
    if place is None and parts.scheme == "https" and parts.hostname:
        place, by = (parts.hostname, parts.port or 443), patient.proxy_for(parts.hostname)
    if place is not None:
        yield Flow("out", _MACHINE, *place, parts.scheme.split("+")[0], Label(half, section.adapter), by)


def _url(url: str, protocol: str, why: Label, patient: Patient) -> Flow:
    parts = urlsplit(url)
    port = parts.port or _PORT_OF.get(parts.scheme, 443)
    return Flow("out", _MACHINE, parts.hostname or "", port, protocol, why, patient.proxy_for(parts.hostname or ""))


def _split(listen: str) -> tuple[str, int]:
    host, _, port = listen.rpartition(":")
    return host.strip("[]"), int(port)
