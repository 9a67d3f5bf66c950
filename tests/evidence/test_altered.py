"""A file that was altered is told by which part; whoever seals it again changes the seal, and nothing else holds."""

import asyncio
import base64
import copy
import json

import pytest

from connector.core.errors import LocalRefused
from connector.core.ledger import Tree
from connector.evidence.findings import Found, Verdict
from connector.evidence.form import PARTS, read_evidence, write_evidence
from connector.evidence.report import as_text
from connector.wire import ack, b64, jose
from tests.kit.connector_pair import a_pair
from tests.kit.evidence import Bench


async def export_one(folder):
    async with a_pair(folder) as pair:
        bench = Bench(pair)
        await bench.keep_list(at=-10)
        fetch = await pair.fetch(bench.holder.id)
        await pair.shown(fetch.id)
        theirs, ours = bench.house.state, pair.state
        await bench.witness(bench.us, ours, ours)
        await bench.witness(bench.holder, theirs, ours)
        return await bench.of_requester(fetch.id), bench, await theirs.journal.checkpoint(Tree.EXCHANGE)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """One export for all of them: the file, the bench to verify it on, and a checkpoint of the other member."""
    return asyncio.run(export_one(tmp_path_factory.mktemp("pair")))


@pytest.fixture
def whole(exported):
    return copy.deepcopy(exported[0])


@pytest.fixture
def bench(exported):
    return exported[1]


def flipped(text: str) -> str:
    """The text with one character of it another."""
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]


def token(row, name):
    row[name] = flipped(row[name])


ALTERATIONS = {
    "made": lambda w: w["made"].update(ref="0" * 32),
    "exchanges[0].mandate": lambda w: token(w["exchanges"][0], "mandate"),
    "exchanges[0].receipt": lambda w: token(w["exchanges"][0], "receipt"),
    "exchanges[1].ack": lambda w: token(w["exchanges"][1], "ack"),
    "entries[0]": lambda w: w["entries"][0].update(outcome="announced"),
    "entries[1]": lambda w: w["entries"][1]["personal"]["practitioner"].update(name="Dr MARTIN Jeanne"),
    "entries[2]": lambda w: w["entries"][2].update(at="2026-01-01T00:00:00Z"),
    "links[0]": lambda w: w["links"][0].update(second_root=flipped(w["links"][0]["second_root"])),
    "witnesses[0]": lambda w: w["witnesses"][0].update(at=w["witnesses"][0]["at"] - 3600),
    "keys[0]": lambda w: w["keys"][0].update(valid_until="2099-01-01T00:00:00Z"),
    "manifest": lambda w: w.update(manifest=flipped(w["manifest"])),
    "directories": lambda w: w["directories"][0].update(members="# another\n" + w["directories"][0]["members"]),
    "files": lambda w: w["files"].update(ab="eHg="),
    "stamps": lambda w: w["stamps"].append({"note": "x", "token": "eA=="}),
}


def test_the_file_as_it_was_exported_is_proven_and_dated(whole, bench):
    report = bench.verify(whole)

    assert report.verdict is Verdict.PROVEN
    assert whole["witnesses"]
    assert whole["links"]
    assert any("seen_by" in finding.facts for finding in report.findings)


@pytest.mark.parametrize("part", ALTERATIONS)
def test_an_altered_part_is_named(whole, bench, part):
    ALTERATIONS[part](whole)

    report = bench.verify(whole)

    assert report.verdict is Verdict.ALTERED
    assert any(name == part or name.startswith(f"{part}.") for name in report.altered), report.altered


@pytest.mark.parametrize("part", [name for name in ALTERATIONS if "[" in name])
def test_another_seal_does_not_make_an_altered_part_good(whole, bench, part):
    ALTERATIONS[part](whole)
    claims = {"ver": 1, "iss": bench.us.id.value, "iat": int(bench.now)}
    again = write_evidence({name: whole[name] for name in PARTS}, claims=claims, signer=bench.us.signer)

    report = bench.verify(json.loads(again))

    assert report.verdict is Verdict.ALTERED
    assert "manifest" not in report.altered
    assert any(name == part or name.startswith(f"{part}.") for name in report.altered), report.altered


@pytest.mark.parametrize("at", [2**53 - 1, 2**80, -1, True, "now", None])
def test_a_directory_of_no_time_is_not_believed(whole, bench, at):
    whole["directories"][0]["accepted_at"] = at

    report = bench.verify(whole)

    assert Found.DIRECTORY_NOT_TRUSTED in {f.found for f in report.findings if f.part == "directories[0]"}


def test_an_exchange_left_out_is_missed_by_the_seal(whole, bench):
    del whole["exchanges"][0]

    assert "exchanges" in bench.verify(whole).altered


def test_tokens_of_two_exchanges_do_not_go_together(whole, bench):
    first, second = whole["exchanges"][:2]
    first["receipt"], second["receipt"] = second["receipt"], first["receipt"]

    altered = bench.verify(whole).altered

    assert {"exchanges[0].receipt", "exchanges[1].receipt"} <= set(altered)


@pytest.mark.parametrize("other", [{"sha256": b64.encode(bytes(32))}, {"size": 17}], ids=["sha256", "size"])
def test_an_acknowledgement_that_verifies_other_bytes_than_were_granted_is_told(whole, bench, other):
    claims = dict(jose.read(whole["exchanges"][1]["ack"].encode(), typ=ack.TYP).claims)
    whole["exchanges"][1]["ack"] = jose.seal(ack.TYP, claims | other, bench.us.signer).decode()

    report = bench.verify(whole)

    assert report.verdict is Verdict.ALTERED
    (told,) = [f for f in report.findings if f.found is Found.NOT_OF_THIS_EXCHANGE]
    assert told.part == "exchanges[1].ack"
    assert "the acknowledgement does not belong" in as_text(report, "en")
    assert "l'accusé de réception n'appartient pas" in as_text(report, "fr")


def test_an_entry_under_another_checkpoint_is_not_proven(whole, bench, exported):
    whole["entries"][0]["checkpoint"] = exported[2]

    assert "entries[0]" in bench.verify(whole).altered


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"%PDF-1.7",
        b"[]",
        b'{"format": "other"}',
        b'{"format": "spsti-evidence", "v": 2}',
        b'{"format": "spsti-evidence", "v": 1}',
        b'{"format": "spsti-evidence", "format": "spsti-evidence", "v": 1}',
        b"{" * 2000,
        base64.b64encode(b"x" * 99),
    ],
)
def test_what_is_no_evidence_file_is_refused(data):
    with pytest.raises(LocalRefused):
        read_evidence(data)


@pytest.mark.parametrize("name", PARTS)
def test_a_part_of_another_form_is_refused(whole, name):
    whole[name] = "other"

    with pytest.raises(LocalRefused, match=name):
        read_evidence(json.dumps(whole).encode())


def test_rows_of_any_form_are_told_and_never_stop_the_rest(whole, bench):
    for name in ("exchanges", "entries", "links", "witnesses", "stamps", "directories", "keys"):
        whole[name] = [{}, {"at": []}, *whole[name]]

    report = bench.verify(whole)

    assert report.verdict is Verdict.ALTERED
    assert {"exchanges[0]", "entries[1]", "links[0]", "witnesses[1]", "stamps[0]", "keys[0]"} <= set(report.altered)
