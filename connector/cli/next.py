"""`next`: which steps are left until this service has joined its federation, and on whom it waits."""

from pathlib import Path

import click

from connector.cli.faults import Exit, Fault
from connector.cli.options import locale_language
from connector.core.errors import ConfigFault, ConnectorError
from connector.daemon.system import SystemClock

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
def command(path: Path, request: Path | None, lang: str | None) -> None:
    """Say which steps are left until this service has joined its federation, and on whom one waits.

    Everything is read from this machine; the connector need not run.
    """
    language = lang or locale_language()
    try:
        lines = _lines(path, request or path.parent / "join-request.json", language)
    except ConnectorError as error:
        status = Exit.CONFIG if isinstance(error, ConfigFault) else Exit.FAILED
        raise Fault(error.message, do=error.hint, status=status) from None
    for line in lines:
        click.echo(line)


def _lines(path: Path, request: Path, language: str) -> list[str]:
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
        return [_TRIAL[language]]
    own = MemberId.parse(loaded.model.member.id, strict=False)
    found = steps(settings, own, has_request=request.exists(), clock=SystemClock(), observer=Deaf())
    lines = [f"[{'x' if step.is_done else ' '}] {step.text[language]}" for step in found]
    left = [step for step in found if not step.is_done]
    if not left:
        return [*lines, {"en": "joined", "fr": "membre de la fédération"}[language]]
    waiting = {"en": "waiting on", "fr": "en attente :"}[language]
    return [*lines, f"{waiting} {_WAITING[left[0].who][language]}"]
