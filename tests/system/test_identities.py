"""INSi, alerts and the list to qualify over real processes: the daemon, its command line, the simulator and a peer."""

import json
import os
import subprocess
import sys

import pytest
import pytest_asyncio

from spsti_sandbox.cast import cast
from spsti_sandbox.federation import Federation
from spsti_sandbox.insi_answers import Behaviour
from spsti_sandbox.leaks import Needles, find_in_files, kept_files
from spsti_sandbox.physician import Physician
from spsti_sandbox.vendor_db import AS_OF

CAST = cast(AS_OF)
BY = ["--by", "secretariat-1"]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def with_insi(tmp_path_factory):
    """Services a and c; c calls the simulator of INSi."""
    made = Federation.create(tmp_path_factory.mktemp("identities"), "ac", workers=4, with_insi=True)
    made.services["c"].configure("insi", retries=0)
    with made.insi:
        try:
            await made.start()
            yield made
        finally:
            await made.stop()


@pytest.fixture
def camille(with_insi):
    return Physician(with_insi.services["c"], "en")


@pytest.fixture
def asked(with_insi):
    return [with_insi.services["a"].member_id]


def told(service, *arguments, stdin=""):
    """Run a command against a service; give its exit status and what it printed as JSON."""
    environment = os.environ | {"SPSTI_URL": service.local_url, "SPSTI_API_KEY_FILE": str(service.key_file)}
    done = subprocess.run(
        [sys.executable, "-m", "connector", *arguments, "--json", "--lang", "fr"],
        check=False,
        capture_output=True,
        text=True,
        input=stdin,
        env=environment,
        timeout=60,
    )
    return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr


async def test_a_discrepancy_stops_the_fetch_and_is_an_alert_that_the_command_line_closes(with_insi, camille, asked):
    fetch = await camille.fetch(CAST.verification_fails.asked, asked)

    assert (fetch["state"], fetch["code"]) == ("failed", "identity.discrepancy")
    assert [reply["reply"] for reply in fetch["services"]] == ["pending"]
    status, page = told(with_insi.services["c"], "identity", "alerts", "list", "--state", "open")
    (alert,) = page["items"]
    assert (status, alert["differing"], alert["ref"]) == (0, ["birth_place"], fetch["id"])
    _, closed = told(
        with_insi.services["c"], "identity", "alerts", "close", alert["id"], *BY, "--reason", "lieu corrigé"
    )
    assert closed["state"] == "closed"
    entries = await camille.journal(tree="house", type="alert")
    assert entries[-1]["outcome"] == "identity-closed"


@pytest.mark.parametrize(
    ("behaviour", "code"),
    [
        (Behaviour.DOWN, "insi.unavailable"),
        (Behaviour.BUSY, "insi.busy"),
        (Behaviour.HTML_FAULT, "insi.unavailable"),
        (Behaviour.ENTITY_BOMB, "insi.unreadable"),
        (Behaviour.WRONG_KEY, "insi.answer_invalid"),
        (Behaviour.OTHER_PERSON, "insi.other_person"),
        (Behaviour.FAULT_SOFTWARE, "insi.not_authorised"),
    ],
)
async def test_an_insi_that_goes_wrong_ends_the_fetch_in_words_and_asks_nobody(
    with_insi, camille, asked, behaviour, code
):
    with_insi.insi.behave(behaviour)

    fetch = await camille.fetch(CAST.verification_fails.asked, asked)
    with_insi.insi.behave(Behaviour.NORMAL)

    assert (fetch["state"], fetch["code"], bool(fetch["next"])) == ("failed", code, True)
    lookup = fetch["services"][0]["lookup_id"]
    assert await camille.journal(ref=lookup) == []
    calls = await camille.journal(tree="house", type="insi-called")
    assert calls[-1]["outcome"] == "failed"
    assert code in calls[-1]["reason"]


async def test_a_peers_near_miss_and_what_waits_are_the_holders_own_and_in_no_ledger(with_insi, camille, asked):
    holder = with_insi.services["a"]
    before = len(await Physician(holder).journal(tree="house"))

    for member in (CAST.traits_differ, CAST.matricule_changed, CAST.not_qualified):
        fetch = await camille.fetch(member.asked, asked)
        assert fetch["state"] == "no-record-given"

    assert len(await Physician(holder).journal(tree="house")) == before
    _, page = told(holder, "identity", "alerts", "list")
    seen = {(alert["kind"], alert["meeting"], alert["peer"]) for alert in page["items"]}
    peer = with_insi.services["c"].member_id
    assert seen == {("trait-differs", "peer", peer), ("matricule-changed", "peer", peer)}
    _, waiting = told(holder, "identity", "to-qualify")
    (worker,) = waiting["items"]
    assert worker["matricule"] == CAST.not_qualified.asked.ins.matricule.value
    assert (worker["status"], worker["confirmed"]) == ("RECUP", True)
    assert "pièce d'identité" in worker["next"]


async def test_a_second_question_about_one_person_makes_no_second_call_not_even_after_a_restart(with_insi):
    service = with_insi.services["c"]
    traits = json.dumps(CAST.only_at_a.asked.traits.to_json())
    _, first = told(service, "identity", "search", "--traits", "-", *BY, stdin=traits)
    calls = len(with_insi.insi.calls)

    await service.stop()
    await service.start()
    _, second = told(service, "identity", "search", "--traits", "-", *BY, stdin=traits)

    assert (first["code"], second["message_id"]) == ("00", first["message_id"])
    assert len(with_insi.insi.calls) == calls


async def test_no_identity_stands_in_clear_on_any_disk_or_in_metrics(with_insi):
    needles = Needles(CAST.members())

    leaks, files, _ = find_in_files(needles, (p for s in with_insi.services.values() for p in kept_files(s)))
    for service in with_insi.services.values():
        leaks += needles.find("metrics", await Physician(service).call("GET", "/metrics"))

    assert (leaks, files > 4) == ([], True)
