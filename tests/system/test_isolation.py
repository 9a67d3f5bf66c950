"""The vendor's software and hostile documents in processes of their own, under real daemons."""

import asyncio
import json
import os
import signal
import sqlite3
from pathlib import Path

import psutil
import pytest_asyncio

from spsti_sandbox.federation import Federation
from spsti_sandbox.physician import Physician
from tests.kit.system import _PDF_OF, CAST, DAEMON, eventually, readiness
from tests.pdf.corpus import JS, packed, parts, written


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def apart(tmp_path_factory):
    """Services a and c, running, with every adapter in a process of its own; c asks a. The last test stops them."""
    made = Federation.create(tmp_path_factory.mktemp("federation"), "ac", workers=4)
    for service in made.services.values():
        service.command = DAEMON
        service.configure("source", isolation="process")
        service.configure("sink", isolation="process")
    try:
        await made.start()
        yield made
    finally:
        await made.stop()


def children_of(service, module: str) -> list[psutil.Process]:
    """The processes of a daemon that run one of its modules."""
    return [child for child in psutil.Process(service.process.pid).children() if module in child.cmdline()]


def adapters_of(service) -> list[psutil.Process]:
    return children_of(service, "connector.contract.child")


def opened_by(child) -> list[str]:
    """What stands behind the descriptors of a process."""
    return [os.readlink(link) for link in Path(f"/proc/{child.pid}/fd").iterdir()]  # noqa: PTH115 - of any kind


def put(service, member, content: bytes) -> None:
    """Make this the PDF of a member's newest record."""
    with sqlite3.connect(service.vendor_database) as database:
        version, _ = database.execute(_PDF_OF, (member.asked.ins.matricule.value,)).fetchone()
        database.execute("update dossier_pdf set contenu = ? where version_id = ?", (content, version))
    database.close()


async def test_a_record_goes_its_way_through_adapters_in_processes_of_their_own(apart) -> None:
    holder, us = apart.services.values()
    camille = Physician(us)
    assert [len(adapters_of(service)) for service in (holder, us)] == [2, 2]

    fetch = await camille.fetch(CAST.only_at_a.asked, [holder.member_id])
    status, filed = await us.call("POST", f"/api/v1/fetches/{fetch['id']}/file")

    assert (fetch["state"], fetch["document"]["findings"]) == ("ready", [])
    assert (status, filed["state"]) == (200, "filed")
    for child in adapters_of(holder) + adapters_of(us):
        assert not [name for name in opened_by(child) if name.endswith((".key", ".pem", "state.sqlite"))]
        assert not [value for value in child.environ().values() if "master" in value]

    for child in adapters_of(holder):
        os.kill(child.pid, signal.SIGKILL)
    again = await camille.fetch_again(CAST.only_at_a.asked, [holder.member_id])

    assert again["state"] == "ready", again

    async def is_ready():
        return (await readiness(holder))[0] == 200

    assert await eventually(is_ready)


async def test_a_hidden_script_is_taken_out_and_both_digests_are_told(apart) -> None:
    holder, us = apart.services.values()
    camille = Physician(us)
    put(holder, CAST.only_at_a, packed(parts(b"/OpenAction " + JS)))

    fetch = await camille.fetch_again(CAST.only_at_a.asked, [holder.member_id])

    document = fetch["document"]
    assert [(found["kind"], found["handling"]) for found in document["findings"]] == [("scripts", "strip")]
    assert document["shown_sha256"] not in {None, document["sha256"]}
    events = json.dumps(await camille.journal(type="arrived"))
    assert document["sha256"] in events
    ours = children_of(us, "connector.inspection.child")
    assert len(ours) == 1
    for child in ours:
        child.kill()
    put(holder, CAST.newer_at_b, written(parts()))
    assert (await camille.fetch(CAST.newer_at_b.asked, [holder.member_id]))["state"] == "ready"


async def test_no_child_outlives_its_daemon(apart) -> None:
    holder, us = apart.services.values()
    killed, stopped = (psutil.Process(service.process.pid).children(recursive=True) for service in (holder, us))
    assert min(len(killed), len(stopped)) >= 2

    holder.process.kill()
    await us.stop()

    _, alive = await asyncio.to_thread(psutil.wait_procs, killed + stopped, 60)
    assert not [child for child in alive if child.status() != psutil.STATUS_ZOMBIE]
