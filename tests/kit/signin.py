"""Sign-in for tests: its stores in memory by the ports' own rules, people, and a browser that is signed in."""

from dataclasses import replace

from argon2 import PasswordHasher

from connector.core.codes import Code
from connector.core.errors import LocalRefused
from connector.core.instant import Instant
from connector.core.mandate import Auth, AuthLevel, AuthMeans
from connector.core.people import Role
from connector.core.sessions import SessionRules
from connector.local.sign_in.accounts import LocalAccounts
from connector.local.sign_in.desk import SignInDesk
from connector.local.sign_in.factors import Passwords
from connector.local.sign_in.launching import Launching
from connector.local.sign_in.lockout import Lockout
from connector.local.sign_in.providers import Providers
from connector.local.sign_in.sessions import Sessions
from connector.local.sign_in.staff import NewPerson, Staff
from connector.local.sign_in.values import Seen

BROWSER = "Mozilla/5.0 (X11; Linux x86_64) Test/1.0"
BY = "Camille Exemple, responsable informatique"


class Kept:
    """What the stores of sign-in keep, and the entries that went with it."""

    def __init__(self):
        self.entries, self.people, self.sessions, self.one_time, self.failures = [], {}, {}, {}, {}

    def types(self):
        return [(str(entry.type), entry.reason) for entry in self.entries]


class PeopleStore:
    def __init__(self, kept):
        self.kept = kept

    async def all(self):
        return list(self.kept.people.values())

    async def add(self, people, entries):
        for person in people:
            self._check(person)
            self.kept.people[person.id] = person
        self.kept.entries += entries

    async def change(self, person, entry):
        self._check(person)
        self.kept.people[person.id] = person
        self.kept.entries.append(entry)

    async def note(self, entry):
        self.kept.entries.append(entry)

    def _check(self, person):
        for other in self.kept.people.values():
            same = person.practitioner is not None and other.practitioner == person.practitioner
            if other.id != person.id and (same or set(other.subjects) & set(person.subjects)):
                raise LocalRefused("person: taken", code=Code.LOCAL_CONFLICT)


class SessionStore:
    def __init__(self, kept):
        self.kept = kept

    def find(self, token_hash):
        return self.kept.sessions.get(token_hash)

    async def open(self, token_hash, session, entry):
        self.kept.sessions[token_hash] = session
        self.kept.entries.append(entry)

    async def keep(self, token_hash, session):
        if token_hash in self.kept.sessions:
            self.kept.sessions[token_hash] = session

    async def end(self, token_hash, entry):
        if self.kept.sessions.pop(token_hash, None) is not None and entry is not None:
            self.kept.entries.append(entry)


class OneTimeStore:
    def __init__(self, kept, clock):
        self.kept, self.clock = kept, clock

    async def put(self, kind, secret, value, expires_at, entry=None):
        if (kind, secret) in self.kept.one_time:
            return False
        self.kept.one_time[kind, secret] = (value, expires_at)
        self.kept.entries += [entry] if entry else []
        return True

    async def peek(self, kind, secret, cls, now):
        value, expires_at = self.kept.one_time.get((kind, secret), (None, 0))
        return value if now < expires_at else None

    async def take(self, kind, secret, cls):
        if (kind, secret) not in self.kept.one_time:
            return None, False
        value, expires_at = self.kept.one_time[kind, secret]
        self.kept.one_time[kind, secret] = (None, expires_at)
        return (None, True) if value is None else (value if self.clock.now() < expires_at else None, False)

    async def replace(self, kind, secret, value):
        if self.kept.one_time.get((kind, secret), (None, 0))[0] is not None:
            self.kept.one_time[kind, secret] = (value, self.kept.one_time[kind, secret][1])


class FailureStore:
    def __init__(self, kept):
        self.kept = kept

    async def locked_until(self, subjects, now):
        until = max((self.kept.failures.get(one, (0, 0, 0))[2] for one in subjects), default=0)
        return until if until > now else None

    async def count(self, subject, now, *, allowed, window, lock):
        since, count, until = self.kept.failures.get(subject, (now, 0, 0))
        if now >= since + window or (until and now >= until):
            since, count, until = now, 0, 0
        count += 1
        until = now + lock if count >= allowed else until
        self.kept.failures[subject] = (since, count, until)
        return until if until > now else None

    async def forgive(self, subject):
        self.kept.failures.pop(subject, None)


class LocalAccountStore:
    def __init__(self, kept):
        self.kept, self.by_login = kept, {}

    def find(self, login):
        return self.by_login.get(login)

    async def people(self):
        return [account.person_id for account in self.by_login.values()]

    async def put(self, account, entry):
        known = self.by_login.get(account.login)
        if known is not None and known.person_id != account.person_id:
            raise LocalRefused("login: taken", code=Code.LOCAL_CONFLICT)
        self.by_login = {name: one for name, one in self.by_login.items() if one.person_id != account.person_id}
        self.by_login[account.login] = account
        self.kept.entries.append(entry)

    async def use_step(self, login, step):
        if step <= self.by_login[login].last_step:
            return False
        self.by_login[login] = replace(self.by_login[login], last_step=step)
        return True

    async def use_recovery(self, login, digest):
        known = self.by_login[login]
        if digest not in known.recovery:
            return False
        self.by_login[login] = replace(known, recovery=tuple(one for one in known.recovery if one != digest))
        return True


class SignInHouse:
    """Sign-in in memory, on the clock and the randomness of a house."""

    def __init__(self, clock, entropy, configured):
        self.clock, self.kept = clock, Kept()
        self.staff = Staff(PeopleStore(self.kept), configured, clock, entropy)
        self.rules = SessionRules()
        self.sessions = Sessions(SessionStore(self.kept), self.staff, self.rules, clock, entropy)
        self.one_time, self.accounts_kept = OneTimeStore(self.kept, clock), LocalAccountStore(self.kept)
        self.lockout = Lockout(FailureStore(self.kept), PeopleStore(self.kept), clock)
        self.accounts = LocalAccounts(
            self.accounts_kept,
            self.one_time,
            self.staff,
            self.lockout,
            clock,
            entropy,
            issuer="SPSTI Essai",
            passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
        )
        self.desk = SignInDesk(
            self.sessions,
            self.staff,
            self.lockout,
            Providers((), self.staff, PeopleStore(self.kept), clock, entropy, address="http://127.0.0.1"),
            Launching({}, self.one_time, self.staff, self.lockout, clock, entropy),
            self.accounts,
            contact="Service informatique, poste 4242",
        )

    async def person(self, *roles, name="Dominique Essai", practitioner=None, subjects=(), **more):
        """Add a person; a professional role brings a practitioner id along."""
        if practitioner is None and any(role.is_professional for role in roles):
            practitioner = "899700366240"
        person = self.staff.build(NewPerson(name, frozenset(roles), practitioner, tuple(subjects), **more))
        await self.staff.add([person], BY)
        return person

    async def cookie(self, person, *, level=AuthLevel.SUBSTANTIAL, means=AuthMeans.OWN, browser=BROWSER):
        """Sign a person in, and give the cookie and the token of their pages."""
        auth = Auth(means, level, Instant(self.clock.now()))
        opened = await self.sessions.open(person, auth, Seen(browser, "127.0.0.1"))
        return opened.token, opened.session.csrf


def cookies(token):
    """The headers of a browser that holds this session."""
    return {"Cookie": f"spsti_session={token}", "User-Agent": BROWSER}


ROLES = tuple(Role)
