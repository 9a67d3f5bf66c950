"""Two services run `spsti-connector acceptance` with each other, and hold the reports together."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from spsti_sandbox.federation import PHYSICIAN, Federation
from spsti_sandbox.physician import request_of
from tests.kit.system import CAST, DAEMON, now

pytestmark = pytest.mark.long
ROOT = Path(__file__).parents[2]


@pytest.fixture
async def pair(tmp_path):
    """Services a and c, running, with a backup each."""
    made = Federation.create(tmp_path / "federation", ("a", "c"), workers=12)
    for service in made.services.values():
        service.command = DAEMON
        service.raise_limits()
    try:
        await made.start()
        yield made.services["a"], made.services["c"]
    finally:
        await made.stop()


async def command(service, *arguments, stdin=""):
    """Run a command of the connector as the staff of that service; its exit status and what it printed."""
    environment = {
        "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "LC_ALL": "C.UTF-8",
        "SPSTI_CONFIG": str(service.config), "SPSTI_API_KEY_FILE": str(service.key_file),
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        *DAEMON, *map(str, arguments), cwd=ROOT, env=environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate(stdin.encode())
    return process.returncode, out.decode(), err.decode()


def acceptance(service, other, file, *more, worker=None):
    arguments = (
        "acceptance", "run", "--with", other.member_id, "--by", "Alex Modèle, informatique", "-o", file,
        "--practitioner", PHYSICIAN.id, "--auth-level", "substantial", "--wait", "1", *more,
    )  # fmt: skip
    if worker is None:
        return command(service, *arguments)
    stated = request_of(worker, [other.member_id], now=now())["worker"]
    return command(service, *arguments, "--worker", "-", stdin=json.dumps(stated))


async def backed_up(service, folder):
    folder.mkdir()
    passphrase = folder / "passphrase"
    passphrase.write_text("une phrase assez longue pour un essai\n")
    passphrase.chmod(0o600)
    status, _, err = await command(service, "backup", folder / "data.backup", "--passphrase-file", passphrase)
    assert status == 0, err


def results(file):
    return {step["name"]: (step["result"], step["note"]) for step in json.loads(file.read_text())["report"]["steps"]}


async def test_two_services_accept_each_other_and_their_journals_agree(pair, tmp_path):
    a, c = pair
    for service in pair:
        await backed_up(service, tmp_path / f"backup-{service.letter}")
    ours, theirs = tmp_path / "c.json", tmp_path / "a.json"
    (status_c, _, err_c), (status_a, _, err_a) = await asyncio.gather(
        acceptance(c, a, ours, worker=CAST.only_at_a.asked), acceptance(a, c, theirs)
    )

    assert (status_c, {result for result, _ in results(ours).values()}) == (0, {"passed"}), err_c
    assert (status_a, results(theirs)["fetch"]) == (6, ("skipped", "left.worker")), err_a
    assert {note for name, (result, note) in results(theirs).items() if result == "failed"} == set()

    status, out, err = await command(c, "acceptance", "verify", ours)
    assert (status, "sealed by the key that the list gives to" in out) == (0, True), err
    status, out, err = await command(a, "acceptance", "verify", ours, theirs, "--json")
    told = json.loads(out)
    assert (told["differences"], told["compared"] >= 3) == ([], True)
    assert [one["seal"] for one in told["reports"]] == ["good", "good"]

    altered = tmp_path / "altered.json"
    altered.write_text(ours.read_text().replace('"probe.right"', '"probe.wrong"'))
    status, out, _ = await command(a, "acceptance", "verify", altered)
    assert (status, "ALTERED" in out) == (1, True)


async def test_a_peer_that_is_down_and_has_no_backup_is_not_accepted_and_the_report_says_why(pair, tmp_path):
    a, c = pair
    await a.stop()
    file = tmp_path / "c.json"
    status, out, err = await acceptance(c, a, file, "--wait", "0", "--lang", "fr")
    found = results(file)

    assert (status, "Non accepté" in out) == (1, True), err
    assert found["probe"] == ("failed", "probe.wrong")
    assert {found[name] for name in ("fetch", "unknown-worker", "block")} <= {
        ("skipped", "left.probe"),
        ("skipped", "left.worker"),
    }
    assert (found["theirs"], found["backup"]) == (("failed", "theirs.none"), ("failed", "backup.none"))
    assert found["clock"] == ("skipped", "clock.unknown")
