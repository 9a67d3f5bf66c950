"""The sandbox's generator: synthetic workers, shared between services, the same for the same seed."""

import io
import random
import sqlite3
from collections import Counter

import pytest
from pikepdf import Pdf

from connector.contract import Day, Ins, InsOid, StrictTraits
from spsti_sandbox.cast import cast
from spsti_sandbox.dmst_content import content_of
from spsti_sandbox.dmst_pdf import Heading, render
from spsti_sandbox.population import SERVICES, workers_of
from spsti_sandbox.vendor_db import AS_OF, generate

QUERY = "SELECT id, ins_matricule, ins_oid, nom_naissance, prenoms_naissance, sexe, date_naissance, lieu_naissance_cog"


def rows(path, query, *values):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query, values).fetchall()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vendor")
    for service in "abc":
        generate(folder / service, seed=3, service=service, workers=200, documents=8)
    return folder


@pytest.mark.parametrize("service", SERVICES)
def test_two_thousand_workers_have_distinct_test_ins_that_parse(service):
    workers = workers_of(service, 2000, seed=11, as_of=AS_OF)

    assert len(workers) == 2000
    assert len({worker.ins for worker in workers}) == 2000
    assert {worker.ins.oid for worker in workers} == {InsOid.TEST}


def test_no_two_workers_of_the_federation_share_an_ins_unless_they_are_one():
    persons: dict[Ins, StrictTraits] = {}
    for service in SERVICES:
        for worker in workers_of(service, 2000, seed=11, as_of=AS_OF):
            assert persons.setdefault(worker.ins, worker.traits) == worker.traits
    for member in cast(AS_OF).members():
        assert member.asked.ins not in persons


def test_several_hundred_workers_are_known_to_two_services_and_some_to_three():
    known = Counter(worker.ins for service in "abc" for worker in workers_of(service, 2000, seed=11, as_of=AS_OF))
    times = Counter(known.values())

    assert times[2] >= 600
    assert times[3] >= 50


def test_corsica_overseas_abroad_and_difficult_names_occur():
    traits = [worker.traits for worker in workers_of("a", 2000, seed=11, as_of=AS_OF)]
    places = {trait.birth_place[:2] for trait in traits}

    assert {"2A", "2B", "97", "99"} <= places
    for part in ("--", "'", "-", " "):
        assert any(part in trait.birth_name for trait in traits)
    assert any(trait.birth_date != trait.birth_date.resolved() for trait in traits)


def test_the_same_arguments_give_the_same_rows(small, tmp_path):
    generate(tmp_path / "again", seed=3, service="b", workers=200, documents=8)
    generate(tmp_path / "other", seed=4, service="b", workers=200, documents=8)
    for table in ("salarie", "visite", "dossier_version", "dossier_pdf", "opposition", "ins_historique"):
        query = f"SELECT * FROM {table} ORDER BY 1, 2"
        assert rows(small / "b", query) == rows(tmp_path / "again", query)

    assert rows(small / "b", QUERY + " FROM salarie") != rows(tmp_path / "other", QUERY + " FROM salarie")


def test_every_worker_in_the_database_is_one_that_the_contract_accepts(small):
    for _, matricule, oid, name, given, sex, born_on, born_at in rows(small / "a", QUERY + " FROM salarie"):
        StrictTraits.parse(birth_name=name, birth_given_names=given, sex=sex, birth_date=born_on, birth_place=born_at)
        assert (matricule is None) == (oid is None)
        if matricule is not None:
            Ins.parse(oid, matricule)


def test_every_version_that_may_be_given_has_a_pdf_of_its_own(small):
    query = """SELECT v.salarie_id, p.contenu FROM dossier_version v LEFT JOIN dossier_pdf p ON p.version_id = v.id
               WHERE v.etat = 'valide' AND v.communicable = 1"""
    pdfs = [row for service in "abc" for row in rows(small / service, query)]

    assert all(content.startswith(b"%PDF-") and b"%%EOF" in content[-64:] for _, content in pdfs)
    assert len({content for _, content in pdfs}) == len(pdfs)


def test_documents_are_given_to_the_shared_workers_of_every_service(small):
    query = """SELECT s.ins_matricule FROM salarie s JOIN dossier_version v ON v.salarie_id = s.id
               WHERE v.etat = 'valide' AND v.communicable = 1 AND s.ins_matricule IS NOT NULL"""
    at_a, at_b = ({matricule for (matricule,) in rows(small / service, query)} for service in "ab")
    players = {member.asked.ins.matricule.value for member in cast(AS_OF).members()}

    assert (at_a & at_b) - players


def test_no_act_lies_after_the_day_on_which_the_database_stands(small):
    newest = rows(
        small / "a",
        "SELECT max((SELECT max(faite_le) FROM visite), (SELECT max(date_dernier_acte) FROM dossier_version))",
    )

    assert newest[0][0] <= str(AS_OF)


def test_the_newest_visit_of_a_worker_is_the_day_of_the_version(small):
    query = """SELECT max(v.date_dernier_acte), (SELECT max(faite_le) FROM visite WHERE salarie_id = v.salarie_id)
               FROM dossier_version v GROUP BY v.salarie_id"""

    assert [row for row in rows(small / "c", query) if row[0] != row[1]] == []


def test_a_service_that_is_none_and_a_file_that_exists_are_refused(tmp_path):
    with pytest.raises(ValueError, match="expected one of a, b, c, d, e"):
        generate(tmp_path / "z", seed=1, service="z", workers=5, documents=0)
    (tmp_path / "there").touch()
    with pytest.raises(FileExistsError):
        generate(tmp_path / "there", seed=1, service="a", workers=5, documents=0)


def test_the_cast_is_the_same_for_every_seed_and_asked_as_qualified_test_identities():
    players = cast(AS_OF)

    assert players == cast(AS_OF)
    assert len({member.key for member in players.members()}) == 16
    assert {member.asked.ins.oid for member in players.members()} == {InsOid.TEST}
    newer = players.newer_at_b.files
    assert newer["b"].versions[-1].last_act_on > newer["a"].versions[-1].last_act_on


def test_a_pdf_is_the_same_bytes_for_the_same_content_and_has_several_pages():
    member = cast(AS_OF).newer_at_b
    heading = Heading("SPSTI", "Dijon", member.asked.ins, member.asked.traits, None, "Dr Test", Day(2025, 6, 1))

    def made(seed: int) -> bytes:
        content = content_of(random.Random(seed), born_in=1984, last_act_on=Day(2025, 5, 1), professionals=("Dr Test",))
        return render(heading, content)

    assert made(1) == made(1)
    assert made(1) != made(2)
    with Pdf.open(io.BytesIO(made(1))) as pdf:
        assert 3 <= len(pdf.pages) <= 5
