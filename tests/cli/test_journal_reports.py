"""The journal's reports and evidence on the command line."""

import io
import json

import pikepdf
import pytest

from connector.cli import journal
from connector.core.instant import rfc3339
from connector.core.ledger import EntryType, Tree
from connector.local import evidence_answers as answers
from connector.local.evidence_examples import EVIDENCE_EXAMPLES
from tests.kit.local_values import A

ID = "b" * 32
WORKER = json.dumps({"matricule": "279035121518989"})


def test_a_proof_that_does_not_hold_is_not_shown(shell):
    result = shell("journal", "prove", "exchange", 41)

    assert result.exit_code == 1
    assert "leaf, path and checkpoint do not agree" in result.stderr
    assert "318751275100020" not in result.stdout


def test_a_proof_is_shown_with_the_words_of_witnesses(shell, house):
    proof = dict(EVIDENCE_EXAMPLES[answers.ProofOut])
    leaf = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"
    root = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    origin = proof["origin"]
    holding = proof | {"index": 0, "size": 1, "leaf": leaf, "path": [], "checkpoint": f"{origin}\n1\n{root}\n\n— x\n"}

    async def prove(tree, index):
        house.evidence.asked.append((tree, index))
        return holding

    house.evidence.prove = prove
    result = shell("journal", "prove", "exchange/0")

    assert result.exit_code == 0
    assert house.evidence.asked == [(Tree.EXCHANGE, 0)]
    assert origin in result.stdout
    assert "1750712184" in result.stdout


@pytest.mark.parametrize("entry", ["other/3", "exchange", "exchange/x", "house/-1"])
def test_what_is_no_entry_is_not_asked_for(shell, house, entry):
    assert shell("journal", "prove", entry).exit_code == 2
    assert house.evidence.asked == []


def test_a_workers_access_is_told_in_french_and_english(shell):
    french = shell("journal", "worker", "--worker", "-", "--lang", "fr", stdin=WORKER)
    english = shell("journal", "worker", "--worker", "-", "--lang", "en", stdin=WORKER)

    assert "demande adressée à un autre service" in french.stdout
    assert "asked of another service" in english.stdout
    assert "Dr LEFEVRE Claire" in french.stdout


def test_a_workers_access_is_a_pdf_that_only_the_owner_reads(shell, tmp_path):
    target = tmp_path / "acces.pdf"
    result = shell("journal", "worker", "--worker", "-", "--pdf", target, stdin=WORKER)

    assert result.exit_code == 0, result.stderr
    assert target.stat().st_mode & 0o777 == 0o600
    with pikepdf.open(io.BytesIO(target.read_bytes())) as pdf:
        assert len(pdf.pages) == 1
    assert shell("journal", "worker", "--worker", "-", "--pdf", target, stdin=WORKER).exit_code == 2


def test_a_worker_is_no_argument_of_a_report(shell, house):
    result = shell("journal", "worker", "--worker", "279035121518989")

    assert result.exit_code == 2
    assert "279035121518989" not in result.stderr
    assert house.evidence.asked == []


def test_nobody_is_asked_for_a_worker_without_a_terminal(shell, house):
    assert shell("journal", "worker").exit_code == 2
    assert house.evidence.asked == []


def test_a_peers_report_is_tables_or_json(shell):
    assert "899700366240" in shell("journal", "peer", A, "--since", "2026-11-01T00:00:00Z").stdout
    assert shell.json("journal", "peer", A)[1]["workers"] == 1


def test_a_review_is_shown_and_signed_by_name(shell, house):
    shown = shell("journal", "review", "2026-10")
    signed = shell("journal", "review", "2026-10", "--sign", "--by", "Mme Modèle, DPO")

    assert "volume, unopened" in shown.stdout
    assert "Signed by Dominique Modèle" in signed.stdout
    assert house.evidence.asked[-1][:3] == ("sign", "2026-10", "Mme Modèle, DPO")


@pytest.mark.parametrize("options", [("--sign",), ("--by", "Mme Modèle")])
def test_a_review_is_not_signed_by_half(shell, house, options):
    assert shell("journal", "review", "2026-10", *options).exit_code == 2
    assert house.evidence.asked == []


def test_the_journal_is_exported_to_a_file(shell, house, tmp_path):
    target = tmp_path / "journal.ndjson"
    result = shell("journal", "export", "--format", "fhir", "--tree", "house", "-o", target)

    assert result.exit_code == 0, result.stderr
    assert len(target.read_bytes().splitlines()) == 3
    assert house.evidence.asked[-1][1].form == "fhir"
    assert shell("journal", "export", "-o", target).exit_code == 2


def test_the_journal_is_exported_by_the_filters_of_its_list(shell, house, tmp_path):
    given = (
        "--type",
        "asked",
        "--peer",
        A,
        "--outcome",
        "withheld",
        "--ref",
        ID,
        "--since",
        "2026-11-01T00:00:00+01:00",
    )
    result = shell("journal", "export", *given, "-o", tmp_path / "journal.ndjson")

    assert result.exit_code == 0, result.stderr
    wanted = house.evidence.asked[-1][1]
    assert (wanted.type, wanted.peer, wanted.outcome, wanted.ref) == (EntryType.ASKED, A, "withheld", ID)
    assert rfc3339(wanted.since) == "2026-10-31T23:00:00Z"


def test_the_filters_of_list_and_export_are_the_same():
    def filters(command):
        return {(p.name, tuple(p.opts), p.help) for p in command.params if p.name in {"type", "peer", "outcome", "ref"}}

    assert filters(journal.command.commands["list"]) == filters(journal.command.commands["export"]) != set()


@pytest.mark.parametrize(
    ("option", "value"), [("--type", "seen"), ("--peer", "not a member"), ("--since", "yesterday"), ("--tree", "oak")]
)
def test_list_and_export_refuse_the_same_in_the_same_words(shell, house, tmp_path, option, value):
    target = tmp_path / "journal.ndjson"
    listed = shell("journal", "list", option, value)
    exported = shell("journal", "export", option, value, "-o", target)

    assert exported.exit_code == listed.exit_code != 0
    assert exported.stderr.splitlines()[-3:] == listed.stderr.splitlines()[-3:] or listed.exit_code == 2
    assert not target.exists()
    assert house.evidence.asked == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("list", "--before", "x"), "query before: expected a number"),
        (("list", "--since", "yesterday"), "since: got 9 characters"),
        (("peer", "123"), "member id: got 3 characters"),
        (("review", "2026-99"), "month: expected YYYY-MM"),
    ],
)
def test_a_refusal_names_what_is_wrong_once(shell, arguments, why):
    told = shell("journal", *arguments).stderr

    assert f"why: {why}" in told
    assert "worker's identity" not in told


def test_evidence_is_written_to_a_file_of_ones_own(shell, house, tmp_path):
    target = tmp_path / "evidence.json"
    result = shell("evidence", "export", ID, "-o", target)

    assert result.exit_code == 0, result.stderr
    assert target.stat().st_mode & 0o777 == 0o600
    assert house.evidence.asked[-1][:2] == ("export", ID)
    assert shell("evidence", "export", ID, "-o", target).exit_code == 2


def test_a_file_that_is_no_evidence_is_told_so(shell, tmp_path):
    file = tmp_path / "other.json"
    file.write_text("{}")
    members = tmp_path / "members.toml"
    members.write_text("")

    result = shell("evidence", "verify", file, "--members", members)

    assert result.exit_code == 2
    assert "another kind of file" in result.stderr
