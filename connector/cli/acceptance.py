"""`acceptance`: two services try the way between them, each by its own running connector, and seal what they found."""

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from connector.cli.faults import Exit, Fault
from connector.cli.options import Call, api_options, choice, locale_language, run
from connector.cli.output_file import check_free, write_whole
from connector.cli.screen import note
from connector.cli.text import clean
from connector.core.errors import ConnectorError
from connector.core.instant import Instant
from connector.core.mandate import AuthLevel, AuthMeans
from connector.local.words import Language

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.core.directory import Member
    from connector.core.fault_words import Language as Words
    from connector.evidence.acceptance import AcceptanceFile

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@click.group("acceptance")
def command() -> None:
    """Try the way to another service before real work begins, both sides at the same time; verify the reports."""


@command.command("run")
@click.option("--with", "peer", required=True, metavar="MEMBER", help="The other service: Struct_IdNat.")
@click.option("--by", required=True, help="Who does this: name and function; it stands in the report.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The report to write."
)
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.option("--practitioner", metavar="PS_ID", help="In whose name synthetic workers are asked about: PS_IdNat.")
@click.option("--auth-means", type=choice(AuthMeans), default="own", show_default=True, help="How they logged in.")
@click.option("--auth-level", type=choice(AuthLevel), default="low", show_default=True, help="How surely.")
@click.option("--worker", type=click.Choice(["-"]), help="Read a synthetic worker of theirs as JSON (standard input).")
@click.option("--wait", type=click.IntRange(0, 120), default=30, show_default=True, help="Minutes for their probe.")
@click.option("--no-block", is_flag=True, help="Leave out blocking them for a moment.")
@api_options
@click.pass_context
def run_(
    context: click.Context, call: Call, /, *, peer: str, by: str, output: Path, force: bool, worker: str | None,
    wait: int, no_block: bool, **asked_by: Any,  # noqa: ANN401 - click's options
) -> None:  # fmt: skip
    """Go through the steps with another service, which does the same now, and write a sealed report.

    Synthetic workers are asked about in a test environment only. The API key needs the scopes status, fetch, journal
    and operate. Exit status: 0 every step passed, 6 some were left out, 1 one failed.
    """
    from connector.cli.acceptance_steps import Acceptance, Wanted
    from connector.cli.client import LocalApi
    from connector.cli.worker import read_worker
    from connector.evidence.acceptance import Verdict, write_acceptance
    from connector.evidence.acceptance_words import VERDICTS, line
    from connector.evidence.sealed_file import part_sha256

    check_free(output, force=force)
    if not 3 <= len(by.strip()) <= 120:
        raise click.UsageError("--by: give name and function, 3 to 120 characters")
    words = _words(call.language)
    config = context.params.get("config")
    wanted = Wanted(
        peer=peer,
        by=by.strip(),
        config=config if isinstance(config, Path) else None,
        practitioner=_practitioner(call, asked_by),
        worker=_worker(call) if worker is None else read_worker(),
        wait_seconds=60 * wait,
        with_block=not no_block,
        tell=(lambda _: None) if call.screen.quiet or call.screen.as_json else lambda step: note(line(step, words)),
    )

    async def work() -> Verdict:
        async with LocalApi(call.target, call.language) as api:
            report = await Acceptance(api, wanted).run()
            body = {"report_sha256": part_sha256(report.to_json()), "peer": peer, "by": report.by}
            sealed = await api.call("POST", "/api/v1/acceptance", body)
            content = write_acceptance(report, sealed["seal"])

            async def whole() -> Any:  # noqa: ANN401 - an async generator
                yield content

            await write_whole(output, whole())
        return report.verdict

    verdict = run(work())
    if call.screen.as_json:
        call.screen.result({"file": str(output), "verdict": verdict.value})
    else:
        call.screen.say(f"{VERDICTS[verdict][words]} {output}")
    context.exit(_EXITS[verdict.value])


@command.command("verify")
@click.argument("files", nargs=-1, required=True, type=_FILE)
@click.option("--members", type=_FILE, multiple=True, help="Members file that you trust (again for another).")
@click.option("--config", type=_FILE, envvar="SPSTI_CONFIG", help="Trust the directory of this configuration instead.")
@click.option("--language", "--lang", type=click.Choice(["fr", "en"]), help="Language (default: the locale's).")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_context
def verify(
    context: click.Context, /, *, files: tuple[Path, ...], members: tuple[Path, ...], config: Path | None,
    language: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Read a report, or those of both sides: who sealed it, what was found, and whether both journals agree.

    Exit status: 0 all is as it should be, 6 steps were left out or a seal is not proven, 1 a step failed, a report was
    altered or the journals differ.
    """
    from connector.evidence import acceptance
    from connector.evidence.acceptance_words import as_text, compared_text

    if len(files) > 2:
        raise click.UsageError("give one report, or those of both sides")
    words = _words(language or locale_language())
    found = [_read(path) for path in files]
    seals = [acceptance.judge_seal(one, _trusted(one, members, config)) for one in found]
    differing: list[acceptance.Difference] = []
    count = 0
    if len(found) == 2:
        first, second = (one.report for one in found)
        try:
            count, differing = acceptance.differences(first, second)
        except ConnectorError as error:
            raise Fault(error.message, do=error.hint, status=Exit.USAGE) from None
    compared = count if len(found) == 2 else None
    status = _status(found, [seal.value for seal in seals], compared=compared, differ=bool(differing))
    if as_json:
        told = {
            "reports": [
                {"file": str(path), "seal": seal.value, "verdict": one.report.verdict.value, **one.report.to_json()}
                for path, one, seal in zip(files, found, seals, strict=True)
            ],
            "compared": compared,
            "differences": [asdict(one) for one in differing],
        }
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        texts = [as_text(one, words, seal) for one, seal in zip(found, seals, strict=True)]
        if compared is not None:
            texts.append(compared_text(differing, count, words))
        for text in "\n\n".join(texts).splitlines():
            click.echo(clean(text))
    context.exit(status)


_EXITS = {"accepted": Exit.OK, "partial": Exit.PARTIAL, "refused": Exit.FAILED}


def _status(found: "Sequence[AcceptanceFile]", seals: list[str], *, compared: int | None, differ: bool) -> Exit:
    verdicts = {one.report.verdict.value for one in found}
    if "wrong" in seals or "refused" in verdicts or differ:
        return Exit.FAILED
    if set(seals) != {"good"} or verdicts != {"accepted"} or compared == 0:
        return Exit.PARTIAL
    return Exit.OK


def _read(path: Path) -> "AcceptanceFile":
    from connector.evidence.acceptance import read_acceptance

    try:
        return read_acceptance(path.read_bytes())
    except ConnectorError as error:
        raise Fault(f"{path}: {error.message}", do=error.hint, status=Exit.USAGE) from None


def _trusted(file: "AcceptanceFile", lists: tuple[Path, ...], config: Path | None) -> "list[Member]":
    """Give the members that the reader trusts.

    Raises:
        Fault: no list was given, or it cannot be read.
    """
    from connector.core.oid import Environment
    from connector.directory.members_file import read_members
    from connector.doctor.examine import open_patient

    if lists:
        try:
            environment = Environment(file.report.environment)
            read = [read_members(path.read_bytes(), environment, path.name)[0] for path in lists]
        except (ConnectorError, ValueError) as error:
            raise Fault(f"members file: {error}", status=Exit.CONFIG) from None
        return [member for one in read for member in one.values()]
    if config is None:
        raise Fault(
            "acceptance verify: nothing to trust was given",
            why="who is a member, and by which keys it signs, a report cannot say of itself",
            do="give --config (a service's configuration: its directory counts) or --members (a members file)",
            status=Exit.USAGE,
        )
    patient = open_patient(config, Instant(int(time.time())))
    if isinstance(patient, list):
        raise Fault(
            f"{config}: cannot be used", why=patient[0].text("en"), do="spsti-connector check", status=Exit.CONFIG
        )
    return list(patient.members)


def _practitioner(call: Call, given: dict[str, Any]) -> dict[str, Any] | None:
    """Say in whose name; asked where somebody is there, and left out where the answer is empty."""
    from connector.evidence.acceptance_words import ASKED

    identifier = given["practitioner"]
    if identifier is None and call.screen.is_terminal:
        identifier = click.prompt(
            ASKED["practitioner"][_words(call.language)], default="", show_default=False, err=True
        )
    if not identifier:
        return None
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"id": identifier, "auth": {"means": given["auth_means"], "level": given["auth_level"], "at": at}}


def _worker(call: Call) -> dict[str, Any] | None:
    from connector.cli.worker import ask_worker
    from connector.evidence.acceptance_words import ASKED

    if not call.screen.is_terminal or not click.confirm(ASKED["worker"][_words(call.language)], err=True):
        return None
    return ask_worker(Language(call.language))


def _words(language: str) -> "Words":
    return "fr" if language == "fr" else "en"
