"""`next`: which steps are left until this service has joined its federation, and on whom it waits."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from connector.cli.faults import Fault
from connector.cli.house import fault_of
from connector.cli.options import fault_language
from connector.cli.screen import Screen
from connector.core.errors import ConfigFault, ConnectorError
from connector.core.fault_words import Language
from connector.daemon.system import SystemClock

if TYPE_CHECKING:
    from connector.directory.next_steps import Step

_WAITING = {
    "you": {"en": "you", "fr": "vous"},
    "operators": {"en": "the operators", "fr": "les opérateurs"},
    "publisher": {"en": "a publisher", "fr": "un publieur"},
}
_TRIAL = {
    "en": "[members] is a local file, for a trial: nothing to join. For a federation: [directory]",
    "fr": "[members] est un fichier local, pour un essai : rien à rejoindre. Pour une fédération : [directory]",
}


@click.command("next")
@click.option(
    "--config", "path", type=click.Path(path_type=Path), default=Path("connector.toml"), show_default=True,
    envvar="SPSTI_CONFIG", help="The configuration file.",
)  # fmt: skip
@click.option("--request", type=click.Path(path_type=Path), help="The join request (default: beside the file).")
@click.option("--lang", type=click.Choice(["fr", "en"]), help="Language (default: the locale's).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(path: Path, request: Path | None, lang: str | None, *, as_json: bool) -> None:
    """Say which steps are left until this service has joined its federation, and on whom one waits.

    Everything is read from this machine; the connector need not run.
    """
    language = fault_language(lang)
    try:
        found = _steps(path, request or path.parent / "join-request.json")
    except ConfigFault as error:
        raise fault_of(error, language) from None
    except ConnectorError as error:
        raise Fault(error.message, do=error.hint) from None
    left = [step for step in found or () if not step.is_done]
    if as_json:
        told = [{"step": s.key, "done": s.is_done, "who": s.who.value, "text": s.text[language]} for s in found or ()]
        waiting = left[0].who.value if left else None
        Screen(as_json=True).result({"trial": found is None, "steps": told, "waiting_on": waiting})
        return
    for line in _lines(found, left, language):
        click.echo(line)


def _steps(path: Path, request: Path) -> "tuple[Step, ...] | None":
    """Give the steps; None for a trial, which joins nothing."""
    from connector.config import load
    from connector.config.membership import membership_settings
    from connector.config.references import References
    from connector.core.members import MemberId
    from connector.daemon.run import credentials_directory
    from connector.directory.next_steps import steps
    from connector.directory.opening import MembersFileSettings
    from connector.directory.ports import Deaf

    loaded = load(path)
    settings = membership_settings(loaded, References(path, credentials_directory(path)))
    if isinstance(settings, MembersFileSettings):
        return None
    own = MemberId.parse(loaded.model.member.id, strict=False)
    return tuple(steps(settings, own, has_request=request.exists(), clock=SystemClock(), observer=Deaf()))


def _lines(found: "tuple[Step, ...] | None", left: "list[Step]", language: Language) -> list[str]:
    if found is None:
        return [_TRIAL[language]]
    lines = [f"[{'x' if step.is_done else ' '}] {step.text[language]}" for step in found]
    if not left:
        return [*lines, {"en": "joined", "fr": "membre de la fédération"}[language]]
    waiting = {"en": "waiting on", "fr": "en attente :"}[language]
    return [*lines, f"{waiting} {_WAITING[left[0].who][language]}"]
