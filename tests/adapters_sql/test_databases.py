"""The recommended views and roles in three databases, asked through the guard."""

import asyncio
import hashlib
from dataclasses import replace

import pytest

from connector.contract import Day, Extent, Instant, Opposition
from connector.contract.discovery import load_source
from connector.contract.testing import check_source, words
from connector.core.codes import Code
from connector.core.errors import AdapterFault
from connector.core.instant import parse_rfc3339
from tests.adapters_sql.houses import NOW, OID, PDF, context, ins_of, received, told_by, trace_of

HOUR = 3600
FROM_NOTHING = "FROM (SELECT 1 AS one) numbers WHERE one = 2"


async def fault_of(awaitable) -> AdapterFault:
    with pytest.raises(AdapterFault) as caught:
        await awaitable
    return caught.value


async def read(source, announcement) -> bytes:
    return b"".join([piece async for piece in source.document(announcement)])


async def pieces_of(content: bytes):
    for start in range(0, len(content), 1000):
        yield content[start : start + 1000]


def test_conformance_kit_has_nothing_against_the_recommended_view(house):
    source, _ = load_source("sql", house.options(), context(house.folder))

    findings = check_source(
        source,
        known=[ins_of(0), ins_of(3), ins_of(10, first="2")],
        unknown=[ins_of(500), ins_of(0, first="4")],
        trace=trace_of(0),
    )
    source.close()

    assert not [finding for finding in findings if finding.ok is False], words(findings)
    assert house.run(f"SELECT count(*) FROM {house.name('spsti_trace')}") == [(1,)]


async def test_worker_is_told_whole(house, source_of):
    look = await source_of(house).look(ins_of(3))

    assert look.identity.ins == ins_of(3)
    assert look.identity.verified_on == Day(2026, 1, 5)
    assert look.identity.traits.birth_given_names == ("DOMINIQUE", "MARIE-LOUISE")
    assert look.opposition is Opposition.NO
    assert (look.announcement.record_ref, look.announcement.version) == ("4", "1")
    assert look.announcement.last_act_on == Day(2025, 5, 13)
    assert look.announcement.updated_at == parse_rfc3339("2025-05-13T15:05:00Z")
    assert (look.announcement.extent, look.announcement.author) == (Extent.FULL, "Dr TEST")


async def test_former_ins_leads_to_the_worker_with_the_active_one(house, source_of):
    look = await source_of(house).look(ins_of(10, first="2"))

    assert look.identity.ins == ins_of(10)
    assert look.identity.former == (ins_of(10, first="2"),)


async def test_history_that_repeats_the_active_ins_is_one_worker(house, source_of):
    house.run("INSERT INTO ins_historique VALUES (4, %s, %s)", ins_of(3).matricule.value, OID)

    assert (await source_of(house).look(ins_of(3))).identity.ins == ins_of(3)


async def test_newest_version_that_may_be_given_is_announced(house, source_of):
    newer = "INSERT INTO dossier_version VALUES (%s, 4, %s, %s, %s, 'synthese', %s, 'Dr TEST', '2025-06-01 00:00:00')"
    house.run(newer, 101, 2, "valide", 1, "2025-06-02")
    house.run(newer, 102, 3, "annule", 1, "2025-06-03")
    house.run(newer, 103, 4, "valide", 0, "2025-06-04")
    house.run(newer, 104, 5, "valide", 1, "2025-06-02")

    announcement = (await source_of(house).look(ins_of(3))).announcement

    assert (announcement.record_ref, announcement.version, announcement.extent) == ("104", "5", Extent.SUMMARY)


async def test_two_workers_with_one_ins_are_ambiguous(house, source_of):
    house.run("UPDATE salarie SET ins_matricule = %s WHERE id = 5", ins_of(3).matricule.value)

    assert (await fault_of(source_of(house).look(ins_of(3)))).code == Code.ADAPTER_CONTRACT


async def test_two_current_records_of_a_query_of_ones_own_are_ambiguous(house, source_of):
    view = house.name("spsti_record")
    query = (
        f"SELECT * FROM {view} WHERE asked_matricule = :matricule AND asked_oid = :oid UNION ALL "
        f"SELECT r.* FROM {view} r WHERE record_ref = 9"
    )

    assert (await fault_of(source_of(house, queries={"look": query}).look(ins_of(3)))).code == Code.ADAPTER_CONTRACT


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE dossier_version SET date_dernier_acte = NULL WHERE id = 4",
        "UPDATE dossier_version SET date_dernier_acte = '2026-03-15' WHERE id = 4",
        "UPDATE dossier_version SET enregistre_le = NULL WHERE id = 4",
        "UPDATE dossier_version SET numero = NULL WHERE id = 4",
        "UPDATE salarie SET nom_naissance = NULL WHERE id = 4",
        "UPDATE salarie SET statut_identite = 'OK' WHERE id = 4",
        "UPDATE salarie SET statut_identite = 'PROV' WHERE id = 4",
        "UPDATE salarie SET attribut_identite = 'rare' WHERE id = 4",
        "UPDATE salarie SET date_naissance = '28/03/1979' WHERE id = 4",
        "UPDATE salarie SET lieu_naissance_cog = '1004' WHERE id = 4",
        "INSERT INTO ins_historique VALUES (4, '279035121518988', '1.2.250.1.213.1.4.10')",
    ],
    ids=lambda change: change.split(" SET ")[-1].split(" WHERE")[0],
)
async def test_what_cannot_be_right_of_one_worker_stops_no_other(house, source_of, change):
    source = source_of(house)
    house.run(change)

    for _ in range(6):
        assert (await fault_of(source.look(ins_of(3)))).code == Code.ADAPTER_CONTRACT

    assert (await source.look(ins_of(4))).announcement is not None


async def test_last_day_of_an_act_may_be_today(house, source_of):
    house.run("UPDATE dossier_version SET date_dernier_acte = '2026-03-14' WHERE id = 4")

    assert (await source_of(house).look(ins_of(3))).announcement.last_act_on == Day(2026, 3, 14)


async def test_objection_counts_from_the_latest_answer(house, source_of):
    source = source_of(house)
    house.run("INSERT INTO opposition VALUES (99, 4, 's''oppose', '2025-01-05 10:00:00')")
    house.run("DELETE FROM opposition WHERE salarie_id = 6")

    assert (await source.look(ins_of(3))).opposition is Opposition.YES
    assert (await source.look(ins_of(4))).opposition is Opposition.NO
    assert (await source.look(ins_of(5))).opposition is Opposition.UNKNOWN


async def test_document_of_several_pieces_is_given_as_it_was_stored(house, source_of):
    content = PDF + hashlib.sha256(b"seed").digest() * 40_000 + b"%%EOF"
    house.run("UPDATE dossier_pdf SET contenu = %s WHERE version_id = 4", content)
    source = source_of(house)
    announcement = (await source.look(ins_of(3))).announcement

    assert hashlib.sha256(await read(source, announcement)).digest() == hashlib.sha256(content).digest()


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE dossier_version SET numero = 2 WHERE id = 4",
        "UPDATE dossier_version SET etat = 'annule' WHERE id = 4",
        "DELETE FROM dossier_version WHERE id = 4",
    ],
)
async def test_document_that_went_between_look_and_read_is_gone(house, source_of, change):
    source = source_of(house)
    announcement = (await source.look(ins_of(3))).announcement
    house.run(change)

    assert (await fault_of(read(source, announcement))).code == Code.DOCUMENT_CHANGED


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"PK\x03\x04 a zip", Code.ADAPTER_CONTRACT),
        (b"<html>please sign in</html>", Code.ADAPTER_CONTRACT),
        (None, Code.ADAPTER_CONTRACT),
        (b"", Code.DOCUMENT_EMPTY),
    ],
    ids=["zip", "html", "null", "empty"],
)
async def test_blob_of_another_type_is_refused_before_a_byte_of_it_leaves(house, source_of, content, code):
    source = source_of(house)
    announcement = (await source.look(ins_of(3))).announcement
    house.run("UPDATE dossier_pdf SET contenu = %s WHERE version_id = 4", content)

    assert (await fault_of(read(source, announcement))).code == code


async def test_text_where_a_blob_should_be_is_refused(house, source_of):
    view = house.name("spsti_document")
    query = f"SELECT 'text' AS content FROM {view} WHERE record_ref = :record_ref AND version = :version"
    source = source_of(house, queries={"document": query})
    announcement = (await source.look(ins_of(3))).announcement

    assert (await fault_of(read(source, announcement))).code == Code.ADAPTER_CONTRACT


async def test_document_larger_than_allowed_is_refused_by_its_size(house, source_of):
    source = source_of(house, max_document_bytes=1000)
    announcement = (await source.look(ins_of(3))).announcement

    assert (await fault_of(read(source, announcement))).code == Code.ADAPTER_CONTRACT


async def test_document_left_early_gives_its_connection_back(house, source_of):
    source = source_of(house, document_connections=1)
    house.run("UPDATE dossier_pdf SET contenu = %s WHERE version_id = 4", PDF + bytes(6_000_000))
    announcement = (await source.look(ins_of(3))).announcement
    for _ in range(5):
        stream = source.document(announcement)
        await anext(stream)
        await stream.aclose()

    assert (await read(source, announcement)).startswith(PDF)


async def test_column_that_is_missing_is_named_by_health(house, source_of):
    view = house.name("spsti_record")
    query = f"SELECT asked_oid, ins_oid FROM {view} WHERE asked_matricule = :matricule AND asked_oid = :oid"
    source = source_of(house, queries={"look": query})

    assert (await fault_of(source.look(ins_of(3)))).code == Code.ADAPTER_FAILED
    health = await source.health()
    assert not health.ok
    assert "no column ins_matricule, status, birth_name" in health.detail


@pytest.mark.parametrize(
    "query",
    [
        "SELECT nothing FROM salarie WHERE '1' = :matricule AND '1' = :oid",
        "SELECT * FROM t_absent WHERE a = :matricule AND o = :oid",
    ],
    ids=["column", "table"],
)
async def test_table_or_column_that_is_not_there_is_a_fault_of_the_schema(house, source_of, query):
    source = source_of(house, queries={"look": query})

    assert (await fault_of(source.look(ins_of(3)))).code == Code.ADAPTER_FAILED
    assert (await source.health()).detail.split(":")[0] in {"schema", "access-refused"}


async def test_trace_is_one_row_however_often_it_comes(house, source_of):
    source = source_of(house)
    await asyncio.gather(*(source.trace(trace_of(3)) for _ in range(4)))
    await source.trace(replace(trace_of(3), trace_id="f" * 32))

    table = house.name("spsti_trace")
    rows = house.run(f"SELECT trace_id, action, matricule, oid, member, outcome FROM {table} ORDER BY trace_id")
    expected = ("handed-over", ins_of(3).matricule.value, OID, "385012345600017", "announced")
    assert rows == [(trace_of(3).trace_id, *expected), ("f" * 32, *expected)]


async def test_trace_keeps_its_moment(house, source_of):
    await source_of(house).trace(trace_of(3))

    moment = house.run(f"SELECT accessed_at FROM {house.name('spsti_trace')}")[0][0]
    assert str(moment).replace("T", " ")[:19] == "2026-03-14 22:59:00"


async def test_trace_that_the_database_refuses_is_a_fault_and_no_silence(house, source_of):
    fault = await fault_of(source_of(house).trace(replace(trace_of(3), trace_id=None)))

    assert fault.code == Code.ADAPTER_CONTRACT
    assert house.run(f"SELECT count(*) FROM {house.name('spsti_trace')}") == [(0,)]


async def test_counts_are_those_of_the_view(house, source_of):
    house.run("UPDATE salarie SET statut_identite = 'VALI', ins_matricule = NULL, ins_oid = NULL WHERE id = 20")
    house.run("DELETE FROM opposition WHERE salarie_id = 19")
    house.run("DELETE FROM dossier_version WHERE salarie_id = 18")

    counts = await source_of(house, queries={"counts": f"SELECT * FROM {house.name('spsti_counts')}"}).counts()

    assert (counts.workers, counts.with_ins, counts.qualified) == (20, 19, 19)
    assert counts.answerable == 17
    assert await source_of(house).counts() is None


async def test_received_document_is_filed_once_and_found_again(house, sink_of):
    sink = sink_of(house)
    document = received(3, PDF, original_sha256_hex="cd" * 32)
    first = await sink.file(document, pieces_of(PDF))
    second = await sink.file(document, pieces_of(PDF))

    assert first == second
    ((matricule, original, size, content),) = house.run(
        f"SELECT matricule, original_sha256, size_in_bytes, content FROM {house.name('spsti_received')}"
    )
    assert (matricule, original) == (ins_of(3).matricule.value, "cd" * 32)
    assert (size, bytes(content)) == (len(PDF), PDF)


@pytest.mark.parametrize("content", [PDF[:-1], PDF + b"x"], ids=["cut", "longer"])
async def test_document_of_another_length_is_not_filed(house, sink_of, content):
    fault = await fault_of(sink_of(house).file(received(3, PDF), pieces_of(content)))

    assert fault.code == Code.ADAPTER_CONTRACT
    assert house.run(f"SELECT count(*) FROM {house.name('spsti_received')}") == [(0,)]


async def test_document_filed_into_a_folder_is_named_in_the_database(house, sink_of):
    (house.folder / "inbox").mkdir()
    query = (
        f"INSERT INTO {house.name('spsti_told')} (matricule, oid, told_at, told_by, means, objects)"
        " SELECT :matricule, :oid, :received_at, :path, :member, 'no' WHERE :last_act_on IS NOT NULL AND :sha256 <> ''"
    )
    sink = sink_of(house, queries={"file": query}, files={"root": "inbox"})
    reference = await sink.file(received(3, PDF), pieces_of(PDF))

    assert reference == f"sha256 {'ab' * 32}"
    assert (house.folder / "inbox" / f"{'ab' * 32}.pdf").read_bytes() == PDF
    assert [path.name for path in (house.folder / "inbox").iterdir()] == [f"{'ab' * 32}.pdf"]
    assert house.run(f"SELECT told_by FROM {house.name('spsti_told')}") == [(f"{'ab' * 32}.pdf",)]


async def test_objection_at_the_desk_is_read_until_the_software_holds_a_later_answer(house, source_of, sink_of):
    source, sink = source_of(house), sink_of(house)
    await sink.told(told_by(3, objects=True))
    await sink.told(told_by(3, objects=True))
    await sink.told(told_by(4, objects=False))

    assert (await source.look(ins_of(3))).opposition is Opposition.YES
    assert (await source.look(ins_of(4))).opposition is Opposition.NO
    assert house.run(f"SELECT count(*) FROM {house.name('spsti_told')}") == [(2,)]

    house.run("INSERT INTO opposition VALUES (99, 4, 'ne s''oppose pas', '2026-03-15 08:00:00')")
    assert (await source.look(ins_of(3))).opposition is Opposition.NO


async def test_information_that_comes_again_is_known_by_its_id(house, sink_of):
    query = (
        f"INSERT INTO {house.name('spsti_told')} (matricule, oid, told_at, told_by, means, objects)"
        " SELECT :matricule, :oid, :at, :told_id, :means, :objects WHERE :by <> ''"
    )
    sink = sink_of(house, queries={"told": query})
    for told_id in ("ab" * 16, "ab" * 16, "cd" * 16):
        await sink.told(replace(told_by(3, objects=True), told_id=told_id))

    assert house.run(f"SELECT told_by FROM {house.name('spsti_told')} ORDER BY 1") == [("ab" * 16,), ("cd" * 16,)]


async def test_later_moment_is_another_information(house, sink_of):
    sink = sink_of(house)
    await sink.told(told_by(3, objects=True))
    await sink.told(told_by(3, objects=False, at=Instant(NOW + HOUR)))

    assert house.run(f"SELECT count(*) FROM {house.name('spsti_told')}") == [(2,)]


async def test_both_halves_are_well(house, source_of, sink_of):
    assert (await source_of(house).health()).ok
    assert (await sink_of(house).health()).ok


async def test_document_with_two_rows_is_ambiguous(house, source_of):
    view = house.name("spsti_document")
    query = f"SELECT content FROM {view} WHERE record_ref = :record_ref OR (version = :version AND record_ref = 9)"
    source = source_of(house, queries={"document": query})
    announcement = (await source.look(ins_of(3))).announcement

    assert (await fault_of(read(source, announcement))).code == Code.ADAPTER_CONTRACT


async def test_trace_whose_statement_adds_no_row_is_not_kept_and_says_so(house, source_of):
    table = house.name("spsti_trace")
    query = (
        f"INSERT INTO {table} (trace_id, accessed_at, action, matricule, oid, member, practitioner_id,"
        " practitioner_name, purpose_system, purpose_code, outcome)"
        f" SELECT :trace_id, :at, :action, :matricule, :oid, :member, :practitioner_id, '', '', '', '' {FROM_NOTHING}"
    )
    fault = await fault_of(source_of(house, queries={"trace": query}).trace(trace_of(3)))

    assert fault.code == Code.ADAPTER_CONTRACT
    assert house.run(f"SELECT count(*) FROM {table}") == [(0,)]


async def test_counts_without_the_number_of_workers_are_a_fault_of_the_schema(house, source_of):
    source = source_of(house, queries={"counts": "SELECT 1 AS qualified"})

    assert (await fault_of(source.counts())).code == Code.ADAPTER_FAILED


async def test_document_larger_than_the_sink_takes_is_not_supported_there(house, sink_of):
    fault = await fault_of(sink_of(house, max_document_bytes=100).file(received(3, PDF), pieces_of(PDF)))

    assert fault.code == Code.ADAPTER_CONTRACT


async def test_folder_of_the_sink_that_is_away_is_told_and_nothing_is_filed(house, sink_of):
    query = (
        f"INSERT INTO {house.name('spsti_told')} (matricule, oid, told_at, told_by, means, objects)"
        " SELECT :matricule, :oid, :received_at, :path, :member, 'no' WHERE :last_act_on IS NOT NULL AND :sha256 <> ''"
    )
    sink = sink_of(house, queries={"file": query}, files={"root": "inbox"})

    assert "folder of the documents" in (await sink.health()).detail
    assert (await fault_of(sink.file(received(3, PDF), pieces_of(PDF)))).code == Code.ADAPTER_FAILED
    assert house.run(f"SELECT count(*) FROM {house.name('spsti_told')}") == [(0,)]


async def test_sink_whose_tables_are_missing_says_so(house, sink_of):
    sink = sink_of(house, queries={"filed": "SELECT id FROM absent WHERE :matricule = :oid AND :sha256 = ''"})

    assert (await sink.health()).detail.split(":")[0] in {"schema", "access-refused"}
