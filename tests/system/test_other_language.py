"""A requester written in another language from the protocol's description alone, against a real daemon."""

import asyncio
import base64
import json
import shutil
from pathlib import Path

import pytest

from connector.core.coded import PHYSICIAN
from connector.core.oid import Environment
from connector.directory.members_file import MembersFile
from spsti_sandbox.federation import PHYSICIAN as CAMILLE
from tests.kit.system import CAST

PEER = Path(__file__).parents[2] / "examples" / "peer-node" / "peer.mjs"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="Node (18 or newer) is not installed")


def settings_for(federation, member, **changed) -> dict:
    """What the other peer is told: it asks as service c, whose keys it is given."""
    us, holder = federation.services["c"], federation.services["a"]
    entry = MembersFile(holder.folder / "my-entry.toml", Environment.TEST).members()[0]
    return {
        "id": us.member_id,
        "ca": str(federation.pki.ca_path),
        "certificate": str(us.client.cert_pem_path),
        "key": str(us.client.key_pem_path),
        "signingKid": "sign-1",
        "signingKey": str(us.folder / "keys" / "sign.key"),
        "ledgerKey": str(us.folder / "keys" / "ledger.key"),
        "holder": {
            "id": holder.member_id,
            "endpoint": holder.peer_url,
            "keys": [
                {"kid": key.kid, "use": key.use.value, "public": base64.b64encode(key.public_der).decode()}
                for key in entry.keys
            ],
        },
        "practitioner": {"id": CAMILLE.id, "name": CAMILLE.name, "profession": PHYSICIAN.to_json()},
        "worker": {
            "matricule": member.asked.ins.matricule.value,
            "oid": member.asked.ins.oid.value,
            **member.asked.traits.to_json(),
        },
    } | changed


async def run_peer(tmp_path, settings) -> tuple[int, str, str]:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(settings))
    process = await asyncio.create_subprocess_exec(
        shutil.which("node"), PEER, file, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, error = await process.communicate()
    return process.returncode, out.decode(), error.decode()


async def test_it_fetches_verifies_and_acknowledges_a_record(federation, tmp_path):
    status, out, error = await run_peer(tmp_path, settings_for(federation, CAST.only_at_a))

    assert status == 0, error
    found = json.loads(out)
    assert found["outcome"] == "announced"
    assert found["pdf"] == "%PDF-"
    entries = (await federation.services["a"].call("GET", "/api/v1/journal?tree=house"))[1]
    assert any(entry["type"] == "acknowledged" and entry["outcome"] == "verified" for entry in entries["items"])


async def test_it_reads_a_withheld_answer(federation, tmp_path):
    status, out, error = await run_peer(tmp_path, settings_for(federation, CAST.unknown))

    assert status == 0, error
    assert json.loads(out) == {"outcome": "withheld", "code": None}


async def test_it_is_refused_with_a_receipt_when_it_asks_for_somebody_who_cannot_be(federation, tmp_path):
    settings = settings_for(federation, CAST.only_at_a)
    settings["worker"]["oid"] = "1.2.250.1.213.1.4.8"

    status, out, error = await run_peer(tmp_path, settings)

    assert status == 0, error
    assert json.loads(out) == {"outcome": "refused", "code": "identity.oid"}


async def test_it_believes_no_holder_whose_keys_are_not_the_listed_ones(federation, tmp_path):
    settings = settings_for(federation, CAST.only_at_a)
    settings["holder"]["keys"][1]["public"] = base64.b64encode(
        base64.b64decode(settings["holder"]["keys"][1]["public"])[:-1] + b"\x00"
    ).decode()

    status, _, error = await run_peer(tmp_path, settings)

    assert status == 1
    assert "a checkpoint signed by a listed ledger key" in error
