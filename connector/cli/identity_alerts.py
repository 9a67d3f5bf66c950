"""`identity alerts` and `identity to-qualify`: for the person who watches over identities."""

from typing import Any

import click

from connector.cli.identity_input import decided_by, with_reason
from connector.cli.options import Call, api_options, ask, choice
from connector.core.identity_alerts import AlertState

_PATH = "/api/v1/identity-alerts"


@click.group("alerts")
def alerts() -> None:
    """Handle identity alerts: near misses between two identities."""


@alerts.command("list")
@click.option("--state", type=choice(AlertState), help="Only alerts of this state.")
@click.option("--before", metavar="ID", help="Only alerts before this one.")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True, help="Alerts at most.")
@api_options
def list_(call: Call, /, **given: Any) -> None:  # noqa: ANN401 - click's options
    """List alerts, newest first."""
    page = ask(call, "GET", _PATH, query={name: str(value) for name, value in given.items() if value is not None})
    if call.screen.as_json:
        call.screen.result(page)
        return
    call.screen.table(
        ["alert", "state", "first seen", "times", "service", "what"],
        [(a["id"], a["state"], a["first_at"], a["count"], a["peer"], a["text"]) for a in page["items"]],
    )
    if page["next"]:
        click.echo(f"There are more: --before {page['next']}", err=True)


@alerts.command("show")
@click.argument("alert", metavar="ID")
@api_options
def show(call: Call, /, *, alert: str) -> None:
    """Show one alert, with the INS concerned; that is for those who may know it."""
    _show(call, ask(call, "GET", f"{_PATH}/{alert}"))


@alerts.command("take")
@click.argument("alert", metavar="ID")
@decided_by
@api_options
def take(call: Call, /, *, alert: str, by: str) -> None:
    """Take an alert, also from somebody who had it."""
    _show(call, ask(call, "POST", f"{_PATH}/{alert}/take", {"by": by}))


@alerts.command("close")
@click.argument("alert", metavar="ID")
@decided_by
@with_reason
@api_options
def close(call: Call, /, *, alert: str, by: str, reason: str) -> None:
    """Close an alert with a reason; the same, seen again, is a new alert."""
    _show(call, ask(call, "POST", f"{_PATH}/{alert}/close", {"by": by, "reason": reason}))


@click.command("to-qualify")
@click.option("--limit", type=click.IntRange(1, 100), default=50, show_default=True, help="Workers at most.")
@api_options
def to_qualify(call: Call, /, *, limit: int) -> None:
    """List your own workers whose record could not be given, because their identity is not qualified here."""
    page = ask(call, "GET", "/api/v1/identity/to-qualify", query={"limit": str(limit)}, long=True)
    if call.screen.as_json:
        call.screen.result(page)
        return
    call.screen.table(
        ["matricule", "oid", "status", "asked for", "last", "what to do"],
        [(w["matricule"], w["oid"], w["status"], w["count"], w["last_at"], w["next"]) for w in page["items"]],
    )


def _show(call: Call, alert: dict[str, Any]) -> None:
    if call.screen.as_json:
        call.screen.result(alert)
        return
    other = alert["other"] or {}
    call.screen.facts(
        [
            ("alert", alert["id"]),
            ("state", alert["state"]),
            ("meaning", alert["text"]),
            ("INS", alert["ins"]["matricule"]),
            ("other INS", other.get("matricule")),
            ("service", alert["peer"]),
            ("journal", alert["ref"]),
            ("seen", f"{alert['count']} times, first {alert['first_at']}, last {alert['last_at']}"),
            ("next", alert["next"]),
        ]
    )
    for step in alert["handled"]:
        call.screen.say(f"{step['at']} {step['state']} by {step['by']} {step['reason']}".rstrip())
