"""The account of a fetch: who answered what, which record is the newest of how many, and its exit status."""

from connector.cli.client import Json
from connector.cli.faults import Exit
from connector.cli.screen import Screen
from connector.cli.text import size
from connector.local.words import Language, label, local_day

_SILENT = frozenset({"pending", "deferred", "could-not-look", "limited", "unavailable", "unreachable", "too-late"})
_HERE = frozenset({"ready", "filed"})


def tell(fetch: Json, screen: Screen, language: Language) -> None:
    """Print a fetch."""

    def head(name: str) -> str:
        return label(name, language)

    screen.table(
        [head("service"), head("answer"), head("newest_act"), head("time")],
        [
            (
                service["name"],
                service["text"],
                local_day(service["last_act_on"] or "", language),
                f"{service['elapsed_ms']} ms" if service["elapsed_ms"] is not None else "",
            )
            for service in fetch["services"]
        ],
    )
    newest, document = fetch["newest"], fetch["document"] or {}
    receipt = document.get("receipt") or {}
    screen.facts(
        [
            (head("fetch"), fetch["id"]),
            (head("state"), f"{fetch['state']}: {fetch['text']}"),
            (head("reason"), " ".join(filter(None, (fetch["code"], fetch["detail"])))),
            (head("newest_act"), f"{local_day(newest['last_act_on'] or '', language)} {newest['text']}".strip()),
            (head("from"), document.get("name")),
            (head("updated"), document.get("updated_at")),
            (head("arrived"), document.get("arrived_at")),
            (head("kept_until"), document.get("purge_at")),
            (head("size"), size(document["size"]) if document else ""),
            (head("found"), ", ".join(found["text"] for found in document.get("findings", ()))),
            (head("copy_shown"), size(document["shown_size"]) if document.get("shown_size") is not None else ""),
            (head("receipt"), f"{receipt['ledger']} #{receipt['leaf_index']}" if receipt else ""),
            (head("next"), next_step(fetch)),
        ]
    )


def next_step(fetch: Json) -> str:
    """Give what to do: the fetch's own sentence, then those of services that need something, by name."""
    steps = [fetch["next"]]
    steps += [f"{s['name']}: {s['next']}" for s in fetch["services"] if s["next"] and s["reply"] != "pending"]
    return " ".join(filter(None, steps))


def exit_of(fetch: Json) -> Exit:
    """Give the exit status that a fetch means, as `docs/cli.md` says."""
    state, newest = fetch["state"], fetch["newest"]
    if state in _HERE or (state == "choosing" and fetch["lookup_only"]):
        return Exit.OK if newest["answered"] == newest["asked"] else Exit.PARTIAL
    if state == "choosing":
        return Exit.CHOICE
    if state == "no-record-given":
        return Exit.NO_RECORD if newest["answered"] == newest["asked"] else Exit.TRY_AGAIN
    if state == "prepared":
        return Exit.OK
    if state in {"cancelled", "expired", "purged"}:
        return Exit.FAILED
    replies = {service["reply"] for service in fetch["services"]}
    if state != "failed" or (fetch["newest"]["answered"] == 0 and replies & _SILENT):
        return Exit.TRY_AGAIN
    return Exit.REFUSED if replies == {"refused"} else Exit.FAILED
