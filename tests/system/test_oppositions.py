"""The register over real processes: an objection counts at once, where it is asked and where it is asked from."""

import sqlite3

import pytest

from connector.core.codes import Code
from spsti_sandbox.federation import Federation
from spsti_sandbox.physician import Physician, Refused
from tests.kit.system import CAST, DAEMON

SAID = {"on": "2026-01-12", "means": "oral", "by": "physician"}
URL = "/api/v1/oppositions"
ANSWER = """
    insert into opposition (salarie_id, reponse, recueillie_le, moyen, recueillie_par)
    select id, 'ne s''oppose pas', '2099-01-01', 'oral', 'nurse' from salarie where ins_matricule = ?
"""


@pytest.fixture
async def federation(tmp_path):
    """Services a and c; a's controller named software and register as authorities, c's the software alone."""
    made = Federation.create(tmp_path, ("a", "c"), workers=12)
    for service in made.services.values():
        service.command = DAEMON
    made.services["a"].configure("opposition", authority="both")
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


async def test_an_objection_counts_at_once_on_both_sides_and_until_both_authorities_lift_it(federation) -> None:
    holder, asker = federation.services["a"], federation.services["c"]
    desk, camille = Physician(holder), Physician(asker)
    worker = CAST.only_at_a.asked
    objection = {"matricule": worker.ins.matricule.value, "kind": "2", **SAID}

    async def reply():
        (service,) = (await camille.fetch_again(worker, [holder.member_id]))["services"]
        return service["reply"], service["lookup_id"]

    async def reason(lookup_id):
        (entry,) = await desk.journal(ref=lookup_id, type="answered")
        return entry["reason"]

    assert (await reply())[0] == "announced"

    # Where it is asked.
    added = await desk.call("POST", URL, objection)
    assert (added["result"], added["told_to_sink"], added["authority"]) == ("kept", True, "both")
    said, lookup_id = await reply()
    assert (said, await reason(lookup_id)) == ("withheld", "opposed")

    lifted = await desk.call("POST", f"{URL}/{added['opposition']['id']}/lift", SAID)
    assert (lifted["stands"], lifted["to_enter"]) == (False, "lifting")
    assert (await reply())[0] == "withheld"

    with sqlite3.connect(holder.vendor_database) as database:
        database.execute(ANSWER, (worker.ins.matricule.value,))
    database.close()
    assert (await reply())[0] == "announced"

    coverage = await desk.call("POST", "/api/v1/coverage")
    assert {one["reason"]: one["count"] for one in coverage["withheld"]} == {"opposed": 2}
    assert coverage["last"]["workers"] > 0

    # Where it is asked from: nothing leaves, so the holder hears nothing.
    before = len(await desk.journal(type="answered"))
    added = await camille.call("POST", URL, objection)
    assert added["authority"] == "adapter"
    with pytest.raises(Refused) as refused:
        await camille.fetch_again(worker, [holder.member_id])
    assert refused.value.problem["code"] == Code.FETCH_OPPOSED
    assert len(await desk.journal(type="answered")) == before
