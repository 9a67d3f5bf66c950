"""Evidence out of running daemons: exported over their local API, verified where neither of them is."""

import json

import pytest

from spsti_sandbox.physician import Physician
from tests.kit.evidence import on_another_machine
from tests.kit.system import CAST, eventually


@pytest.fixture
def camille(federation):
    """The physician of c."""
    return Physician(federation.services["c"])


async def acknowledged(service, handover_id):
    """Whether the acknowledgement of a handover has arrived."""
    return await Physician(service).journal(tree="house", type="acknowledged", ref=handover_id)


async def arrival_of(physician, fetch_id):
    """Give the entry with which the document of a fetch arrived; others share these services."""
    for entry in reversed(await physician.journal(type="arrived")):
        if (await physician.entry(entry))["personal"].get("fetch_id") == fetch_id:
            return entry
    raise AssertionError("the document of this fetch did not arrive")


@pytest.mark.parametrize("letter", ["c", "a"])
async def test_either_side_exports_what_another_machine_verifies(federation, camille, tmp_path, letter) -> None:
    holder, service = federation.services["a"], federation.services[letter]
    fetch = await camille.fetch_again(CAST.only_at_a.asked, [holder.member_id])
    await camille.read(fetch["id"])
    arrived = await arrival_of(camille, fetch["id"])
    assert await eventually(lambda: acknowledged(holder, arrived["ref"]))

    whole = await Physician(service).call("GET", f"/api/v1/evidence/{fetch['id'] if letter == 'c' else arrived['ref']}")
    file = tmp_path / "evidence.json"
    file.write_text(json.dumps(whole))
    said = on_another_machine(
        tmp_path / "elsewhere", str(file), "--root", str(service.folder / "root.json"), "--language", "fr"
    )

    assert said.returncode == 0, said.stdout + said.stderr
    assert "Tout ce que dit ce dossier est prouvé." in said.stdout
    told = await Physician(service).journal(tree="house", type="reported")
    assert told[-1]["outcome"] == "evidence"
