"""The demonstration's chapters about identities: one acquired from INSi and fetched, one that INSi does not bear out.

The secretary's desk is the local API of C; INSi is the simulator that runs beside the services.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from connector.core.days import Day
from connector.core.instant import Instant, day_in_france
from spsti_sandbox.account import Account
from spsti_sandbox.cast import CastMember
from spsti_sandbox.physician import Physician

DESK: Final = "secretariat-1"

Follow = Callable[[CastMember], Awaitable[Any]]


class IdentityChapters:
    """`follow` starts a fetch, tells its events and gives it once it rests."""

    def __init__(self, account: Account, physician: Physician, follow: Follow) -> None:
        self._account, self._physician, self._follow = account, physician, follow

    async def acquired(self, member: CastMember) -> None:
        """Tell of a worker who comes without an INS."""
        account = self._account
        account.title("A worker whose INS is first acquired from INSi, by traits")
        kept = await self._post("/api/v1/identities", {"traits": member.asked.traits.to_json(), **_why("embauche")})
        account.line(f"at C's desk: {kept['status']}. {kept['text']} {kept['next']}")
        account.expect("the status before INSi is asked", expected="PROV", got=kept["status"])
        moves = f"/api/v1/identities/{kept['id']}/moves"
        found = await self._post(moves, {"move": "recover", **_why("recherche par traits")})
        account.line(f"INSi answers: {found['status']}. {found['text']} {found['next']}")
        account.expect("the status with INSi's answer alone", expected="RECUP", got=found["status"])
        document = {"kind": "CN", "nationality": "french", "seen_on": day_in_france(Instant(int(time.time())))}
        qualified = await self._post(moves, {"move": "validate", "document": document, **_why("carte présentée")})
        account.line(f"the identity card is seen: {qualified['status']}. {qualified['text']}")
        account.expect("the status with both", expected="QUAL", got=qualified["status"])
        number = qualified["ins"]["matricule"] if qualified["ins"] else None
        account.expect("the INS that INSi gave", expected=member.asked.ins.matricule.value, got=number)
        calls = await self._physician.journal(tree="house", type="insi-called")
        outcomes = [entry["outcome"] for entry in calls]
        account.expect("INSi's calls in C's journal", expected=["calling", "found"], got=outcomes)
        today = Day.parse(qualified["verified_on"])
        fetch = await self._follow(replace(member, asked=replace(member.asked, verified_on=today)))
        account.expect("state of the fetch", expected="ready", got=fetch["state"])

    async def not_borne_out(self, member: CastMember) -> None:
        """Tell of a worker whom INSi knows otherwise."""
        account = self._account
        account.title("A worker whose identity INSi does not bear out")
        account.line("verified too long ago at C, so INSi is asked before any service is; it has another birth place.")
        fetch = await self._follow(member)
        account.line(f"{fetch['text']} {fetch['next']}")
        account.expect("state of the fetch", expected="failed", got=fetch["state"])
        account.expect("its code", expected="identity.discrepancy", got=fetch["code"])
        is_named = "birth place" in fetch["detail"]
        account.expect_that("the trait is named", is_named, expected="birth place", got=fetch["detail"])
        lookups = [reply["lookup_id"] for reply in fetch["services"]]
        asked = [entry for lookup in lookups for entry in await self._physician.journal(ref=lookup)]
        account.expect("questions that left C", expected=[], got=[entry["type"] for entry in asked])
        page = await self._physician.call("GET", "/api/v1/identity-alerts?state=open")
        alerts = [alert for alert in page["items"] if alert["ref"] == fetch["id"]]
        account.expect("alerts about it", expected=[["birth_place"]], got=[alert["differing"] for alert in alerts])
        for alert in alerts:
            account.line(f"identity alert: {alert['text']} {alert['next']}")
            path = f"/api/v1/identity-alerts/{alert['id']}/close"
            closed = await self._post(path, _why("lieu corrigé d'après la carte d'identité"))
            account.expect("the alert, once handled", expected="closed", got=closed["state"])

    async def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await self._physician.call("POST", path, body)
        return answer


def _why(reason: str) -> dict[str, str]:
    return {"by": DESK, "reason": reason}
