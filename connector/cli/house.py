"""The configuration as the commands need it that work on this machine: its form alone, none of its secrets.

What a shell cannot read, such as a credential of systemd's, these commands do not need.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from connector.cli.faults import Exit, Fault
from connector.cli.options import fault_language
from connector.cli.target import DEFAULT_CONFIG
from connector.config.load import load
from connector.config.model import ConfigFile
from connector.config.references import References
from connector.contract.installed import use_installed
from connector.core.errors import ConfigFault
from connector.core.fault_words import Language
from connector.daemon.run import credentials_directory

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class House:
    """A configuration and the directory of its state."""

    path: Path
    model: ConfigFile
    state: Path


def config_option(command: Callable[P, T]) -> Callable[P, T]:
    """Give a command `--config`."""
    option = click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False, readable=False),  # the reading of it says what to do
        envvar="SPSTI_CONFIG",
        default=DEFAULT_CONFIG,
        show_default=True,
        help="The configuration.",
    )
    return option(command)


def open_house(config: Path, language: Language | None = None) -> House:
    """Read a configuration, and let the adapters that were installed be found. Faults are told in this language, the
    locale's without one.

    Raises:
        Fault: it cannot be used; with every fault, as `check` tells them.
    """
    try:
        model = load(config).model
        state = References(config, credentials_directory(config)).path(model.state.directory)
        use_installed(state)
    except ConfigFault as error:
        raise fault_of(error, language) from None
    return House(config, model, state)


def fault_of(error: ConfigFault, language: Language | None = None) -> Fault:
    """Tell a fault of the configuration, or of an adapter, as a command does."""
    language = language or fault_language()
    if len(error.details) == 1:
        fault = error.details[0]
        do = fault.remedy(language) or "spsti-connector check"
        return Fault(fault.without_remedy(language), do=do, status=Exit.CONFIG)
    first, *others = (fault.whole(language) for fault in error.details)
    return Fault(first, why="; ".join(others), do="spsti-connector check", status=Exit.CONFIG)
