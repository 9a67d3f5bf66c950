"""`python -m spsti_sandbox.pause run --config FILE`: the real daemon, which stops where a test wants to kill it.

A point is `port.operation:moment`, of the ports that `connector.daemon.build` joins by name, such as
`holder_store.answer:before`, `requester_vault.finish:after` or `holder_vault.read:piece`; `@3` behind it means the
third time. The test arms the running process by writing a point into the file that `SPSTI_SANDBOX_PAUSE` names. When it
is reached the file is removed and the process stops itself (SIGSTOP), all threads at once, until it is killed.
"""

import inspect
import os
import signal
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from connector.daemon.run import run

VARIABLE: Final = "SPSTI_SANDBOX_PAUSE"


class Gate:
    """Stops the process at the point that stands in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._reached: dict[str, int] = {}

    def reach(self, point: str) -> None:
        """Take note that a point is reached."""
        try:
            armed = self._file.read_text().strip()
        except FileNotFoundError:
            self._reached.clear()
            return
        wanted, _, turn = armed.partition("@")
        if point != wanted:
            return
        self._reached[armed] = self._reached.get(armed, 0) + 1
        if self._reached[armed] >= int(turn or 1):
            self._file.unlink(missing_ok=True)
            os.kill(os.getpid(), signal.SIGSTOP)


class Watched:
    """A port whose operations tell the gate before they begin and after they ended."""

    def __init__(self, port: Any, name: str, gate: Gate) -> None:  # noqa: ANN401 - whatever port it is
        self._port, self._name, self._gate = port, name, gate

    def __getattr__(self, operation: str) -> Any:  # noqa: ANN401 - whatever port it is
        value = getattr(self._port, operation)
        if not callable(value):
            return value

        def called(*args: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever operation it is
            self._reach(operation, "before")
            return self._followed(operation, value(*args, **more))

        return called

    def _reach(self, operation: str, moment: str) -> None:
        self._gate.reach(f"{self._name}.{operation}:{moment}")

    def _followed(self, operation: str, result: Any) -> Any:  # noqa: ANN401 - whatever operation it is
        if inspect.isawaitable(result):
            return self._awaited(operation, result)
        if isinstance(result, AbstractAsyncContextManager):
            return _Entered(self, operation, result)
        if isinstance(result, AsyncIterator):
            return self.pieces(operation, result)
        if isinstance(result, Iterator):
            return self._plain_pieces(operation, result)
        self._reach(operation, "after")
        # Of a document being written, the operations count as the vault's.
        return Watched(result, self._name, self._gate) if hasattr(result, "finish") else result

    async def _awaited(self, operation: str, result: Any) -> Any:  # noqa: ANN401 - whatever operation it is
        value = await result
        self._reach(operation, "after")
        return value

    async def pieces(self, operation: str, source: AsyncIterator[Any]) -> AsyncGenerator[Any, None]:
        """Give the pieces of a stream; `piece` is reached with each before it is given."""
        try:
            async for piece in source:
                self._reach(operation, "piece")
                yield piece
        finally:
            if isinstance(source, AsyncGenerator):
                await source.aclose()
        self._reach(operation, "after")

    def _plain_pieces(self, operation: str, source: Iterator[Any]) -> Generator[Any, None, None]:
        try:
            for piece in source:
                self._reach(operation, "piece")
                yield piece
        finally:
            close = getattr(source, "close", None)
            if close is not None:
                close()
        self._reach(operation, "after")


class _Entered:
    """An exchange whose pieces are watched while it is open."""

    def __init__(self, port: Watched, operation: str, exchange: AbstractAsyncContextManager[Any]) -> None:
        self._port, self._operation, self._exchange = port, operation, exchange

    async def __aenter__(self) -> AsyncGenerator[Any, None]:
        return self._port.pieces(self._operation, await self._exchange.__aenter__())

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, place: TracebackType | None
    ) -> bool | None:
        return await self._exchange.__aexit__(kind, error, place)


def main() -> int:
    """Run the daemon as `spsti-connector run --config FILE` does, its ports behind the gate if the variable is set."""
    if sys.argv[1:3] != ["run", "--config"] or len(sys.argv) != 4:
        sys.stderr.write("usage: python -m spsti_sandbox.pause run --config FILE\n")
        return 64
    config, file = Path(sys.argv[3]), os.environ.get(VARIABLE)
    if file is None:
        return run(config)
    gate = Gate(Path(file))
    return run(config, wrap=lambda name, port: Watched(port, name, gate))


if __name__ == "__main__":
    sys.exit(main())
