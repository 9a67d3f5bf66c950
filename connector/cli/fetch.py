"""`fetch` and `lookup`: from a worker's identity to the PDF on disk, or to what services say they hold."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from connector.cli.faults import Exit, Fault
from connector.cli.options import Call, api_options, choice, run
from connector.cli.output_file import check_free, write_whole
from connector.cli.screen import note
from connector.cli.worker import ask_worker, need_terminal, read_worker
from connector.core.fetch import Reply
from connector.core.mandate import AuthLevel, AuthMeans, InformationMeans, VisitKind
from connector.local.words import Language, label

T = TypeVar("T")
_URL: Final = "/api/v1/fetches"
_READABLE: Final = frozenset({"ready", "filed"})


@dataclass(slots=True)
class Wanted:
    """One run of the command; `fetch_id` is known once there is something to find again."""

    call: Call
    body: dict[str, Any]
    output: Path | None
    force: bool
    fetch_id: str = ""
    again: str = field(default_factory=lambda: secrets.token_hex(16))

    @property
    def language(self) -> Language:
        """The language of sentences."""
        return Language(self.call.language)


def _options(command: Callable[..., T]) -> Callable[..., T]:
    for option in reversed(
        (
            click.option("--worker", type=click.Choice(["-"]), help="Read the worker as JSON from standard input."),
            click.option("--service", "services", multiple=True, required=True, metavar="ID", help="A member to ask."),
            click.option("--practitioner", required=True, metavar="PS_ID", help="In whose name: PS_IdNat."),
            click.option("--auth-means", type=choice(AuthMeans), default="own", show_default=True,
                         help="How they logged in."),
            click.option("--auth-level", type=choice(AuthLevel), default="low", show_default=True,
                         help="How surely."),
            click.option("--auth-at", metavar="INSTANT", help="When (RFC 3339; default: now)."),
            click.option("--informed-by", metavar="WHO", help="Who informed the worker: a role, or a PS_IdNat."),
            click.option("--informed-means", type=choice(InformationMeans), help="How."),
            click.option("--informed-at", metavar="INSTANT", help="When (RFC 3339, or now)."),
            click.option("--does-not-object", is_flag=True, help="The worker was informed and does not object."),
            click.option("--visit", type=choice(VisitKind), default="other", show_default=True,
                         help="Occasion of the request."),
            click.option("--declared-reason", default="", metavar="TEXT",
                         help="Why the worker is followed, where your software does not know them."),
            click.option("--unattended", is_flag=True, help="Ask silent services again in the background."),
        )
    ):  # fmt: skip
        command = option(command)
    return command


@click.command("fetch")
@_options
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the PDF to this file.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@click.option("--replaces", multiple=True, metavar="ID", help="Delete the copy of this fetch, then ask again.")
@api_options
@click.pass_context
def fetch(
    context: click.Context,
    call: Call,
    /,
    *,
    output: Path | None,
    force: bool,
    replaces: tuple[str, ...],
    **given: Any,  # noqa: ANN401 - click's options
) -> None:
    """Fetch a worker's most recent record from services that hold one.

    The worker is typed at a prompt, or read as JSON from standard input with --worker -. Without --output the record
    stays in the connector until it is read or its time is over. While a verified copy is kept that the practitioner
    may read, no service is asked again: the refusal names the fetch that has it, to be read or given to --replaces.
    """
    if output is not None:
        check_free(output, force=force)
    body = _body(given, Language(call.language), lookup_only=False)
    wanted = Wanted(call, body | ({"replaces": list(replaces)} if replaces else {}), output, force)
    context.exit(_do(wanted))


@click.command("lookup")
@_options
@api_options
@click.pass_context
def lookup(context: click.Context, call: Call, /, **given: Any) -> None:  # noqa: ANN401 - click's options
    """Ask services what they hold, and bring nothing over.

    What was announced can be brought over within half an hour: spsti-connector fetches choose.
    """
    wanted = Wanted(call, _body(given, Language(call.language), lookup_only=True), None, force=False)
    context.exit(_do(wanted))


def _do(wanted: Wanted) -> int:
    try:
        return int(run(_fetch(wanted)))
    except KeyboardInterrupt:
        if wanted.fetch_id:
            note(f"{label('goes_on', wanted.language)} spsti-connector fetches show {wanted.fetch_id}")
        return int(Exit.INTERRUPTED)
    except Fault as fault:
        if wanted.fetch_id and fault.exit_code == Exit.UNREACHABLE:
            fault.do = f"the fetch may go on; find it again: spsti-connector fetches show {wanted.fetch_id}"
        raise


async def _fetch(wanted: Wanted) -> Exit:
    from connector.cli.account import exit_of, tell
    from connector.cli.client import LocalApi
    from connector.cli.progress import follow, progress_for

    call, screen = wanted.call, wanted.call.screen
    async with LocalApi(call.target, call.language) as api:
        found = await api.call("POST", _URL, wanted.body, headers={"Idempotency-Key": wanted.again})
        wanted.fetch_id = found["id"]
        last = 0
        while True:
            quiet = screen.quiet or screen.as_json
            with progress_for(quiet=quiet, services=found["services"], language=wanted.language) as progress:
                last = await follow(api, wanted.fetch_id, progress, last)
            found = await api.call("GET", f"{_URL}/{wanted.fetch_id}")
            chosen = _choose(found, wanted)
            if chosen is None:
                break
            found = await api.call("POST", f"{_URL}/{wanted.fetch_id}/choose", {"member": chosen})
        written = None
        if wanted.output is not None and found["state"] in _READABLE:
            await write_whole(wanted.output, api.download(f"{_URL}/{wanted.fetch_id}/document"))
            written = str(wanted.output)
    if screen.as_json:
        screen.result({**found, "output": written})
    else:
        tell(found, screen, wanted.language)
        if written:
            screen.facts([(label("written_to", wanted.language), written)])
        elif found["state"] in _READABLE:
            note(f"spsti-connector fetches read {wanted.fetch_id} --output FILE")
    return exit_of(found)


def _choose(found: dict[str, Any], wanted: Wanted) -> str | None:
    """Ask which record to bring over, where that is a question and somebody is there to answer it."""
    screen = wanted.call.screen
    if found["state"] != "choosing" or found["lookup_only"] or not screen.is_terminal:
        return None
    offered = [s for s in found["services"] if s["reply"] == Reply.ANNOUNCED and not s["code"]]
    screen.table(
        ["#", label("service", wanted.language), label("newest_act", wanted.language)],
        [(number, service["name"], service["last_act_on"]) for number, service in enumerate(offered, 1)],
    )
    number = click.prompt(label("choose", wanted.language), type=click.IntRange(1, len(offered)), err=True)
    member: str = offered[number - 1]["member"]
    return member


def _body(given: dict[str, Any], language: Language, *, lookup_only: bool) -> dict[str, Any]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    information = _information(given, language, now)
    return {
        "worker": read_worker() if given["worker"] == "-" else ask_worker(language),
        "practitioner": {
            "id": given["practitioner"],
            "auth": {
                "means": given["auth_means"],
                "level": given["auth_level"],
                "at": given["auth_at"] or now,
            },
        },
        "services": list(given["services"]),
        "information": information,
        "follow_up": {"visit": given["visit"], "declared_reason": given["declared_reason"]},
        "lookup_only": lookup_only,
        "unattended": given["unattended"],
    }


def _information(given: dict[str, Any], language: Language, now: str) -> dict[str, Any]:
    """Gather how the worker was informed; what is not given is asked, nothing is assumed."""
    answers: dict[str, str] = {}
    for name in ("informed_by", "informed_means", "informed_at"):
        answer = given[name]
        if answer is None:
            need_terminal(name.replace("_", " "), f"give --{name.replace('_', '-')}")
            among = choice(InformationMeans) if name == "informed_means" else None
            answer = click.prompt(label(name, language), type=among, err=True)
        answers[name] = str(answer)
    stated = given["does_not_object"]
    if not stated:
        need_terminal("whether the worker objects", "give --does-not-object if they were informed and do not")
        stated = click.confirm(label("does_not_object", language), err=True)
    if not stated:
        raise Fault(
            "nothing is asked about a worker who objects, or was not informed",
            do="note an objection, so that it counts from now on: spsti-connector oppositions add --kind 2",
            status=Exit.REFUSED,
        )
    at = now if answers["informed_at"] == "now" else answers["informed_at"]
    return {
        "at": at,
        "by": answers["informed_by"],
        "means": answers["informed_means"],
        "worker_does_not_object": True,
    }
