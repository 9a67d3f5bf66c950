"""The adapters on this machine, with what the service's configuration says of them."""

from dataclasses import dataclass
from datetime import date

from connector.cli.client import Json
from connector.cli.house import House
from connector.contract.discovery import AdapterInfo, described, installed


@dataclass(frozen=True, slots=True)
class Listed:
    """One adapter. `used_as` are the halves that the configuration names; `attested` is about its source alone."""

    info: AdapterInfo
    fault: str
    used_as: tuple[str, ...]
    attested_on: date | None
    attested_by: str

    def to_json(self) -> Json:
        """Give it for programs."""
        return {
            "name": self.info.name,
            "distribution": self.info.distribution,
            "version": self.info.version,
            "contract_version": self.info.contract_version,
            "halves": list(self.info.halves),
            "origin": self.info.origin,
            "used_as": list(self.used_as),
            "attested_on": self.attested_on.isoformat() if self.attested_on else None,
            "attested_by": self.attested_by or None,
            "fault": self.fault,
        }

    def cells(self) -> tuple[object, ...]:
        """Give it as a row."""
        attested = f"{self.attested_on} by {self.attested_by}" if self.attested_on else ""
        if not attested and "source" in self.used_as:
            attested = "MISSING: set [source] attested_on and attested_by"
        info = self.info
        halves, used = ", ".join(info.halves), ", ".join(self.used_as)
        return (info.name, info.version, info.contract_version, halves, used, attested, info.origin, self.fault)


def list_adapters(house: House | None) -> list[Listed]:
    """Give every adapter that can be found."""
    return [_listed(info, house) for info in installed()]


def _listed(info: AdapterInfo, house: House | None) -> Listed:
    info, fault = described(info)
    source, sink = (house.model.source, house.model.sink) if house else (None, None)
    named = (("source", source.adapter if source else None), ("sink", sink.adapter if sink else None))
    used_as = tuple(half for half, name in named if name == info.name and half in info.halves)
    is_source = source is not None and "source" in used_as
    return Listed(
        info,
        fault.message if fault else "",
        used_as,
        source.attested_on if source and is_source else None,
        (source.attested_by or "") if source and is_source else "",
    )
