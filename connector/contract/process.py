"""One adapter's process as the daemon sees it: started, asked, watched, replaced.

Calls are numbered and run side by side. Nothing that comes back is believed without a check; a frame that is none, a
piece that nobody asked for or an answer of another form ends the process, as its own crash does.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from connector.child_process import Child, spawn
from connector.contract import wire_values as values
from connector.contract.adapter import AdapterContext
from connector.contract.answers import without_numbers
from connector.contract.discovery import AdapterInfo
from connector.contract.faults import ProcessFault, plain_word
from connector.contract.frames import AHEAD, BODY_BYTES, FrameFault, Frames, Header, Parser, encode
from connector.contract.refusals import adapter_refused, read_fault, read_refusal
from connector.contract.settings import GuardSettings, ProcessSettings, credential_in
from connector.core.codes import Code
from connector.core.errors import ConfigFault
from connector.core.faults import FaultAt

MODULE: Final = "connector.contract.child"
_CREDENTIAL: Final = "credential:"
_CODES: Final = frozenset(code for code in Code if code.startswith(("adapter.", "document.")))


class Call:
    """One call under way."""

    def __init__(self, process: "Process", number: int, *, pieces: int) -> None:
        self._process, self._number = process, number
        self._result: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._credit = asyncio.Semaphore(0)
        self._expected = pieces
        self._result.add_done_callback(lambda _: self._pieces.put_nowait(None))

    @property
    def is_done(self) -> bool:
        """Whether its answer has come."""
        return self._result.done()

    async def result(self) -> Any:  # noqa: ANN401 - any JSON
        """Wait for the answer.

        Raises:
            ProcessFault: the adapter's fault, or its process's.
        """
        return await asyncio.shield(self._result)  # whoever is cancelled calls it off; it has not ended by that

    async def piece(self) -> bytes | None:
        """Wait for the next piece of a document; None after the last.

        Raises:
            ProcessFault: the adapter's fault, or its process's.
        """
        piece = await self._pieces.get()
        if piece is None:
            await self.result()
            return None
        self._expected += 1
        self.say({"more": True})
        return piece

    async def give(self, piece: bytes) -> None:
        """Send a piece of a document to be filed, once the other end has asked for one."""
        for at in range(0, len(piece), BODY_BYTES):
            await self._credit.acquire()
            self.say({}, memoryview(piece)[at : at + BODY_BYTES])

    def say(self, header: Mapping[str, Any], body: bytes | memoryview = b"") -> None:
        """Send something that belongs to this call."""
        if not self.is_done:
            self._process.send({"i": self._number, **header}, body)

    def take(self, header: Header, body: bytes) -> bool:
        """Take what came for this call; False where it cannot be."""
        if self.is_done:
            return True  # it crossed with what ended the call
        if "v" in header:
            self._result.set_result(header["v"])
        elif "fault" in header:
            fault = _read_fault(header["fault"])
            if fault is None:
                return False
            self.fail(fault)
        elif "more" in header:
            self._credit.release()
        else:
            self._expected -= 1
            if self._expected < 0 or not body:
                return False
            self._pieces.put_nowait(body)
        return True

    def fail(self, fault: ProcessFault) -> None:
        """End it."""
        if not self.is_done:
            self._result.set_exception(fault)
            self._result.exception()  # seen: who waits gets it, and where nobody does nothing is logged


class Process:
    """An adapter's process over its lives. It belongs to one event loop, whose thread starts it."""

    def __init__(
        self,
        half: str,
        name: str,
        options: Mapping[str, Any],
        context: AdapterContext,
        guard: GuardSettings,
        settings: ProcessSettings,
    ) -> None:
        self._half, self._name, self._options, self._context = half, name, dict(options), context
        self._guard, self._settings = guard, settings
        self.tells_opposition = False
        self.lives = 0
        self._child: Child | None = None
        self._frames: Frames | None = None
        self._calls: dict[int, Call] = {}
        self._given_up: dict[int, asyncio.TimerHandle] = {}
        self._number = 0
        self._starting: asyncio.Task[AdapterInfo] | None = None
        self._hello: asyncio.Future[Header] | None = None
        self._born_at = 0.0
        self._early_deaths = 0
        self._rests_until = 0.0
        self._reaping: set[asyncio.Task[None]] = set()
        self._is_over = False

    @property
    def is_running(self) -> bool:
        """Whether a process is there and has said what it is."""
        return self._frames is not None and self._starting is None

    @property
    def pid(self) -> int | None:
        """The process id, while there is a process."""
        return self._child.pid if self._child else None

    async def open(self) -> AdapterInfo:
        """Start it for the first time.

        Raises:
            ConfigFault: the adapter cannot be had, refuses its options, or ended its process.
        """
        try:
            return await self._start()
        except ProcessFault as fault:
            await self.end()
            values = {"text": fault.words, "hint": fault.hint, "cause": fault.cause}
            raise adapter_refused("adapter.process", self._half, self._name, **values) from None
        except BaseException:
            await self.end()
            raise

    async def call(self, operation: str, value: Any = None) -> Any:  # noqa: ANN401 - any JSON
        """Ask one thing and wait for the answer.

        Raises:
            ProcessFault: the adapter's fault, or its process's.
        """
        async with self.calling(operation, value) as call:
            return await call.result()

    @asynccontextmanager
    async def calling(self, operation: str, value: Any = None) -> AsyncIterator[Call]:  # noqa: ANN401 - any JSON
        """Begin a call; leaving it early calls it off.

        Raises:
            ProcessFault: there is no process, and none can be started now.
        """
        await self._be_there()
        self._number += 1
        number = self._number
        call = self._calls[number] = Call(self, number, pieces=AHEAD if operation == "document" else 0)
        try:
            self.send({"i": number, "op": operation, "v": value, "now": self._context.now()})
            yield call
        finally:
            if not call.is_done:
                self._call_off(number)
            self._calls.pop(number, None)

    def send(self, header: Mapping[str, Any], body: bytes | memoryview = b"") -> None:
        """Write one frame to it."""
        if self._frames is not None:
            self._frames.send(header, body)

    async def end(self) -> None:
        """End it for good, and wait until it is gone."""
        self._is_over = True
        if self._starting is not None:
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        self._died("closed")
        await asyncio.gather(*self._reaping, return_exceptions=True)

    # ------------------------------------------------------------------ its lives

    async def _be_there(self) -> None:
        if self.is_running:
            return
        if self._is_over:
            raise _process_fault("it was closed", "closed")
        rest = self._rests_until - asyncio.get_running_loop().time()
        if rest > 0 and self._starting is None:
            raise _process_fault(f"its process ended too often, next start in {max(rest, 1):.0f} s", "resting")
        if self._starting is None:
            self._starting = asyncio.ensure_future(self._start())
            self._starting.add_done_callback(self._started)
        # One caller's patience may end before the start does: it goes on for the next one.
        try:
            await asyncio.shield(self._starting)
        except ConfigFault as fault:
            raise _process_fault(fault.message, "refused") from None

    def _started(self, task: asyncio.Task[AdapterInfo]) -> None:
        self._starting = None
        if not task.cancelled():
            task.exception()  # seen: who waited for it got it

    async def _start(self) -> AdapterInfo:
        """Start a process and wait until it says what it is.

        Raises:
            ConfigFault: it says why the adapter cannot be had.
            ProcessFault: it ended, or said nothing in time.
        """
        loop = asyncio.get_running_loop()
        try:
            child = self._child = spawn(MODULE, environment=self._environment())
        except OSError as error:
            raise _process_fault(f"no process can be started ({error.strerror})", "no-process") from None
        self._born_at = loop.time()
        self.lives += 1
        hello: asyncio.Future[Header] = loop.create_future()
        self._hello = hello
        frames = await Frames.on(
            child.socket, lambda header, body: self._heard(child, header, body), lambda: self._lost(child)
        )
        self._frames = frames
        frames.send(_order(self._half, self._name, self._options, self._context, self._guard, self._settings))
        try:
            async with asyncio.timeout(self._settings.start_seconds):
                said = await hello
        except TimeoutError:
            self._died("start")
            raise _process_fault(f"it was not made within {self._settings.start_seconds:g} s", "start") from None
        if "refused" in said:
            self._died("refused")
            raise read_refusal(said)
        info = values.read_info(said.get("hello"))
        if info is None:
            self._died("nonsense")
            raise _process_fault("its process did not say what it is", "nonsense")
        self.tells_opposition = said.get("tells_opposition") is True
        return info

    def _environment(self) -> dict[str, str]:
        """Give what an adapter may need of the environment: a home, and those credentials that its options name."""
        home = self._context.data_directory
        environment = {"HOME": str(home)}
        named = sorted(set(_credentials(self._options)))
        if named and self._settings.credentials is not None:
            environment["CREDENTIALS_DIRECTORY"] = str(_show_credentials(home, self._settings.credentials, named))
        return environment

    def _heard(self, child: Child, header: Header, body: bytes) -> None:
        if child is not self._child:
            return
        if self._hello is not None and not self._hello.done():
            self._hello.set_result(header)
            return
        number = header.get("i")
        if not isinstance(number, int):
            self._died("nonsense")
        elif "given_up" in header:
            timer = self._given_up.pop(number, None)
            if timer is not None:
                timer.cancel()
            stuck = header.get("stuck")
            if isinstance(stuck, int) and stuck * 2 >= self._guard.question_places:
                self._died("stuck")
        elif number in self._calls:
            if not self._calls[number].take(header, body):
                self._died("nonsense")
        elif ("v" in header or "fault" in header) and number in self._given_up:
            self._given_up.pop(number).cancel()  # it answered while it was being called off

    def _lost(self, child: Child) -> None:
        if child is self._child:
            self._died("")

    def _call_off(self, number: int) -> None:
        self.send({"i": number, "cancel": True})
        if self._frames is not None:
            loop = asyncio.get_running_loop()
            self._given_up[number] = loop.call_later(self._settings.hang_seconds, self._died, "hangs")

    def _died(self, why: str) -> None:
        """Take leave of the process: all that was under way fails, and the next start may have to wait."""
        child, frames = self._child, self._frames
        self._child = self._frames = None
        if child is None:
            return
        if frames is not None:
            frames.close()
        child.kill()
        task = asyncio.ensure_future(asyncio.to_thread(child.reap))
        self._reaping.add(task)
        task.add_done_callback(self._reaping.discard)
        for timer in self._given_up.values():
            timer.cancel()
        self._given_up.clear()
        self._rest()
        words, cause = _DEATHS.get(why, _DEATHS[""])
        fault = _process_fault(words, cause)
        if self._hello is not None and not self._hello.done():
            self._hello.set_exception(fault)
            self._hello.exception()
        for call in list(self._calls.values()):
            call.fail(fault)

    def _rest(self) -> None:
        now, settings = asyncio.get_running_loop().time(), self._settings
        self._early_deaths = 1 if now - self._born_at >= settings.restart_seconds else self._early_deaths + 1
        # The first death is followed by a start at once; then 1, 2, 4… seconds.
        pause = 2.0 ** (self._early_deaths - 2) if self._early_deaths > 1 else 0.0
        self._rests_until = now + min(pause, settings.longest_pause_seconds)


def option_faults(
    halves: Sequence[tuple[str, str, Mapping[str, Any]]], settings: ProcessSettings
) -> Iterator[tuple[FaultAt, ...] | ConfigFault]:
    """Check the options of adapters, each in a process of its own, side by side: (half, name, options) each.

    Gives for each half its faults, or why the adapter cannot be had. It blocks; the configuration is read before
    anything runs.
    """
    children: list[Child | OSError] = []
    try:
        for half, name, options in halves:
            try:
                child = spawn(MODULE)
                children.append(child)
                child.socket.settimeout(settings.start_seconds)
                child.socket.sendall(encode({"check": True, "half": half, "name": name, "options": _plain(options)}))
            except OSError as error:
                if len(children) < len(halves):
                    children.append(error)
        for (half, name, _), child_or_error in zip(halves, children, strict=False):
            yield _checked(half, name, child_or_error)
    finally:
        for child_or_error in children:
            if isinstance(child_or_error, Child):
                child_or_error.kill()
                child_or_error.reap()


def _checked(half: str, name: str, child: Child | OSError) -> tuple[FaultAt, ...] | ConfigFault:
    said: Header = {}
    if isinstance(child, Child):
        with contextlib.suppress(OSError, FrameFault):
            said = _one_frame(child.socket)
    if "refused" in said:
        return read_refusal(said)
    try:
        return tuple(
            FaultAt(tuple(part if isinstance(part, int) else str(part) for part in path), read_fault(written))
            for path, written in said["option_faults"]
        )
    except (KeyError, TypeError, ValueError):
        return adapter_refused("adapter.speechless", half, name)


def _one_frame(sock: socket.socket) -> Header:
    parser = Parser()
    while data := sock.recv(65_536):
        frames = parser.feed(data)
        if frames:
            return frames[0][0]
    return {}


_DEATHS: Final = {
    "": ("its process ended", "process-ended"),
    "closed": ("it was closed", "closed"),
    "hangs": ("its process hangs and was ended", "process-hangs"),
    "stuck": ("too many of its calls do not end; its process was replaced", "process-stuck"),
    "nonsense": ("its process said what no adapter's process says", "process-nonsense"),
    "refused": ("it can no longer be made", "refused"),
    "start": ("its process did not start in time", "start"),
}


def _process_fault(words: str, cause: str) -> ProcessFault:
    hint = "it is started again by itself; if it stays, give the vendor the adapter's own log"
    return ProcessFault(Code.ADAPTER_FAILED, words, hint=hint, cause=cause)


def _read_fault(found: Any) -> ProcessFault | None:  # noqa: ANN401 - any JSON
    """Read the fault of a call: code, message and hint in the words of the guard over there, and why."""
    if not isinstance(found, list) or len(found) != 4 or not all(isinstance(part, str) for part in found):
        return None
    code, message, hint, cause = found
    if code not in _CODES:
        return None
    words = "its process met a fault of its own"
    return ProcessFault(
        Code(code), words, hint=without_numbers(hint), cause=plain_word(cause), message=without_numbers(message)
    )


def _order(
    half: str,
    name: str,
    options: Mapping[str, Any],
    context: AdapterContext,
    guard: GuardSettings,
    settings: ProcessSettings,
) -> Header:
    return {
        "half": half,
        "name": name,
        "options": _plain(options),
        "member": context.member.value,
        "environment": context.environment.value,
        "config_directory": str(context.config_directory),
        "data_directory": str(context.data_directory),
        "now": context.now(),
        "proxies": context.proxies.rules,
        "guard": asdict(guard),
        "memory_bytes": settings.memory_bytes,
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - what TOML holds
    """Give options as JSON has them: a date as its text, which the adapter's model reads as one."""
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _credentials(value: object) -> Iterator[str]:
    """Give the names of the credentials that options refer to."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _credentials(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _credentials(inner)
    elif isinstance(value, str) and value.startswith(_CREDENTIAL):
        name = value.removeprefix(_CREDENTIAL)
        if name and "/" not in name and name not in {".", ".."}:
            yield name


def _show_credentials(home: Path, credentials: Path, named: list[str]) -> Path:
    """Make a directory with links to these credentials alone: a password is read anew, and copied nowhere."""
    directory = home / "credentials"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for link in directory.iterdir():
        link.unlink()
    for name in named:
        (directory / name).symlink_to(credential_in(credentials, name))
    return directory
