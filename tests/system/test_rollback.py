"""A machine that is rolled back, over real processes: it finds itself, answers nobody, and two people begin anew."""

import os
import shutil
import sqlite3
import subprocess
from dataclasses import replace

import pytest

from spsti_sandbox.federation import Federation
from spsti_sandbox.physician import Physician
from spsti_sandbox.service import api_key_hash
from tests.kit.system import CAST, DAEMON, assert_sound, eventually, readiness

SECOND = "demo-a-second-person"


def second_person(service) -> None:
    """Give another person an API key of their own."""
    key = f'[[local.keys]]\nname = "second"\nsha256 = "{api_key_hash(SECOND)}"\nscopes = ["operate", "status"]\n'
    service.config.write_text(f"{service.config.read_text()}\n{key}")


async def watched(service) -> dict:
    """What a service's journal says of witnesses."""
    return (await service.call("GET", "/api/v1/journal/witnesses"))[1]


@pytest.mark.long
async def test_a_rolled_back_machine_answers_nobody_until_two_people_begin_a_new_ledger(tmp_path):
    made = Federation.create(tmp_path / "federation", workers=12, directory="file")
    a, b, c = (made.services[letter] for letter in "abc")
    for service in (a, b, c):
        service.command = DAEMON
        service.raise_limits()
    second_person(a)
    state, old = a.folder / "state", tmp_path / "old"
    try:
        await made.start()
        await a.stop()
        shutil.copytree(state, old, symlinks=True)
        await a.start()
        camille = Physician(c)
        fetch = await camille.fetch(CAST.only_at_a.asked, [a.member_id])
        assert fetch["state"] == "ready", fetch

        async def c_has_compared():
            heads = (await watched(c))["heads"]
            return [h for h in heads if h["member"] == a.member_id and h["tree"] == "exchange" and h["size"] > 0]

        assert await eventually(c_has_compared)
        await a.stop()
        shutil.rmtree(state)
        shutil.copytree(old, state, symlinks=True)
        await a.start(ready=False)
        status, red = await eventually(lambda: _red(a))

        assert status == 503
        assert "under our signature" in red["witnesses"] or "had signed" in red["witnesses"]
        asked = await camille.fetch_again(CAST.only_at_a.asked, [a.member_id])
        assert asked["state"] != "ready"
        assert '"ledger.behind"' in a.log.read_text()

        body = {"kind": "succeed", "by": "A. Un, informatique", "reason": "machine ramenée en arrière"}
        _, proposal = await a.call("POST", "/api/v1/proposals", body)
        confirm = f"/api/v1/proposals/{proposal['id']}/confirm"
        alone, _ = await a.call("POST", confirm, {"by": "B. Deux, direction"})
        done, confirmed = await replace(a, api_key=SECOND).call("POST", confirm, {"by": "B. Deux, direction"})

        assert (alone, done, confirmed["result"]) == (403, 200, {"serial": 2})
        assert (await readiness(a))[0] == 200
        fetch = await camille.fetch_again(CAST.only_at_a.asked, [a.member_id])
        assert fetch["state"] == "ready", fetch

        async def c_shows_the_gap():
            return [g for g in (await watched(c))["gaps"] if g["new"] == f"{a.member_id}/exchange/2"]

        [gap] = await eventually(c_shows_the_gap)
        assert gap["old"] == f"{a.member_id}/exchange/1"
        assert (await watched(a))["behind"] == ""
        await assert_sound(a, c)
    finally:
        await made.stop()


async def _red(service):
    status, red = await readiness(service)
    return (status, red) if "witnesses" in red else None


@pytest.mark.long
async def test_a_journal_with_rows_missing_does_not_start_and_two_people_at_the_machine_begin_anew(tmp_path):
    made = Federation.create(tmp_path / "federation", workers=12, directory="file")
    a, c = made.services["a"], made.services["c"]
    for service in (a, c):
        service.command = DAEMON
        service.raise_limits()
    try:
        await a.start()
        await c.start()
        camille = Physician(c)
        assert (await camille.fetch(CAST.only_at_a.asked, [a.member_id]))["state"] == "ready"
        running = succeed_offline(a)
        await a.stop()
        with sqlite3.connect(a.folder / "state" / "state.db") as db:
            db.execute("delete from entries where tree = 'exchange' and idx = 0")
            db.execute("delete from entries where tree = 'exchange' and idx = (select max(idx) from entries)")
        db.close()
        refused = command(a, "run")
        alone = succeed_offline(a, confirmed_by="a. un,  INFORMATIQUE")
        done = succeed_offline(a)
        await a.start()
        fetch = await camille.fetch_again(CAST.only_at_a.asked, [a.member_id])

        async def c_shows_the_gap():
            return [g for g in (await watched(c))["gaps"] if g["new"] == f"{a.member_id}/exchange/2"]

        assert await eventually(c_shows_the_gap)
    finally:
        await made.stop()

    assert (running.returncode, "in use by another process" in running.stderr) == (1, True)
    assert (refused.returncode, "journal succeed-offline" in refused.stderr) == (69, True), refused.stderr
    assert (alone.returncode, "same person twice" in alone.stderr) == (2, True)
    assert (done.returncode, "serial 2" in done.stdout) == (0, True), done.stderr
    assert fetch["state"] == "ready", fetch


def succeed_offline(service, confirmed_by="B. Deux, direction") -> subprocess.CompletedProcess:
    """The command, as two people run it at the machine."""
    words = ("journal", "succeed-offline", "--reason", "disque", "--by", "A. Un, informatique")
    return command(service, *words, "--confirmed-by", confirmed_by)


def command(service, *words) -> subprocess.CompletedProcess:
    """A command with this service's configuration."""
    line = [*DAEMON, *words, "--config", service.config]
    return subprocess.run(line, env=os.environ, capture_output=True, text=True, timeout=60, check=False)
