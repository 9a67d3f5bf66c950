"""Finds adapters by their entry points and makes the configured ones: only those named are ever imported.

Groups `spsti_connector.sources` and `spsti_connector.sinks`; ours come in by the same door as a vendor's. What an
adapter's code raises while it is imported or made is told by its type, never by its text.
"""

import difflib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from pathlib import Path
from typing import Any, cast

from connector.contract.adapter import CONTRACT_VERSION, Adapter, AdapterContext, AdapterOptions, Sink, Source
from connector.contract.faults import type_name
from connector.contract.options import check_options
from connector.contract.refusals import adapter_refused
from connector.core.errors import ConfigFault
from connector.core.faults import FaultAt

SOURCES = "spsti_connector.sources"
SINKS = "spsti_connector.sinks"
SUPPORTED_VERSIONS = frozenset({CONTRACT_VERSION})

_HALF_OF = {SOURCES: "source", SINKS: "sink"}


@dataclass(frozen=True, slots=True)
class AdapterInfo:
    """What `adapter list` shows. `contract_version` is None while the adapter has not been loaded."""

    name: str
    distribution: str
    version: str
    contract_version: int | None
    halves: tuple[str, ...]
    origin: str


def installed() -> tuple[AdapterInfo, ...]:
    """List the adapters that are installed, by name, without importing any."""
    found: dict[tuple[str, str], AdapterInfo] = {}
    for group, half in _HALF_OF.items():
        for entry in _entries(group):
            info = _info(entry, half)
            known = found.get((info.name, info.distribution))
            found[info.name, info.distribution] = (
                info if known is None else replace(known, halves=(*known.halves, half))
            )
    return tuple(found[key] for key in sorted(found))


def described(info: AdapterInfo) -> tuple[AdapterInfo, ConfigFault | None]:
    """Import an adapter to learn its contract version; also give why it cannot be used, or None."""
    for group, half in _HALF_OF.items():
        if half in info.halves:
            try:
                _, loaded = _load_class(group, info.name)
            except ConfigFault as fault:
                return info, fault
            info = replace(info, contract_version=loaded.contract_version)
    return info, None


def load_source(name: str, options: Mapping[str, Any], context: AdapterContext) -> tuple[Source, AdapterInfo]:
    """Import the source of that name and make it with its options; it opens nothing yet.

    Raises:
        ConfigFault: no or several such adapters, one that cannot be imported or made, of another contract version, or
            options that it refuses: all of them in `faults`, `path: message - remedy`.
    """
    return cast("tuple[Source, AdapterInfo]", _load(SOURCES, name, options, context))


def load_sink(name: str, options: Mapping[str, Any], context: AdapterContext) -> tuple[Sink, AdapterInfo]:
    """Import the sink of that name and make it with its options, as `load_source`.

    Raises:
        ConfigFault: as `load_source`.
    """
    return cast("tuple[Sink, AdapterInfo]", _load(SINKS, name, options, context))


def source_option_faults(name: str, options: Mapping[str, Any]) -> tuple[FaultAt, ...]:
    """Check a source's options alone, as values whose key paths the configuration can find in its file.

    Raises:
        ConfigFault: the adapter itself cannot be had.
    """
    return check_options(_load_class(SOURCES, name)[0].Options, options)[1]


def sink_option_faults(name: str, options: Mapping[str, Any]) -> tuple[FaultAt, ...]:
    """Check a sink's options alone, as `source_option_faults`.

    Raises:
        ConfigFault: the adapter itself cannot be had.
    """
    return check_options(_load_class(SINKS, name)[0].Options, options)[1]


def _load(group: str, name: str, options: Mapping[str, Any], context: AdapterContext) -> tuple[Adapter, AdapterInfo]:
    adapter_class, info = _load_class(group, name)
    model, faults = check_options(adapter_class.Options, options)
    if faults:
        heading = f'{_HALF_OF[group]} adapter "{name}" refuses its options'
        raise ConfigFault.of_all(heading, tuple(replace(one.fault, part=one.where or "options") for one in faults))
    try:
        return adapter_class(model, context), info
    except Exception as error:  # noqa: BLE001  a vendor's code: whatever it raises stops the start, not the program
        kind_of_error = type_name(error)
    raise _fault(name, group, "adapter.made", error=kind_of_error)


def _load_class(group: str, name: str) -> tuple[type[Adapter], AdapterInfo]:
    entry = _the_entry(group, name)
    thing: object = None
    try:
        thing = entry.load()
    except Exception as error:  # noqa: BLE001  see above
        missing = getattr(error, "name", None) if isinstance(error, ImportError) else None
        why = f"{type_name(error)}: {missing}" if isinstance(missing, str) else type_name(error)
    else:
        why = ""
    if why:
        raise _fault(name, group, "adapter.import", error=why, origin=entry.value)
    kind = Source if group == SOURCES else Sink
    if not (isinstance(thing, type) and issubclass(thing, kind)):
        raise _fault(name, group, "adapter.class", origin=entry.value, wanted=kind.__name__)
    adapter_class: type[Adapter] = thing
    version = getattr(adapter_class, "contract_version", None)
    if version not in SUPPORTED_VERSIONS:
        got = str(version) if type(version) is int else ""
        raise _fault(name, group, "adapter.version", got=got, supported=sorted(SUPPORTED_VERSIONS))
    options: object = adapter_class.Options
    if not (isinstance(options, type) and issubclass(options, AdapterOptions)):
        raise _fault(name, group, "adapter.options-class")
    halves = tuple(half for one, half in _HALF_OF.items() if any(e.name == name for e in _entries(one)))
    return adapter_class, replace(_info(entry, _HALF_OF[group]), contract_version=version, halves=halves)


def _entries(group: str) -> EntryPoints:
    return _entries_of(group, tuple((place, _changed_at(place)) for place in sys.path))


@lru_cache(maxsize=2)
def _entries_of(group: str, _places: tuple[tuple[str, int], ...]) -> EntryPoints:
    """Read what is installed in these places once, until one of them changes: a start asks half a dozen times."""
    return entry_points(group=group)


def _changed_at(place: str) -> int:
    try:
        return Path(place).stat().st_mtime_ns
    except OSError:
        return 0


def _the_entry(group: str, name: str) -> EntryPoint:
    entries = tuple(_entries(group))
    found = [entry for entry in entries if entry.name == name]
    # One distribution may be on the path twice (an editable install beside its sources).
    if len({entry.value for entry in found}) == 1:
        return found[0]
    if found:
        owners = sorted(_info(entry, "").distribution for entry in found)
        raise _fault(name, group, "adapter.several", owners=owners)
    known = sorted({entry.name for entry in entries})
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        raise _fault(name, group, "adapter.absent-near", nearest=near[0])
    raise _fault(name, group, "adapter.absent", installed=known or [""])


def _info(entry: EntryPoint, half: str) -> AdapterInfo:
    dist = entry.dist
    return AdapterInfo(
        name=entry.name,
        distribution=dist.name if dist is not None else "",
        version=dist.version if dist is not None else "",
        contract_version=None,
        halves=(half,),
        origin=str(dist.locate_file("")) if dist is not None else "",
    )


def _fault(name: str, group: str, kind: str, **values: object) -> ConfigFault:
    return adapter_refused(kind, _HALF_OF[group], name, **values)
