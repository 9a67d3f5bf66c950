"""The options that every command of the API has, and what a command makes of them."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import Any, Final, ParamSpec, TypeVar

import click

from connector.cli.screen import Screen
from connector.cli.target import Target, resolve
from connector.core.fault_words import Language

P = ParamSpec("P")
T = TypeVar("T")
_FILE: Final = click.Path(path_type=Path, dir_okay=False)


@dataclass(frozen=True, slots=True)
class Call:
    """Where a command calls, in which language it is answered, and what it prints to."""

    target: Target
    language: str
    screen: Screen


def api_options(command: Callable[..., T]) -> Callable[..., T]:
    """Give a command the options of the API; it receives them as one `Call`, its first argument."""

    @click.option("--config", type=_FILE, envvar="SPSTI_CONFIG", help="Configuration that says where it listens.")
    @click.option("--url", envvar="SPSTI_URL", help="Address of the local API, instead of --config.")
    @click.option("--key-file", type=_FILE, envvar="SPSTI_API_KEY_FILE", help="File with the API key.")
    @click.option("--ca-file", type=_FILE, help="Certificate that the local API proves itself by.")
    @click.option("--lang", type=click.Choice(["fr", "en"]), help="Language of sentences (default: the locale's).")
    @click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
    @click.option("-q", "--quiet", is_flag=True, help="No progress.")
    @wraps(command)
    def with_call(
        *arguments: object,
        config: Path | None,
        url: str | None,
        key_file: Path | None,
        ca_file: Path | None,
        lang: str | None,
        as_json: bool,
        quiet: bool,
        **more: object,
    ) -> T:
        target = resolve(config, url, key_file, ca_file)
        call = Call(target, lang or locale_language(), Screen(as_json=as_json, quiet=quiet))
        return command(call, *arguments, **more)

    return with_call


def choice(words: type[StrEnum]) -> click.Choice[str]:
    """Give the choice among the words of a closed list, as they are written in the API."""
    return click.Choice([word.value for word in words])


def locale_language() -> str:
    """Give the language of the locale: French where it is, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "fr" if value.lower().startswith("fr") else "en"
    return "en"


def fault_language(asked: str | None = None) -> Language:
    """Give the language in which faults are told: the one asked for, else the locale's."""
    return "fr" if (asked or locale_language()) == "fr" else "en"


def run(work: Coroutine[Any, Any, T]) -> T:
    """Do the work of a command."""
    return asyncio.run(work)


def ask(call: Call, method: str, path: str, body: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - those of LocalApi.call
    """Make one call and give its answer.

    Raises:
        Fault: as `LocalApi.call`.
    """
    from connector.cli.client import LocalApi

    async def work() -> dict[str, Any]:
        async with LocalApi(call.target, call.language) as api:
            return await api.call(method, path, body, **more)

    return run(work())
