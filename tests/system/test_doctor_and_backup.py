"""The doctor and a backup over real processes: what runs is probed and copied, and what is put back answers nobody."""

import asyncio
import json
import shutil
import sys

import pytest

from spsti_sandbox.federation import Federation
from tests.kit.system import DAEMON

COMMAND = (sys.executable, "-m", "connector")


async def run(*words: object) -> tuple[int, str]:
    """A command of the program, as a process of its own; its status and what it printed."""
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *map(str, words), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode, said.decode()


@pytest.fixture
async def services(tmp_path):
    made = Federation.create(tmp_path, ("a", "c"), workers=12)
    for service in made.services.values():
        service.command = DAEMON
    try:
        await made.start()
        yield made.services
    finally:
        await made.stop()


@pytest.mark.long
async def test_a_running_house_is_examined_backed_up_restored_and_then_answers_nobody(services, tmp_path) -> None:
    a, c = services["a"], services["c"]
    status, said = await run("check", "--config", c.config, "--key-file", c.key_file, "--json", "--language", "en")
    found = {finding["key"]: finding for finding in json.loads(said)["findings"]}
    assert "probe.right" in found, said
    assert {"port.mine", "reach.right", "clock.right", "adapter.right", "ledger.right"} <= set(found)
    assert not {key for key in found if key.startswith("tls.")}, said
    assert found["backup.none"]["level"] == "warning"

    words = tmp_path / "words"
    words.write_text("six words that nobody has\n")
    secret = ("--passphrase-file", words)
    status, said = await run(
        "backup", tmp_path / "data", "--epochs", tmp_path / "epochs", "--keys", tmp_path / "keys",
        "--keys-passphrase-file", words, *secret, "--config", a.config,
    )  # fmt: skip
    assert status == 0, said
    status, said = await run("restore", tmp_path / "data", "--epochs", tmp_path / "epochs", "--rehearse", *secret)
    assert status == 0, said
    status, said = await run("check", "--config", a.config, "--json", "--offline")
    assert '"backup.right"' in said

    await a.stop()
    state = a.folder / "state"
    shutil.move(state, tmp_path / "lost")
    status, said = await run(
        "restore",
        tmp_path / "data",
        "--epochs",
        tmp_path / "epochs",
        "--state",
        state,
        *secret,
        "--member",
        a.member_id,
    )
    assert status == 0, said
    status, said = await run("check", "--config", a.config, "--json", "--offline")
    assert (status, '"ledger.restored"' in said) == (2, True), said
    await a.start(ready=False)
    status, said = await run("members", "test", a.member_id, "--config", c.config, "--key-file", c.key_file, "--json")

    assert status == 1
    assert json.loads(said)["ok"] is False
