"""Signing in by a provider: what was begun in which browser, and which person of the list came back.

A provider proves who somebody is; only the list says whether they may do anything here, and nobody is added to it by
signing in. What was begun is kept in memory for ten minutes: a restart means beginning again.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from connector.core import b64
from connector.core.codes import Code
from connector.core.errors import IdentityFault, LocalRefused
from connector.core.instant import Instant
from connector.core.ledger import EntryDraft, EntryType
from connector.core.mandate import Auth
from connector.core.people import MAX_SUBJECT, Person, Subject
from connector.core.ports import Clock, Entropy
from connector.core.ports_sign_in import PeopleStore
from connector.core.practitioner_id import PractitionerId
from connector.core.private import Private
from connector.local.sign_in.id_token import unproven
from connector.local.sign_in.provider import Asked, Proven, Provider
from connector.local.sign_in.staff import Staff
from connector.logs import SIGN_IN_UNPROVEN, get_logger

_LIFE_SECONDS: Final = 600
_MOST: Final = 1_000
"""Sign-ins under way at once; beyond, the oldest is forgotten: whoever floods this has other people begin again."""


@dataclass(frozen=True, slots=True)
class PersonRule:
    """How a provider's claims name a person: by PS_IdNat in the first of these claims, or as a subject of ours.

    `refuses_editors`: Pro Santé Connect's test accounts of software editors open nothing in production.
    """

    claims: tuple[str, ...]
    is_practitioner: bool
    refuses_editors: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class _Begun(Private):
    provider: str
    asked: Asked
    browser: bytes
    next_path: str
    ends_at: float


@dataclass(frozen=True, slots=True, repr=False)
class CameBack(Private):
    """Who signed in, how, and where they wanted to go."""

    person: Person
    auth: Auth
    next_path: str


class Providers:
    """The providers of this connector, and the sign-ins under way."""

    def __init__(
        self,
        providers: Sequence[tuple[Provider, PersonRule]],
        staff: Staff,
        journal: PeopleStore,
        clock: Clock,
        entropy: Entropy,
        *,
        address: str,
    ) -> None:
        self._providers = {provider.settings.name: (provider, rule) for provider, rule in providers}
        self._staff, self._journal, self._clock, self._entropy = staff, journal, clock, entropy
        self.address = address
        self._begun: dict[str, _Begun] = {}

    def titles(self) -> Sequence[tuple[str, str]]:
        """Give name and title of each, in the order of the configuration."""
        return [(name, provider.settings.title) for name, (provider, _) in self._providers.items()]

    def new_browser(self) -> str:
        """Give the secret that binds what is begun to one browser."""
        return b64.encode(self._entropy.token(32))

    async def begin(self, name: str, browser: str, next_path: str, *, again: bool) -> str:
        """Give the address at which a browser goes on.

        Raises:
            LocalRefused: `local.not_found`, no such provider; as `Provider.begin`.
        """
        provider, _ = self._find(name)
        state = b64.encode(self._entropy.token(32))
        url, asked = await provider.begin(self._return_to(name), state, again=again)
        now = self._clock.monotonic()
        while self._begun and (len(self._begun) >= _MOST or next(iter(self._begun.values())).ends_at <= now):
            del self._begun[next(iter(self._begun))]
        self._begun[state] = _Begun(name, asked, _tag(browser), next_path, now + _LIFE_SECONDS)
        return url

    async def finish(self, name: str, answer: Mapping[str, str], browser: str, *, again: bool) -> CameBack:
        """Give the person whom the provider proved to be at this browser; `again`, since this sign-in was begun.

        Raises:
            LocalRefused: `sign_in.interrupted`, this browser did not begin it, or not lately, or it came back before;
                `sign_in.unproven`, `sign_in.not_fresh`, `sign_in.provider`; `sign_in.not_listed`.
            FailedClosed: a refusal could not be journalled.
        """
        begun = self._begun.pop(answer.get("state", ""), None)
        if (
            begun is None
            or begun.provider != name
            or not hmac.compare_digest(begun.browser, _tag(browser))
            or self._clock.monotonic() >= begun.ends_at
        ):
            raise LocalRefused("sign-in: not begun in this browser, or too long ago", code=Code.SIGN_IN_INTERRUPTED)
        provider, rule = self._find(name)
        try:
            proven = await provider.finish(answer, begun.asked, self._return_to(name), again=again)
            person = self._person(provider, rule, proven)
        except LocalRefused as fault:
            if fault.code in {Code.SIGN_IN_UNPROVEN, Code.SIGN_IN_NOT_FRESH, Code.SIGN_IN_NOT_LISTED}:
                get_logger().warning(SIGN_IN_UNPROVEN, code=fault.code.value, caller=name, cause=fault.field)
                await self._journal.note(self._refused(name, fault))
            raise
        return CameBack(person, proven.auth, begun.next_path)

    async def sign_out_url(self, name: str) -> str | None:
        """Give where a person signs out of a provider too."""
        found = self._providers.get(name)
        return await found[0].sign_out_url(f"{self.address}/login") if found is not None else None

    def _person(self, provider: Provider, rule: PersonRule, proven: Proven) -> Person:
        stated = {proven.claims[name] for name in rule.claims if isinstance(proven.claims.get(name), str)}
        if len(stated) != 1 or not 0 < len(text := stated.pop()) <= MAX_SUBJECT or not text.isprintable():
            raise unproven("person", "it does not name the person, or names two")
        person = None
        if rule.is_practitioner:
            if rule.refuses_editors and _is_editors(proven.claims):
                raise unproven("person", "it names a test account of a software editor")
            person = self._staff.of_practitioner(text) if _is_practitioner(text) else None
        person = person or self._staff.of_subject(Subject(provider.settings.name, text))
        if person is None:
            raise LocalRefused(
                "sign-in: proven, and nobody of this service's list", code=Code.SIGN_IN_NOT_LISTED, field="person"
            )
        return person

    def _refused(self, name: str, fault: LocalRefused) -> EntryDraft:
        now = Instant(self._clock.now())
        return EntryDraft(
            type=EntryType.SIGN_IN_REFUSED, at=now, outcome="refused", reason=fault.code.value,
            personal={"provider": name, "rule": fault.field},
        )  # fmt: skip

    def _find(self, name: str) -> tuple[Provider, PersonRule]:
        if name not in self._providers:
            raise LocalRefused("identity provider: there is none of this name", code=Code.LOCAL_NOT_FOUND)
        return self._providers[name]

    def _return_to(self, name: str) -> str:
        return f"{self.address}/login/{name}/return"


def _tag(browser: str) -> bytes:
    return sha256(browser.encode("utf-8", "surrogateescape")).digest()


def _is_practitioner(text: str) -> bool:
    try:
        PractitionerId.parse(text)
    except IdentityFault:
        return False
    return True


def _is_editors(claims: Mapping[str, object]) -> bool:
    """Whether it is an account of Pro Santé Connect for editors' tests (reference/security.md 3: origine `EDIT`)."""
    others = claims.get("otherIds")
    return isinstance(others, list) and any(isinstance(one, dict) and one.get("origine") == "EDIT" for one in others)
