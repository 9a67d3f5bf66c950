"""`spsti-connector run`: load, build, wait; SIGTERM and SIGINT drain and stop, SIGHUP reads the configuration again.

Under systemd it takes the sockets that were bound for it, says when it is ready, reloads and stops, and keeps the
watchdog content (`daemon.listening`, `daemon.notify`, `daemon.pulse`).

A reload is taken as a whole or refused as a whole. It renews certificates, CRLs, the members file or the signed
directory, practitioners, API keys and the log level; what else changed in the file is named as needing a restart.
"""

import asyncio
import os
import signal
from pathlib import Path
from typing import Final

from connector import __version__, logs
from connector.child_process import keep_memory_private
from connector.config import load
from connector.config.layout import CREDENTIALS
from connector.config.material import Material, prepare
from connector.config.model import ConfigFile
from connector.core.errors import ConfigFault, ConnectorError
from connector.core.fault_words import Language
from connector.core.faults import Fault
from connector.daemon.build import JOIN_AS_IT_IS, build
from connector.daemon.doors import api_keys
from connector.daemon.listening import CannotListen, HandedOver, handed_over
from connector.daemon.notify import Notifier, notifier, watchdog_seconds
from connector.daemon.pulse import Pulse
from connector.daemon.rooms import Rooms, Wrap
from connector.daemon.sign_in import launch_keys
from connector.daemon.status_line import status_line
from connector.daemon.system import SystemClock, settle_collector
from connector.daemon.turns import certificates_of

EX_CONFIG: Final = 78
EX_UNAVAILABLE: Final = 69
_RELOADED: Final = frozenset({"practitioners", "log", "signing", "ledger"})


def credentials_directory(config: Path) -> Path | None:
    """Give where systemd put this service's credentials; by hand and in a container, those beside the configuration."""
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    beside = config.resolve().parent / CREDENTIALS
    return Path(given) if given else beside if os.access(beside, os.X_OK) else None


def read(path: Path, *, checks_adapters: bool = True) -> Material:
    """Load and prepare a configuration; a reload has no use for a look at the adapters' options.

    Raises:
        ConfigFault: with every fault.
    """
    return prepare(
        load(path), credentials=credentials_directory(path), now=SystemClock().now(), checks_adapters=checks_adapters
    )


def run(path: Path, *, wrap: Wrap = JOIN_AS_IT_IS, language: Language = "en") -> int:
    """Run the daemon until it is told to stop; give the exit status (sysexits: 78 configuration, 69 unavailable).

    What keeps it from starting is told in `language`, and so are faults that refuse a reload.
    """
    keep_memory_private()  # keys are in it: what runs beside as the same user, an adapter say, must not read it
    logs.configure()
    log = logs.get_logger()
    try:
        sockets = handed_over(os.environ, os.getpid())
        material = read(path)
    except ConfigFault as error:
        _say_faults(error, language)
        return EX_CONFIG
    section = material.file.model.log
    logs.configure(level=section.level, form=section.format)
    try:
        asyncio.run(_serve(path, material, wrap, sockets, language))
    except ConfigFault as error:
        _say_faults(error, language)
        return EX_CONFIG
    except ConnectorError as error:
        log.error(logs.DAEMON_STOPPED, code=error.code)
        _say(error.fault.whole(language))
        return EX_UNAVAILABLE
    except CannotListen as error:
        log.error(logs.DAEMON_STOPPED, error=type(error).__name__)
        _say(str(error.strerror))
        return EX_UNAVAILABLE
    except OSError as error:
        log.error(logs.DAEMON_STOPPED, error=type(error).__name__)
        _say(f"{error.filename or 'this machine'}: {error.strerror} - see who owns it, and the rights of this user")
        return EX_UNAVAILABLE
    return 0


async def _serve(path: Path, material: Material, wrap: Wrap, sockets: HandedOver, language: Language) -> None:
    log, loop = logs.get_logger(), asyncio.get_running_loop()
    stop, reload = asyncio.Event(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, reload.set)
    manager = notifier(os.environ)
    async with build(material, wrap=wrap, sockets=sockets) as rooms:
        settle_collector()
        log.info(logs.DAEMON_STARTED, version=__version__, member=material.member.id.value, port=rooms.peer_port)
        pulse = _pulse(rooms, manager)
        manager.ready()
        pulse.start()
        while not stop.is_set():
            waiting = [asyncio.create_task(event.wait()) for event in (stop, reload)]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for task in waiting:
                task.cancel()
            if reload.is_set():
                reload.clear()
                manager.reloading()
                _reload(path, rooms, language)
                manager.ready()
        await pulse.stop()
        manager.stopping()
    log.info(logs.DAEMON_STOPPED)


def _pulse(rooms: Rooms, manager: Notifier) -> Pulse:
    async def line() -> str:
        return status_line(
            await rooms.status.readiness(),
            members=len(rooms.directory.members()),
            connections=rooms.server.connections,
            refreshed_at=rooms.directory.refreshed_at,
            now=rooms.clock.now(),
        )

    patience = watchdog_seconds(os.environ, os.getpid())
    return Pulse(manager, answers=rooms.state.answers, line=line, watchdog_seconds=patience)


def _reload(path: Path, rooms: Rooms, language: Language) -> None:
    log = logs.get_logger()
    try:
        fresh = read(path, checks_adapters=False)
        vendors = launch_keys(fresh.file.model.local.keys, fresh.references)
        rooms.rotation.replace(fresh)
        rooms.directory.reload()
        local = fresh.file.model.local
        if local.certificate and local.key:
            rooms.site.reload(fresh.references.path(local.certificate), fresh.references.path(local.key))
    except ConfigFault as error:
        log.error(logs.CONFIG_REFUSED, count=len(error.details))
        _say_faults(error, language)
        return
    model = fresh.file.model
    rooms.people.replace(model.practitioners)
    rooms.keys.replace(api_keys(model.local.keys))
    rooms.sign_in.launching.replace(vendors)
    rooms.watched.certificates = certificates_of(fresh, rooms.rotation)
    rooms.membership.begin_refresh()
    rooms.revocation.begin_refresh()
    logs.configure(level=model.log.level, form=model.log.format)
    waiting = _needs_restart(rooms.material.file.model, model)
    log.info(logs.CONFIG_RELOADED, version=rooms.directory.version, reason=", ".join(waiting) or None)
    for section in waiting:
        _say(Fault("reload.waits", {"section": section}).text(language))


def _needs_restart(before: ConfigFile, after: ConfigFile) -> list[str]:
    changed = [name for name in ConfigFile.model_fields if getattr(before, name) != getattr(after, name)]
    shown = {name: getattr(after.local, name) for name in ("keys", "certificate", "key")}
    turns_tls_on = (before.local.certificate is None) is not (after.local.certificate is None)
    if before.local.model_copy(update=shown) == after.local and "local" in changed and not turns_tls_on:
        changed.remove("local")
    peer = before.peer.model_copy(update={"crls": after.peer.crls, "server": after.peer.server})
    peer = peer.model_copy(update={"client": after.peer.client, "trusted_cas": after.peer.trusted_cas})
    peer = peer.model_copy(
        update={"crl": after.peer.crl.model_copy(update={"refresh_minutes": before.peer.crl.refresh_minutes})}
    )
    if peer == after.peer and "peer" in changed:
        changed.remove("peer")
    return [name for name in changed if name not in _RELOADED]


def _say_faults(error: ConfigFault, language: Language) -> None:
    for fault in error.details:
        _say(fault.whole(language))


def _say(text: str) -> None:
    os.write(2, f"spsti-connector: {text}\n".encode())
