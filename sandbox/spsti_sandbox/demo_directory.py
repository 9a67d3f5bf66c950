"""The demonstration's chapter about the federation's directory: an operator suspends a service, and two let it back."""

from typing import Any

from connector.directory.suspensions import Reason
from spsti_sandbox.account import Account
from spsti_sandbox.cast import CastMember
from spsti_sandbox.operators import Operators
from spsti_sandbox.physician import Physician, Refused
from spsti_sandbox.service import Service


class DirectoryChapter:
    """`service` is the one that is suspended; the physician is another's."""

    def __init__(self, account: Account, physician: Physician, operators: Operators, service: Service) -> None:
        self._account, self._physician = account, physician
        self._operators, self._service = operators, service

    async def suspended(self, member: CastMember) -> None:
        """Tell of a suspension, from one operator's key to the physician's screen, and of its end."""
        account, letter, id_ = self._account, self._service.letter.upper(), self._service.member_id
        account.title(f"An operator of the federation suspends {letter}")
        before = await self._physician.call("GET", "/api/v1/directory")
        account.line(f"the directory in force at C: {before['version']}, {before['copies']} copies of it can be asked.")
        self._operators.suspend(id_, Reason.KEY_STOLEN)
        after = await self._refresh()
        account.line(f"one key is enough, for seven days. C asks the copies: {after['version']}.")
        expected = before["members"]["active"] - 1
        account.expect("members active for C", expected=expected, got=after["members"].get("active"))
        try:
            await self._physician.start_again(member.asked, [id_])
            code = "none"
        except Refused as refused:
            code = str(refused.code)
            account.line(f"{refused.problem['title']} {refused.problem['hint']}")
        account.expect(f"what C's own connector says of asking {letter}", expected="member.suspended", got=code)
        self._operators.lift(id_)
        again = await self._refresh()
        fetch = await self._physician.fetch_again(member.asked, [id_])
        account.line(f"two operators lift it: {again['version']}.")
        account.expect(f"what {letter} answered then", expected="announced", got=fetch["services"][0]["reply"])

    async def _refresh(self) -> dict[str, Any]:
        report = await self._physician.call("POST", "/api/v1/directory/refresh")
        directory: dict[str, Any] = report["directory"]
        return directory
