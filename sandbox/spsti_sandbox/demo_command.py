"""The commands `demo` and `federation up`: start services in a folder, tell, keep them up until Ctrl-C, stop."""

import asyncio
import fcntl
import os
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Final

import click

from spsti_sandbox.account import Account
from spsti_sandbox.demo import Demo
from spsti_sandbox.demo_pages import open_pages
from spsti_sandbox.federation import TOWNS, Federation
from spsti_sandbox.service import Service, ServiceDied

_STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_INTERRUPTED: Final = 130
_MARK: Final = ".made-by-spsti-sandbox"

_folder = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(".demo"),
    show_default=True,
    help="Where everything goes; vendor databases are kept there between runs, the rest is made anew.",
)
_workers = click.option(
    "--workers",
    type=click.IntRange(10, 200_000),
    default=2000,
    show_default=True,
    help="Synthetic workers in each service's vendor database.",
)


@click.command()
@click.option("--once", is_flag=True, help="End after the story: exit status 0 if all of it happened as expected.")
@_folder
@_workers
def demo(once: bool, folder: Path, workers: int) -> None:  # noqa: FBT001 - click
    """Let a physician of service C fetch the most recent record from A and B, and see what happens otherwise."""
    account = Account()

    async def story(federation: Federation) -> int:
        await Demo(federation, account, folder / "records").tell()
        account.verdict()
        return 1 if account.differences else 0

    sys.exit(_serve(folder, "abc", workers, account, story, stay=not once))


@click.group()
def federation() -> None:
    """Services to play with."""


@federation.command()
@click.option("--services", type=click.IntRange(2, len(TOWNS)), default=3, show_default=True, help="How many.")
@_folder
@_workers
def up(services: int, folder: Path, workers: int) -> None:
    """Start services on loopback and keep them up until Ctrl-C."""

    async def story(_: Federation) -> int:
        return 0

    sys.exit(_serve(folder, list(TOWNS)[:services], workers, Account(), story, stay=True))


def _serve(
    folder: Path,
    letters: Sequence[str],
    workers: int,
    account: Account,
    story: Callable[[Federation], Awaitable[int]],
    *,
    stay: bool,
) -> int:
    try:
        with _own(folder) as place:
            account.title("Preparing")
            account.line("making certificates, keys, a signed directory, vendor databases (synthetic persons only) …")
            databases = folder.absolute() / "databases"
            made = Federation.create(place, list(letters), workers=workers, databases=databases, with_insi=True)
            with made.insi or nullcontext():
                return asyncio.run(_run(made, account, story, stay=stay))
    except (ServiceDied, BlockingIOError, OSError) as error:
        click.echo(f"spsti-sandbox: {error}", err=True)
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


async def _run(made: Federation, account: Account, story: Callable[[Federation], Awaitable[int]], *, stay: bool) -> int:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in _STOPPING:
        loop.add_signal_handler(number, stop.set)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        account.line("starting the services …")
        work = asyncio.ensure_future(_start_and_tell(made, story))
        await asyncio.wait((work, stopping), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.cancel()
            await asyncio.wait((work,))
            account.line("interrupted")
            return _INTERRUPTED
        status = work.result()
        if stay:
            await _stay(made, account, stop)
        return status
    finally:
        stopping.cancel()
        account.line("stopping the services …")
        await made.stop()


async def _start_and_tell(made: Federation, story: Callable[[Federation], Awaitable[int]]) -> int:
    await made.start()
    return await story(made)


async def _stay(made: Federation, account: Account, stop: asyncio.Event) -> None:
    """Print the addresses, let people sign in at the pages, and wait; a service that ends by itself is told."""
    account.title("The services stay up: Ctrl-C ends them")
    for service in made.services.values():
        account.line(f"{service.name}   {service.member_id}")
        account.line(f"    peers {service.peer_url}   local API {service.local_url}/api/v1")
        account.line(f"    API key in {service.key_file}   log {service.log}")
    await open_pages(made, account)
    watched = [asyncio.create_task(_tell_end(service, account)) for service in made.services.values()]
    await stop.wait()
    for task in watched:
        task.cancel()


async def _tell_end(service: Service, account: Account) -> None:
    if service.process is not None:
        status = await service.process.wait()
        account.line(f"service {service.letter} has ended with status {status}; its log: {service.log}")


@contextmanager
def _own(folder: Path) -> Iterator[Path]:
    """Give an empty folder for the federation, for as long as no other demonstration has it.

    Raises:
        OSError: another one runs here, or what is there was not made by the sandbox.
    """
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            message = f"another demonstration runs in {folder}: end it, or choose another --folder"
            raise BlockingIOError(message) from None
        place = folder.absolute() / "federation"
        if place.exists():
            if not (place / _MARK).exists():
                message = f"{place} was not made by the sandbox: choose another --folder"
                raise FileExistsError(message)
            shutil.rmtree(place)
        place.mkdir(mode=0o700)
        (place / _MARK).touch()
        yield place
    finally:
        os.close(handle)
