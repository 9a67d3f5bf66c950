"""`status`: what IT staff look at first, each red line with what to do."""

from typing import Any, Final

import click

from connector.cli.faults import Exit
from connector.cli.options import Call, api_options, ask

_RED: Final = frozenset({503})


@click.command("status")
@click.option("--ready", is_flag=True, help="Only whether it can answer and ask; needs no key on the same machine.")
@api_options
@click.pass_context
def command(context: click.Context, call: Call, /, *, ready: bool) -> None:
    """Show certificates, directory, adapter, ledgers and queues.

    The exit status is 0 when the connector is ready, else 1.
    """
    found = ask(call, "GET", "/health/ready" if ready else "/api/v1/status", accept=_RED if ready else frozenset())
    if call.screen.as_json:
        call.screen.result(found)
    else:
        if not ready:
            _tell(call, found)
        call.screen.table(
            ["check", "state", "detail", "what to do"],
            [(c["name"], _state(c), c["detail"], c["remedy"]) for c in found["checks"]],
        )
    context.exit(Exit.OK if found["ready"] else Exit.FAILED)


def _state(check: dict[str, Any]) -> str:
    """Give a check in a word: what is right for now and has a remedy is a warning."""
    if not check["ok"]:
        return "NOT OK"
    return "warning" if check["remedy"] else "ok"


def _tell(call: Call, found: dict[str, Any]) -> None:
    directory = found["directory"]
    call.screen.facts(
        [
            ("member", f"{found['name']} ({found['member']}), {found['environment']}"),
            ("ready", "yes" if found["ready"] else "NO"),
            ("started", found["started_at"]),
            ("directory", f"{directory['version']}, {directory['active']} of {directory['members']} members active"),
            *((f"certificate {c['use']}", f"{c['days_left']} days left") for c in found["certificates"]),
            *((f"adapter {a['half']}", f"{a['name']}: {'ok' if a['ok'] else a['detail']}") for a in found["adapters"]),
            *((f"ledger {ledger['tree']}", f"{ledger['size']} entries") for ledger in found["ledgers"]),
            *((f"to deliver, {kind}", count) for kind, count in found["outbox"].items()),
            *((name, version) for name, version in found["versions"].items()),
        ]
    )
