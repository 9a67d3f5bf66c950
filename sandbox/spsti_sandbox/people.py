"""People of a sandbox service with accounts of their own, made as they are made anywhere: by the API and the pages.

Nothing is written past the connector: a code to enrol, a password, a second factor whose secret is kept here, since
nobody holds a telephone beside a sandbox.
"""

import re
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from pyotp import TOTP

from spsti_sandbox.service import Service

_ATTEMPTS: Final = 2
"""A second one for where a new step began on the way: the connector takes the step before its own, not an older one."""

_SECRET = re.compile(r'id="secret">([A-Z2-7]+)<')


class NotEnrolled(RuntimeError):
    """The connector did not make the account; its page is in no message, since it may hold secrets."""


@dataclass(frozen=True, slots=True)
class Account:
    """What somebody needs to sign in. `code` gives the second factor for now."""

    name: str
    login: str
    password: str = field(repr=False)
    secret: str = field(repr=False)

    def code(self) -> str:
        """Give the code that an authenticator would show now."""
        return TOTP(self.secret).now()


async def enrol(
    service: Service, name: str, roles: Sequence[str], login: str, *, practitioner: str | None = None
) -> Account:
    """Add a person to a running service and make their account, as they would.

    Raises:
        NotEnrolled: the connector refused.
    """
    person = {"by": "sandbox", "name": name, "roles": list(roles), "practitioner": practitioner}
    status, added = await service.call("POST", "/api/v1/people", person)
    if status >= 400:
        raise NotEnrolled(f"adding {login}: the connector answered {status}")
    status, enrolment = await service.call("POST", f"/api/v1/people/{added['id']}/enrol", {"by": "sandbox"})
    if status >= 400:
        raise NotEnrolled(f"a code for {login}: the connector answered {status}")
    password = f"demo-{secrets.token_hex(6)}"
    form = {"enrolment": enrolment["code"], "login": login, "password": password, "repeated": password}
    headers = {"Origin": service.local_url, "Accept": "text/html"}
    async with aiohttp.ClientSession(service.local_url, headers=headers) as browser:
        async with browser.post("/enrol", data=form) as answer:
            found = _SECRET.search(await answer.text())
            if found is None:
                raise NotEnrolled(f"the account of {login}: the connector answered {answer.status}")
        account = Account(name, login, password, found[1])
        for _ in range(_ATTEMPTS):
            # The step before this one: a step counts once, and the account is to be used at once.
            before = TOTP(found[1]).at(int(time.time()) - 30)
            second = {"enrolment": enrolment["code"], "second": before}
            async with browser.post("/enrol", data=second) as answer:
                if answer.status < 400:
                    return account
    raise NotEnrolled(f"the second factor of {login}: the connector answered {answer.status}")
