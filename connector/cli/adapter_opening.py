"""The configured halves of an adapter, opened by a command as the daemon opens them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from connector.cli.faults import Fault
from connector.cli.house import House, give_to_owner
from connector.config.model import AdapterSection
from connector.config.network import proxies
from connector.contract.adapter import AdapterContext, Sink, Source
from connector.contract.discovery import AdapterInfo, load_sink, load_source
from connector.contract.isolated import open_sink, open_source
from connector.contract.settings import MIB, GuardSettings, Isolation, ProcessSettings
from connector.core.members import MemberId
from connector.daemon.run import credentials_directory
from connector.daemon.system import SystemClock


def context_of(house: House, name: str) -> AdapterContext:
    """Give what an adapter is told of the house, and make its own folder where it is not there yet.

    Raises:
        Fault: the folder cannot be made.
    """
    data = house.state / "adapters" / name
    _make(data, house.state)
    return AdapterContext(
        member=MemberId.parse(house.model.member.id, strict=False),
        environment=house.model.member.environment,
        config_directory=house.path.resolve().parent,
        data_directory=data,
        now=SystemClock().now,
        proxies=proxies(house.model.network),
    )


def guard_settings(house: House, section: AdapterSection) -> GuardSettings:
    """Give the limits of one half, as in service."""
    return GuardSettings(
        look_seconds=section.timeout_seconds,
        question_places=section.max_concurrent,
        max_document_bytes=house.model.holder.max_document_mb * MIB,
    )


async def open_source_of(
    house: House, section: AdapterSection, options: Mapping[str, Any], context: AdapterContext
) -> tuple[Source, AdapterInfo]:
    """Open a source where the configuration wants it: in a process of its own, or here.

    Raises:
        ConfigFault: it cannot be had, or refuses its options.
    """
    if section.isolation is Isolation.NONE:
        return load_source(section.adapter, options, context)
    guard, process = guard_settings(house, section), _process(house, section)
    return await open_source(section.adapter, options, context, guard=guard, process=process)


async def open_sink_of(house: House, section: AdapterSection, context: AdapterContext) -> tuple[Sink, AdapterInfo]:
    """Open a sink, as `open_source_of`.

    Raises:
        ConfigFault: it cannot be had, or refuses its options.
    """
    if section.isolation is Isolation.NONE:
        return load_sink(section.adapter, section.options, context)
    guard, process = guard_settings(house, section), _process(house, section)
    return await open_sink(section.adapter, section.options, context, guard=guard, process=process)


def _process(house: House, section: AdapterSection) -> ProcessSettings:
    return ProcessSettings(memory_bytes=section.memory_mb * MIB, credentials=credentials_directory(house.path))


def _make(data: Path, state: Path) -> None:
    if data.is_dir():
        return
    try:
        data.mkdir(mode=0o700, parents=True)
        give_to_owner(data, state)
    except OSError as error:
        raise Fault(f"{data}: cannot be made", why=error.strerror or "", do="run it as the connector's user") from None
