"""The story of the demonstration: a physician of C fetches the most recent record, then what happens otherwise.

Each chapter tells what is seen on both sides and checks it. The sentences a physician would read are shown in French,
as the local API gives them. The persons are synthetic; that the daemons' logs and files name none of them is checked.
"""

import asyncio
import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientError

from connector.core import b64
from spsti_sandbox.account import Account
from spsti_sandbox.cast import CastMember, cast
from spsti_sandbox.demo_directory import DirectoryChapter
from spsti_sandbox.demo_identity import IdentityChapters
from spsti_sandbox.federation import PHYSICIAN, Federation
from spsti_sandbox.leaks import Needles, find_in_files, kept_files
from spsti_sandbox.physician import Physician, Refused
from spsti_sandbox.service import Service, ServiceDied
from spsti_sandbox.vendor_db import AS_OF

Fetch = Mapping[str, Any]

_ENTRY_WORDS = {
    "asked": "asked, before the question left",
    "answered": "answered a lookup",
    "decided": "decided on a handover",
    "release": "first byte about to leave",
    "end": "transfer ended",
    "arrived": "document arrived and was checked",
    "shown": "shown to a practitioner",
    "acknowledged": "acknowledgement kept (house ledger)",
}


@dataclass(frozen=True, slots=True)
class _Services:
    """A and B hold records, C asks."""

    a: Service
    b: Service
    c: Service


class Demo:
    """Tells the story over a federation that runs. `records` is the folder for the PDF."""

    def __init__(self, federation: Federation, account: Account, records: Path) -> None:
        services = federation.services
        self._federation, self._account, self._records = federation, account, records
        self._s = _Services(services["a"], services["b"], services["c"])
        self._cast = cast(AS_OF)
        self._physician = Physician(self._s.c)
        self._holders = {service.member_id: Physician(service) for service in (self._s.a, self._s.b)}
        self._asked = [self._s.a.member_id, self._s.b.member_id]
        self._identities = IdentityChapters(account, self._physician, self._follow)

    async def tell(self) -> None:
        """Tell all of it; the account has what was not as expected."""
        self._services_are_up()
        chapters = (
            self._most_recent,
            self._none_given,
            self._service_down,
            self._acquired,
            self._not_borne_out,
            self._suspended,
            self._probe,
            self._evidence,
        )
        for chapter in chapters:
            try:
                await chapter()
            except (Refused, ServiceDied, TimeoutError, ClientError, LookupError) as error:
                got = f"{type(error).__name__} {error}"
                self._account.expect_that("this chapter", holds=False, expected="it comes to its end", got=got)

    # ------------------------------------------------------------ chapters

    def _services_are_up(self) -> None:
        self._account.title("Three services, each its own process, certificates, keys, database and vault")
        rows = [
            (s.letter.upper(), s.name, s.peer_url, s.local_url, s.process.pid if s.process else "-")
            for s in self._federation.services.values()
        ]
        self._account.table(("", "service", "for peers (mutual TLS)", "local API", "process"), rows)
        self._account.line("All persons below are synthetic (INS under the test OID …4.10).")

    async def _most_recent(self) -> None:
        account, member = self._account, self._cast.newer_at_b
        account.title("The most recent record of a worker known to A and to B")
        account.line(f"{PHYSICIAN.name}, physician at C, asks A and B about {_name(member)}.")
        fetch = await self._follow(member)
        newest_day = str(max(v.last_act_on for v in member.files["b"].versions))
        older_day = str(max(v.last_act_on for v in member.files["a"].versions))
        account.line("")
        self._answers(fetch)
        account.expect("the day A announced", expected=older_day, got=_reply(fetch, self._s.a)["last_act_on"])
        account.expect("the day B announced", expected=newest_day, got=_reply(fetch, self._s.b)["last_act_on"])
        account.expect("services that answered", expected=(2, 2), got=_of(fetch))
        is_newest = account.expect("the newest", expected=[self._s.b.member_id], got=fetch["newest"]["members"])
        if not account.expect("state of the fetch", expected="ready", got=fetch["state"]) or not is_newest:
            return
        await self._to_disk(fetch)
        steps = ", ".join(f"{name} {ms} ms" for name, ms in fetch["steps_ms"].items() if name != "total")
        account.line(f"steps:  {steps}; in all {fetch['steps_ms'].get('total')} ms")
        await self._both_ledgers(fetch)

    async def _none_given(self) -> None:
        cast_ = self._cast
        unknown = await self._withheld("A worker known to no one", cast_.unknown, "no_local_worker")
        objected = await self._withheld("A worker who has objected at A and at B", cast_.objected, "opposed", "opposed")
        differs = await self._withheld(
            "A worker whose birth date differs at A", cast_.traits_differ, "identity_differs"
        )
        self._alike(unknown, objected, differs)

    async def _withheld(self, title: str, member: CastMember, *reasons: str) -> Fetch:
        """One whom no service answers with a record; `reasons` are what A, then B, keep to themselves."""
        account = self._account
        account.title(title)
        fetch = await self._physician.fetch(member.asked, self._asked)
        self._answers(fetch)
        account.expect("state of the fetch", expected="no-record-given", got=fetch["state"])
        account.expect("services that answered", expected=(2, 2), got=_of(fetch))
        told = (*reasons, "no_local_worker") if len(reasons) == 1 else reasons
        for service, reason in zip((self._s.a, self._s.b), told, strict=True):
            reply = _reply(fetch, service)
            account.expect(f"what {service.letter.upper()} answered", expected="withheld", got=reply["reply"])
            entries = await self._holders[service.member_id].journal(ref=reply["lookup_id"], type="answered")
            kept = [entry["reason"] for entry in entries]
            account.line(f"only {service.letter.upper()}'s own journal says why: {', '.join(map(str, kept))}")
            account.expect(f"the reason in the journal of {service.letter.upper()}", expected=[reason], got=kept)
        return fetch

    def _alike(self, *fetches: Fetch) -> None:
        """What the physician sees is the same in all these cases, so that an answer tells nothing."""
        seen = [
            [fetch["state"], fetch["text"], fetch["next"], fetch["newest"]["text"]]
            + [(r["reply"], r["text"], r["next"], r["code"], r["detail"]) for r in fetch["services"]]
            for fetch in fetches
        ]
        self._account.title("Nothing tells these three apart at C")
        same = self._account.expect_that(
            "what C sees", all(one == seen[0] for one in seen), expected="the same three times", got="differences"
        )
        if same:
            self._account.line("unknown, objected, other identity: the same words and the same answers.")

    async def _service_down(self) -> None:
        account, member, down = self._account, self._cast.only_at_a, self._s.a
        account.title("A worker whose record is at a service that is down")
        account.line(f"service A is stopped (SIGTERM), then asked about {_name(member)}, whom only A knows.")
        account.expect("exit status of A's daemon", expected=0, got=await down.stop())
        fetch = await self._physician.fetch(member.asked, self._asked)
        self._answers(fetch)
        account.expect("state of the fetch", expected="no-record-given", got=fetch["state"])
        account.expect("what A answered", expected="unreachable", got=_reply(fetch, down)["reply"])
        account.expect("what B answered", expected="withheld", got=_reply(fetch, self._s.b)["reply"])
        account.expect("services that answered", expected=(1, 2), got=_of(fetch))
        account.line("service A is started again, and the same is asked once more.")
        await down.start()
        again = await self._physician.fetch(member.asked, self._asked)
        self._answers(again)
        account.expect("state of the second fetch", expected="ready", got=again["state"])
        await self._asked_while_kept(member, again)

    async def _asked_while_kept(self, member: CastMember, kept: Fetch) -> None:
        """While a verified copy is kept, a third demand asks nobody: it is told which fetch has the copy."""
        code, named = "none", ""
        try:
            await self._physician.start(member.asked, self._asked)
        except Refused as refused:
            code, named = str(refused.code), refused.problem["fetch"]
            self._account.line(f"a third time: {refused.problem['title']}")
        self._account.expect("what C's own connector says", expected="fetch.copy_kept", got=code)
        self._account.expect("the fetch to be read instead", expected=kept["id"], got=named)

    async def _acquired(self) -> None:
        await self._identities.acquired(self._cast.acquired)

    async def _not_borne_out(self) -> None:
        await self._identities.not_borne_out(self._cast.verification_fails)

    async def _suspended(self) -> None:
        operators = self._federation.operators
        if operators is not None:
            chapter = DirectoryChapter(self._account, self._physician, operators, self._s.a)
            await chapter.suspended(self._cast.only_at_a)

    async def _probe(self) -> None:
        self._account.title("The probe: the whole way to A and B with a test document about nobody")
        for service in (self._s.a, self._s.b):
            result = await self._physician.call("POST", f"/api/v1/members/{service.member_id}/probe")
            steps = ", ".join(f"{step['name']} {step['elapsed_ms']} ms" for step in result["steps"])
            self._account.line(f"{service.letter.upper()}: {'ok' if result['ok'] else 'FAILED'} ({steps})")
            self._account.expect(f"the probe of {service.letter.upper()}", expected=True, got=result["ok"])

    async def _evidence(self) -> None:
        account = self._account
        account.title("The evidence, and what it does not name")
        for service in self._federation.services.values():
            report = await Physician(service).call("POST", "/api/v1/journal/verify")
            sizes = ", ".join(f"{tree['tree']} {tree['size']} entries" for tree in report["trees"])
            account.line(f"ledgers of {service.letter.upper()}: {sizes}, {'sound' if report['ok'] else 'NOT SOUND'}")
            account.expect(f"the ledgers of {service.letter.upper()}", expected=True, got=report["ok"])
        needles = Needles(self._cast.members())
        services = self._federation.services.values()
        leaks, files, size = find_in_files(needles, (path for s in services for path in kept_files(s)))
        for service in services:
            leaks += needles.find(f"metrics of {service.letter}", await Physician(service).call("GET", "/metrics"))
        if not leaks:
            account.line(
                f"no name, birth date or INS of these workers in {files} files of logs, databases and vaults "
                f"({size / 1e6:.1f} MB), nor in the metrics."
            )
        got = "; ".join(f"{leak.what} in {leak.where}" for leak in leaks)
        account.expect_that("logs, metrics and files", not leaks and files, expected="no identity in clear", got=got)

    # ------------------------------------------------------------ what is told of a fetch

    async def _follow(self, member: CastMember) -> Fetch:
        """Start a fetch and tell its events as they come."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        started = await self._physician.start(member.asked, self._asked)
        async for event in self._physician.follow(started["id"]):
            self._account.at(loop.time() - began, event["text"] or event["kind"])
        return await self._physician.settled(started["id"])

    def _answers(self, fetch: Fetch) -> None:
        rows = [
            (r["name"], r["reply"], r["last_act_on"] or "-", f"{r['elapsed_ms']} ms", r["text"])
            for r in fetch["services"]
        ]
        self._account.table(("service", "answer", "newest act", "after", "as the physician reads it"), rows)
        self._account.line(f"{fetch['newest']['text']}. {fetch['text']}")
        if fetch["next"]:
            self._account.line(fetch["next"])

    async def _to_disk(self, fetch: Fetch) -> None:
        account, document = self._account, fetch["document"]
        content = await self._physician.read(fetch["id"])
        digest = b64.encode(hashlib.sha256(content).digest())
        account.expect("SHA-256 of what was read", expected=document["sha256"], got=digest)
        account.expect("size of what was read", expected=document["size"], got=len(content))
        account.expect("its first bytes", expected=b"%PDF-", got=content[:5])
        self._records.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._records / f"DMST-{document['member']}-{document['last_act_on']}.pdf"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
        account.line(f"file:   {path} ({len(content)} bytes, verified, SHA-256 {digest})")

    async def _both_ledgers(self, fetch: Fetch) -> None:
        """Tell the entries of this fetch at C and at B, and check that they agree."""
        account, holder = self._account, self._holders[self._s.b.member_id]
        document, lookup = fetch["document"], _reply(fetch, self._s.b)["lookup_id"]
        arrived = (await self._physician.journal(type="arrived"))[-1]
        handover = arrived["ref"]
        await holder.awaited(tree="house", type="acknowledged", ref=handover)
        at_c = await self._physician.journal(ref=lookup) + await self._physician.journal(ref=handover)
        at_b = await holder.journal(ref=lookup) + await holder.journal(ref=handover)
        at_b += await holder.journal(tree="house", ref=handover)
        account.line("")
        for name, entries in (("C, which asked", at_c), ("B, which holds", at_b)):
            account.line(f"ledger entries at {name}:")
            account.table(("index", "entry", "outcome", "what it says"), [_entry_row(entry) for entry in entries])
        account.expect("entries at C", expected=["asked", "arrived", "shown"], got=_types(at_c))
        expected = ["answered", "decided", "release", "end", "acknowledged"]
        account.expect("entries at B", expected=expected, got=_types(at_b))
        decided = next((entry for entry in at_b if entry["type"] == "decided"), None)
        receipt = document["receipt"]
        account.expect(
            "the leaf that B's receipt names",
            expected=(receipt["leaf_index"], "granted") if receipt else "a receipt",
            got=(decided["index"], decided["outcome"]) if decided else None,
        )
        account.expect(
            "the document in all entries that name one",
            expected={document["sha256"]},
            got={entry["document_sha256"] for entry in (*at_c, *at_b) if entry["document_sha256"]},
        )


def _name(member: CastMember) -> str:
    return f"{member.asked.traits.birth_name} {' '.join(member.asked.traits.birth_given_names)}"


def _reply(fetch: Fetch, service: Service) -> Mapping[str, Any]:
    reply: Mapping[str, Any] = next(r for r in fetch["services"] if r["member"] == service.member_id)
    return reply


def _of(fetch: Fetch) -> tuple[int, int]:
    return fetch["newest"]["answered"], fetch["newest"]["asked"]


def _types(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    return [entry["type"] for entry in entries]


def _entry_row(entry: Mapping[str, Any]) -> tuple[str, str, str, str]:
    tree = "" if entry["tree"] == "exchange" else "h"
    outcome = " / ".join(filter(None, (entry["outcome"], entry["reason"]))) or "-"
    return f"{entry['index']}{tree}", entry["type"], outcome, _ENTRY_WORDS.get(entry["type"], "")
