"""Whether the adapters that the configuration names can be had, and take the options that stand there.

Each half's options are judged by the adapter's own model, where the adapter will run: its code may crash.
"""

from collections.abc import Iterator

from connector.config.model import ConfigFile
from connector.contract.discovery import sink_option_faults, source_option_faults
from connector.contract.process import option_faults
from connector.contract.settings import Isolation, ProcessSettings
from connector.core.errors import ConfigFault
from connector.core.faults import FaultAt


def adapter_faults(model: ConfigFile) -> Iterator[FaultAt]:
    """Give every fault of the sections `[source]` and `[sink]`, each at its key."""
    halves = {"source": model.source, "sink": model.sink}
    given = [(half, section) for half, section in halves.items() if section is not None]
    apart = [(half, section) for half, section in given if section.isolation is Isolation.PROCESS]
    found = option_faults([(half, s.adapter, s.options) for half, s in apart], ProcessSettings())
    for (half, _), said in zip(apart, found, strict=True):
        yield from _placed(half, said)
    for half, section in given:
        if section.isolation is Isolation.NONE:
            ask = source_option_faults if half == "source" else sink_option_faults
            try:
                yield from _placed(half, ask(section.adapter, section.options))
            except ConfigFault as error:
                yield from _placed(half, error)


def _placed(half: str, found: tuple[FaultAt, ...] | ConfigFault) -> Iterator[FaultAt]:
    if isinstance(found, ConfigFault):
        yield from (FaultAt((half, "adapter"), detail) for detail in found.details)
    else:
        yield from (FaultAt((half, "options", *one.path), one.fault) for one in found)
