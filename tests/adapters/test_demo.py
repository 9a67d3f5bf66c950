"""The demonstration adapter over the sandbox's databases, found by its entry point and asked through the guard."""

import hashlib
import shutil
import sqlite3
import time
from dataclasses import replace

import pytest

from connector.contract import (
    TYPE_DMST,
    AdapterContext,
    Announcement,
    Day,
    Environment,
    Extent,
    Instant,
    MemberId,
    Opposition,
    ReceivedDocument,
    ToldToWorker,
    Trace,
    TraceAction,
)
from connector.contract.discovery import load_sink, load_source
from connector.contract.guard import guard_sink, guard_source
from connector.contract.settings import GuardSettings
from connector.contract.testing import examine_source, words
from connector.core.codes import Code
from connector.core.errors import AdapterFault, ConfigFault
from connector.core.identity import Agreement, QualifiedIdentity, compare
from connector.core.outcome import WithheldReason
from connector.core.policy import decide
from spsti_sandbox.cast import CastMember
from spsti_sandbox.vendor_db import generate

NOW = Instant(int(time.time()))
PEER = MemberId("385012345600017")
NAMES = (
    "newer_at_b",
    "unknown",
    "only_at_a",
    "objected",
    "opposition_unknown",
    "traits_differ",
    "spelling_differs",
    "equal_dates",
    "matricule_changed",
    "not_qualified",
    "not_communicable",
    "amended",
    "cancelled",
    "two_on_one_day",
)


class Clock:
    def now(self):
        return NOW

    def monotonic(self):
        return 0.0


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Databases of two services, made once, and the cast."""
    folder = tmp_path_factory.mktemp("databases")
    players = [generate(folder / f"{one}.sqlite", seed=5, service=one, workers=60, documents=4) for one in "ab"]
    return folder, players[0]


@pytest.fixture
def cast(made):
    return made[1]


@pytest.fixture
def folder(made, tmp_path):
    """A copy of the databases that a test may change."""
    for one in "ab":
        shutil.copy(made[0] / f"{one}.sqlite", tmp_path)
    return tmp_path


def context(folder):
    return AdapterContext(PEER, Environment.TEST, folder, folder / "data", lambda: NOW)


@pytest.fixture
async def sources(folder):
    made = {
        one: guard_source(
            load_source("demo", {"database": f"{one}.sqlite"}, context(folder))[0],
            GuardSettings(),
            name="demo",
            clock=Clock(),
        )
        for one in "ab"
    }
    yield made
    for source in made.values():
        await source.close()


@pytest.fixture
async def sink(folder):
    adapter, _ = load_sink("demo", {"database": "a.sqlite"}, context(folder))
    guard = guard_sink(adapter, GuardSettings(), name="demo", clock=Clock())
    yield guard
    await guard.close()


def change(folder, statement, *values, service="a"):
    connection = sqlite3.connect(folder / f"{service}.sqlite")
    with connection:
        connection.execute(statement, values)
    connection.close()


def rows(folder, query, *values, service="a"):
    connection = sqlite3.connect(folder / f"{service}.sqlite")
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


async def read(source, announcement) -> bytes:
    return b"".join([piece async for piece in source.document(announcement)])


async def fault_of(awaitable) -> AdapterFault:
    with pytest.raises(AdapterFault) as caught:
        await awaitable
    return caught.value


def expected_day(member: CastMember, service: str) -> Day | None:
    """The day that a peer may be told, by the plan of the cast alone."""
    file = member.files.get(service)
    if file is None:
        return None
    days = [version.last_act_on for version in file.versions if version.state == "valide" and version.communicable]
    return max(days, default=None)


class TestFinding:
    def test_it_is_found_by_its_entry_point_and_both_halves_are_told(self, folder):
        source, info = load_source("demo", {"database": "a.sqlite"}, context(folder))

        assert type(source).__module__.startswith("spsti_adapter_demo")
        assert (info.name, info.distribution, info.contract_version) == ("demo", "spsti-adapter-demo", 1)
        assert info.halves == ("source", "sink")

    def test_its_options_are_checked(self, folder):
        with pytest.raises(ConfigFault) as caught:
            load_source("demo", {"databas": "a.sqlite"}, context(folder))

        assert caught.value.faults == (
            "database: missing, and it has no default - add it",
            'databas: unknown key - did you mean "database"?',
        )


class TestLook:
    @pytest.mark.parametrize("service", ["a", "b"])
    @pytest.mark.parametrize("name", NAMES)
    async def test_each_member_of_the_cast_is_answered_as_planned(self, sources, cast, name, service):
        member = getattr(cast, name)
        file = member.files.get(service)
        look = await sources[service].look(member.asked.ins)

        assert (look.identity is None) == (file is None)
        assert (look.announcement and look.announcement.last_act_on) == expected_day(member, service)
        if file is not None:
            assert look.opposition is file.opposition
            assert look.identity.status is file.status
            assert look.identity.traits == file.traits
            assert look.identity.former == file.former

    @pytest.mark.parametrize(
        ("name", "service", "reason"),
        [
            ("newer_at_b", "b", None),
            ("spelling_differs", "b", None),
            ("amended", "b", None),
            ("unknown", "a", WithheldReason.NO_LOCAL_WORKER),
            ("objected", "a", WithheldReason.OPPOSED),
            ("opposition_unknown", "a", WithheldReason.OPPOSITION_UNKNOWN),
            ("traits_differ", "a", WithheldReason.IDENTITY_DIFFERS),
            ("matricule_changed", "a", WithheldReason.IDENTITY_DIFFERS),
            ("not_qualified", "a", WithheldReason.IDENTITY_NOT_QUALIFIED),
            ("not_communicable", "a", WithheldReason.NOTHING_COMMUNICABLE),
        ],
    )
    async def test_the_holder_would_decide_as_the_story_says(self, sources, cast, name, service, reason):
        asked = getattr(cast, name).asked

        assert decide(await sources[service].look(asked.ins), asked).withheld is reason

    async def test_a_changed_matricule_is_seen_by_its_history(self, sources, cast):
        asked = cast.matricule_changed.asked
        look = await sources["a"].look(asked.ins)

        assert compare(asked, look.identity).agreement is Agreement.MATRICULE_CHANGED
        assert compare(QualifiedIdentity(look.identity.ins, asked.traits), look.identity).is_same_person

    async def test_of_two_on_one_day_the_one_recorded_last_is_announced(self, sources, cast):
        look = await sources["b"].look(cast.two_on_one_day.asked.ins)

        assert (look.announcement.version, look.announcement.extent) == ("2", Extent.FULL)

    async def test_of_two_answers_about_opposition_the_later_counts(self, sources, folder, cast):
        ins = cast.only_at_a.asked.ins
        (worker,) = rows(folder, "SELECT id FROM salarie WHERE ins_matricule = ?", ins.matricule.value)[0]
        insert = "INSERT INTO opposition VALUES (NULL, ?, 's''oppose', ?, 'oral', 'x')"
        change(folder, insert, worker, "1999-01-01")
        assert (await sources["a"].look(ins)).opposition is Opposition.NO

        change(folder, insert, worker, "2999-01-01")
        assert (await sources["a"].look(ins)).opposition is Opposition.YES

    @pytest.mark.parametrize(
        "changed",
        [
            "lieu_naissance_cog = 'Bastia'",
            "date_naissance = '08/01/1979'",
            "prenoms_naissance = ''",
            "nom_naissance = '1'",
            "statut_identite = 'PROV'",
        ],
    )
    async def test_a_worker_whose_identity_cannot_be_right_is_a_fault_alone(self, sources, folder, cast, changed):
        ins = cast.only_at_a.asked.ins
        change(folder, f"UPDATE salarie SET {changed} WHERE ins_matricule = ?", ins.matricule.value)

        await self.assert_fault_alone(sources["a"], cast)

    @pytest.mark.parametrize("day", [None, "2999-01-01", "hier", "2025-02-30"])
    async def test_a_record_whose_day_cannot_be_right_is_a_fault_alone(self, sources, folder, cast, day):
        (worker,) = rows(
            folder, "SELECT id FROM salarie WHERE ins_matricule = ?", cast.only_at_a.asked.ins.matricule.value
        )[0]
        change(folder, "UPDATE dossier_version SET date_dernier_acte = ? WHERE salarie_id = ?", day, worker)

        await self.assert_fault_alone(sources["a"], cast)

    @pytest.mark.parametrize("other", ["only_at_a", "matricule_changed"])
    async def test_two_workers_with_one_ins_active_or_former_are_a_fault_alone(self, sources, folder, cast, other):
        ins = cast.only_at_a.asked.ins
        if other == "only_at_a":
            columns = ", ".join(name for _, name, *_ in rows(folder, "PRAGMA table_info(salarie)") if name != "id")
            change(
                folder,
                f"INSERT INTO salarie ({columns}) SELECT {columns} FROM salarie WHERE ins_matricule = ?",
                ins.matricule.value,
            )
        else:
            change(folder, "UPDATE ins_historique SET matricule = ?", ins.matricule.value)

        await self.assert_fault_alone(sources["a"], cast)

    @staticmethod
    async def assert_fault_alone(source, cast):
        """Asked more often than the breaker bears failures: the others are still answered."""
        for _ in range(8):
            assert (await fault_of(source.look(cast.only_at_a.asked.ins))).code is Code.ADAPTER_CONTRACT
        assert (await source.look(cast.newer_at_b.asked.ins)).identity is not None


class TestDocument:
    async def test_the_pdf_is_the_announced_versions(self, sources, cast):
        look = await sources["b"].look(cast.newer_at_b.asked.ins)
        pdf = await read(sources["b"], look.announcement)

        assert pdf.startswith(b"%PDF-")
        assert pdf == await read(sources["b"], look.announcement)

    async def test_a_version_withdrawn_since_is_a_changed_document(self, sources, folder, cast):
        look = await sources["b"].look(cast.newer_at_b.asked.ins)
        change(
            folder,
            "UPDATE dossier_version SET etat = 'annule' WHERE id = ?",
            look.announcement.record_ref,
            service="b",
        )

        assert (await fault_of(read(sources["b"], look.announcement))).code is Code.DOCUMENT_CHANGED

    async def test_a_version_whose_pdf_is_missing_is_unreadable(self, sources, folder, cast):
        look = await sources["b"].look(cast.newer_at_b.asked.ins)
        change(folder, "DELETE FROM dossier_pdf WHERE version_id = ?", look.announcement.record_ref, service="b")

        assert (await fault_of(read(sources["b"], look.announcement))).code is Code.ADAPTER_CONTRACT

    async def test_another_version_number_is_a_changed_document(self, sources, cast):
        announced = (await sources["b"].look(cast.newer_at_b.asked.ins)).announcement
        other = Announcement(
            announced.record_ref,
            "99",
            announced.last_act_on,
            announced.updated_at,
            announced.document_type,
            announced.extent,
        )

        assert (await fault_of(read(sources["b"], other))).code is Code.DOCUMENT_CHANGED


def trace(cast, **changed) -> Trace:
    values = {
        "trace_id": "0123456789abcdef0123456789abcdef",
        "at": NOW,
        "action": TraceAction.HANDED_OVER,
        "ins": cast.newer_at_b.asked.ins,
        "peer": PEER,
        "practitioner_id": "810000000001",
        "practitioner_name": "Camille DURAND",
        "purpose": TYPE_DMST,
        "outcome": "announced",
    }
    return Trace(**{**values, **changed})


class TestWriting:
    async def test_a_trace_stands_once_in_the_workers_file_however_often_it_comes(self, sources, folder, cast):
        for _ in range(3):
            await sources["a"].trace(trace(cast))

        found = rows(
            folder,
            "SELECT s.ins_matricule, a.action, a.professionnel_id FROM acces a JOIN salarie s ON s.id = a.salarie_id",
        )
        assert found == [(cast.newer_at_b.asked.ins.matricule.value, "handed-over", "810000000001")]

    async def test_a_trace_about_somebody_not_known_here_is_kept_under_the_ins(self, sources, folder, cast):
        await sources["a"].trace(trace(cast, ins=cast.unknown.asked.ins))

        assert rows(folder, "SELECT salarie_id, ins_matricule FROM acces") == [
            (None, cast.unknown.asked.ins.matricule.value)
        ]

    async def test_a_received_document_is_filed_once_and_whole(self, sink, folder, cast):
        content = b"%PDF-1.7 " + bytes(100_000)
        received = replace(document_for(cast.newer_at_b.asked.ins, content), original_sha256_hex="cd" * 32)

        first = await sink.file(received, pieces(content))
        second = await sink.file(received, pieces(content))

        assert first == second == "document_recu 1"
        assert rows(folder, "SELECT contenu, sha256, sha256_original, service FROM document_recu") == [
            (content, received.sha256_hex, "cd" * 32, PEER.value)
        ]

    @pytest.mark.parametrize("extra", [b"x", b""])
    async def test_a_document_of_another_size_than_announced_leaves_no_row(self, sink, folder, cast, extra):
        content = b"%PDF-1.7 " + bytes(1000)
        received = document_for(cast.newer_at_b.asked.ins, content)
        sent = content + extra if extra else content[:-1]

        assert (await fault_of(sink.file(received, pieces(sent)))).code is Code.ADAPTER_CONTRACT
        assert rows(folder, "SELECT count(*) FROM document_recu") == [(0,)]

    async def test_a_document_for_somebody_not_registered_is_refused(self, sink, cast):
        received = document_for(cast.unknown.asked.ins, b"%PDF")

        assert (await fault_of(sink.file(received, pieces(b"%PDF")))).code is Code.ADAPTER_CONTRACT

    async def test_an_objection_at_the_desk_is_what_the_source_says_next(self, sink, sources, folder, cast):
        ins = cast.only_at_a.asked.ins
        assert (await sources["a"].look(ins)).opposition is Opposition.NO

        for _ in range(2):
            await sink.told(ToldToWorker(ins, NOW, "nurse", "oral", objects=True))

        assert (await sources["a"].look(ins)).opposition is Opposition.YES
        assert rows(folder, "SELECT count(*) FROM information_travailleur") == [(1,)]

    async def test_letting_us_ask_others_lifts_no_earlier_objection(self, sink, sources, cast):
        ins = cast.objected.asked.ins
        await sink.told(ToldToWorker(ins, NOW, "nurse", "oral", objects=False))

        assert (await sources["a"].look(ins)).opposition is Opposition.YES


class TestHealth:
    async def test_a_database_that_is_not_there_is_not_created(self, tmp_path):
        adapter, _ = load_source("demo", {"database": "none.sqlite"}, context(tmp_path))
        guard = guard_source(adapter, GuardSettings(), name="demo", clock=Clock())

        health = await guard.health()

        assert not health.ok
        assert list(tmp_path.iterdir()) == []
        await guard.close()

    async def test_a_database_of_another_version_is_refused(self, sources, folder):
        change(folder, "PRAGMA user_version = 7")

        health = await sources["a"].health()

        assert "not as configured" in health.detail

    async def test_a_file_that_is_no_database_is_not_asked(self, folder):
        (folder / "odd.sqlite").write_bytes(b"no database at all" * 1000)
        adapter, _ = load_source("demo", {"database": "odd.sqlite"}, context(folder))
        guard = guard_source(adapter, GuardSettings(), name="demo", clock=Clock())

        assert not (await guard.health()).ok
        await guard.close()

    async def test_it_is_found_again_when_the_database_is_back(self, folder, cast):
        hidden = folder / "a.sqlite"
        hidden.rename(folder / "away")
        adapter, _ = load_source("demo", {"database": "a.sqlite"}, context(folder))
        guard = guard_source(adapter, GuardSettings(), name="demo", clock=Clock())
        assert (await fault_of(guard.look(cast.newer_at_b.asked.ins))).code is Code.ADAPTER_FAILED

        (folder / "away").rename(hidden)

        assert (await guard.look(cast.newer_at_b.asked.ins)).identity is not None
        await guard.close()

    async def test_a_reading_connection_cannot_write(self, folder):
        adapter, _ = load_source("demo", {"database": "a.sqlite"}, context(folder))
        with adapter._database.reading() as connection:
            (query_only,) = connection.execute("PRAGMA query_only").fetchone()
        adapter.close()

        assert query_only == 1

    async def test_the_counts_agree_with_the_tables(self, sources, folder):
        counts = await sources["a"].counts()

        assert counts.workers == rows(folder, "SELECT count(*) FROM salarie")[0][0]
        assert counts.with_ins == rows(folder, "SELECT count(*) FROM salarie WHERE ins_oid IS NOT NULL")[0][0]
        assert 0 < counts.answerable <= counts.document_available < counts.workers
        assert counts.answerable <= counts.qualified <= counts.with_ins


async def test_the_conformance_kit_finds_nothing_wrong(folder, cast):
    source, _ = load_source("demo", {"database": "b.sqlite"}, context(folder))
    known = [member.asked.ins for member in cast.members() if "b" in member.files]

    findings = await examine_source(source, known=known, unknown=[cast.unknown.asked.ins], trace=trace(cast))
    source.close()

    assert [finding for finding in findings if finding.ok is False] == [], words(findings)
    assert len(findings) > 20


def document_for(ins, content: bytes) -> ReceivedDocument:
    return ReceivedDocument(
        ins=ins,
        peer=PEER,
        peer_name="SPSTI de démonstration",
        last_act_on=Day(2025, 5, 1),
        received_at=NOW,
        document_type=TYPE_DMST,
        sha256_hex=hashlib.sha256(content).hexdigest(),
        size=len(content),
        content_type="application/pdf",
    )


async def pieces(content: bytes):
    for start in range(0, len(content), 4096):
        yield content[start : start + 4096]
