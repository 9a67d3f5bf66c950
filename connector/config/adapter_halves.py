"""The halves of adapters that a configuration names, opened as each says: in a process of its own, or here.

The daemon, `check` and `adapter check` open them by this, so that what was tried by hand is what runs. Whether a half
behaves is the guard's and the conformance kit's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connector.config.model import AdapterSection, ConfigFile
from connector.config.network import proxies
from connector.contract.adapter import AdapterContext, Sink, Source
from connector.contract.discovery import AdapterInfo, load_sink, load_source
from connector.contract.isolated import open_sink, open_source
from connector.contract.settings import GuardSettings, Isolation, ProcessSettings
from connector.core.instant import Instant
from connector.core.members import MemberId
from connector.core.units import MIB
from connector.store.files import give_to_owner


@dataclass(frozen=True, slots=True)
class AdapterHalves:
    """Opens them. `config` is the file that names them, `state` the state directory, `credentials` systemd's."""

    model: ConfigFile
    config: Path
    state: Path
    credentials: Path | None
    now: Callable[[], Instant]

    def folder(self, name: str) -> Path:
        """Give an adapter's own folder, made where it is not there yet; root leaves nothing of its own behind.

        Raises:
            OSError: it cannot be made.
        """
        folder = self._folder(name)
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            give_to_owner(folder.parent, self.state)
        return folder

    def context(self, name: str) -> AdapterContext:
        """Give what an adapter is told of the house."""
        return AdapterContext(
            member=MemberId.parse(self.model.member.id, strict=False),
            environment=self.model.member.environment,
            config_directory=self.config.resolve().parent,
            data_directory=self._folder(name),
            now=self.now,
            proxies=proxies(self.model.network),
        )

    def guard(self, section: AdapterSection) -> GuardSettings:
        """Give the limits of one half."""
        return GuardSettings(
            look_seconds=section.timeout_seconds,
            question_places=section.max_concurrent,
            max_document_bytes=self.model.holder.max_document_mb * MIB,
        )

    async def source(
        self, section: AdapterSection, options: Mapping[str, Any] | None = None
    ) -> tuple[Source, AdapterInfo]:
        """Open a source; with other options than those of its section where they are given.

        Raises:
            ConfigFault: it cannot be had, or refuses its options.
        """
        name, context = section.adapter, self.context(section.adapter)
        taken = section.options if options is None else options
        if section.isolation is Isolation.NONE:
            return load_source(name, taken, context)
        guard, process = self.guard(section), self._process(section)
        return await open_source(name, taken, context, guard=guard, process=process)

    async def sink(self, section: AdapterSection) -> tuple[Sink, AdapterInfo]:
        """Open a sink.

        Raises:
            ConfigFault: it cannot be had, or refuses its options.
        """
        name, context = section.adapter, self.context(section.adapter)
        if section.isolation is Isolation.NONE:
            return load_sink(name, section.options, context)
        guard, process = self.guard(section), self._process(section)
        return await open_sink(name, section.options, context, guard=guard, process=process)

    def _folder(self, name: str) -> Path:
        return self.state / "adapters" / name

    def _process(self, section: AdapterSection) -> ProcessSettings:
        return ProcessSettings(memory_bytes=section.memory_mb * MIB, credentials=self.credentials)
