"""Evidence under a federation's signed directory: believed by its root file alone, at the version of the time."""

import json
from dataclasses import replace

import pytest

from connector.core.directory import KeyUse
from connector.core.instant import Instant
from connector.core.oid import Environment
from connector.directory.archive import Archive
from connector.directory.refusal import Refusal
from connector.evidence.findings import Found, Verdict
from connector.evidence.form import read_evidence
from connector.evidence.packing import ArchivedDirectories
from connector.evidence.verify import Trust, verify_evidence
from tests.kit.connector_pair import WE, Pair
from tests.kit.directory import Clock, Federation, Mirror, directory, serve
from tests.kit.evidence import DAY, Bench, on_another_machine
from tests.kit.requester_fakes import NOW, a_party

HOLDER, THIRD = "318751275100020", "318751275100046"


class Signed(Bench):
    """A bench whose members are those of a federation, each believing the directory by an archive of its own."""

    federation: Federation
    archive: Archive

    def exporter(self, state, party):
        packed = ArchivedDirectories(self.archive, Environment.TEST)
        return replace(super().exporter(state, party), directories=packed)


def joined(federation, number, name):
    """A party whose keys are those it joined with."""
    party = a_party(number, name)
    member = federation.join(party.id, name=name)
    party.signer, party.ledger_signer = member.signers["sign-1"], member.signers["ledger-1"]
    party.member = replace(party.member, keys=member.member.keys)
    party.joined = member
    return party


async def refreshed(federation, folder, at):
    """Believe what the federation has published, as a member does."""
    with serve(Mirror(federation.files()), Mirror(federation.files()), Mirror(federation.files())) as urls:
        kept = directory(folder, federation, urls, clock=Clock(at))
        await kept.refresh()
        return kept


@pytest.fixture
async def bench(tmp_path):
    federation = Federation(tmp_path / "federation", now=Instant(NOW - 10))
    us, holder, third = (
        joined(federation, *who) for who in ((WE, "SPSTI Sud"), (HOLDER, "SPSTI Nord"), (THIRD, "SPSTI Est"))
    )
    kept = await refreshed(federation, tmp_path, NOW - 5)
    pair = Pair(tmp_path / "pair")
    pair.us = us
    await pair.add_holder(HOLDER, "SPSTI Nord", holder)
    await pair.open()
    made = Signed(pair, third)
    made.federation, made.archive, made.folder = federation, kept.archive, tmp_path
    yield made
    await pair.close_all()


async def exported(bench, *, witnessed=True):
    fetch = await bench.pair.fetch(bench.holder.id)
    await bench.pair.shown(fetch.id)
    if witnessed:
        await bench.witness(bench.us, bench.pair.state, bench.pair.state, later=60)
        await bench.witness(bench.holder, bench.house.state, bench.pair.state, later=60)
    return fetch.id, await bench.of_requester(fetch.id)


def judged(bench, whole, root=None, at=None):
    trust = Trust(root=root or bench.federation.root)
    return verify_evidence(read_evidence(json.dumps(whole).encode()), trust, Instant(at or NOW + 120))


async def test_the_root_file_alone_makes_it_verifiable_elsewhere(bench, tmp_path):
    _, whole = await exported(bench, witnessed=False)
    file, root = tmp_path / "evidence.json", tmp_path / "root.json"
    file.write_text(json.dumps(whole))
    root.write_bytes(bench.federation.root)

    said = on_another_machine(tmp_path / "elsewhere", str(file), "--root", str(root), "--language", "en")

    assert said.returncode == 0, said.stdout + said.stderr
    assert "is genuine by your root of trust" in said.stdout


async def test_another_federations_root_proves_nothing(bench, tmp_path):
    _, whole = await exported(bench)
    other = Federation(tmp_path / "other", now=Instant(NOW - 10))

    report = judged(bench, whole, other.root)

    assert report.verdict is Verdict.ALTERED
    refused = [f for f in report.findings if f.found is Found.DIRECTORY_REFUSED]
    assert [f.facts["why"] for f in refused] == [Refusal.SIGNATURES.value]
    assert not [f for f in report.findings if f.found is Found.SIGNATURE_GOOD]


@pytest.mark.parametrize(("witnessed", "verdict"), [(True, Verdict.PROVEN), (False, Verdict.TIME_NOT_PROVEN)])
async def test_a_key_declared_stolen_since_is_told_by_the_newest_directory(bench, witnessed, verdict):
    fetch_id, _ = await exported(bench, witnessed=witnessed)
    stolen_at = Instant(NOW + DAY)
    keys = tuple(
        replace(key, compromised_since=stolen_at) if key.use is KeyUse.SIGN else key for key in bench.holder.member.keys
    )
    bench.federation.now = Instant(NOW + 2 * DAY)
    bench.federation.update(bench.holder.joined, keys=keys)
    kept = await refreshed(bench.federation, bench.folder, NOW + 2 * DAY)
    bench.archive = kept.archive

    whole = await bench.of_requester(fetch_id)
    report = judged(bench, whole, at=NOW + 3 * DAY)

    assert len(whole["directories"]) == 2
    assert report.verdict is verdict
    assert "stolen" in {f.facts.get("why") for f in report.findings}


async def test_a_file_of_the_directory_that_was_altered_is_named(bench):
    _, whole = await exported(bench)
    name = next(sha for path, sha in whole["directories"][0]["paths"].items() if path.endswith("targets.json"))
    whole["files"][name] = whole["files"][name][:-8] + "AAAAAAA="

    report = judged(bench, whole)

    assert f"files.{name}" in report.altered
    assert "directories[0]" in report.altered
