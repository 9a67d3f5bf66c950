"""What fails closed, for whom, and how it goes on: a full disk, a broken rule, a killed process."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlite_utils import Database

from connector.core.codes import Code
from connector.core.errors import FailedClosed, MandateRefused
from connector.core.ledger import Tree
from connector.crypto.keys import to_pem
from tests.kit.state import (
    LEDGER_KEY,
    a_fetch,
    a_used_mandate,
    an_announcement,
    an_entry,
    opened,
    settings_in,
)

REPOSITORY = Path(__file__).parents[2]


async def answer(state, **changed):
    return await state.holder.answer(entry=an_entry(**changed), used=a_used_mandate())


async def limit_pages(state, pages):
    """Let the database grow no further: SQLite's own way to a full disk."""
    sql = f"pragma max_page_count = {pages}"
    await state._writer.do(lambda transaction: transaction.db.execute(sql).fetchall() and None)


async def fill(state):
    """Take the room that is left, then fail to take more."""
    await limit_pages(state, 1)  # SQLite takes the number of pages there are
    try:
        for _ in range(1000):
            await answer(state, personal={"mandate": "x" * 4000})
    except FailedClosed as refused:
        return refused
    raise AssertionError("a full disk was never found out")


class TestFailing:
    async def test_nothing_is_kept_and_everyone_is_told_when_the_disk_is_full(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state)
            refused = await fill(state)
            size = len(await state.journal.entries(Tree.EXCHANGE, limit=5000))

            outcomes = await asyncio.gather(
                *(answer(state, personal={"mandate": "x" * 9000}) for _ in range(8)), return_exceptions=True
            )

            assert refused.code is Code.LEDGER_UNAVAILABLE
            assert {outcome.code for outcome in outcomes} == {Code.LEDGER_UNAVAILABLE}
            assert len(await state.journal.entries(Tree.EXCHANGE, limit=5000)) == size
            assert "SQLITE_FULL" in state.ready()

    async def test_writing_goes_on_where_it_stopped_once_there_is_room(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state)
            await fill(state)
            size = len(await state.journal.entries(Tree.EXCHANGE, limit=5000))
            await limit_pages(state, 2**30)

            proof = await answer(state)

            assert proof.index == size
            assert state.ready() is None
            assert (await state.journal.verify()).is_sound

    async def test_a_mandate_of_a_failed_commit_was_not_used(self, tmp_path):
        used = a_used_mandate()
        async with opened(tmp_path) as state:
            await fill(state)
            with pytest.raises(FailedClosed):
                await state.holder.answer(entry=an_entry(personal={"mandate": "x" * 9000}), used=used)
            await limit_pages(state, 2**30)

            await state.holder.answer(entry=an_entry(), used=used)

    async def test_an_operation_that_fails_does_not_spoil_its_batch(self, tmp_path):
        used = a_used_mandate()
        async with opened(tmp_path) as state:
            await state.holder.answer(entry=an_entry(), used=used)

            outcomes = await asyncio.gather(
                answer(state),
                state.holder.answer(entry=an_entry(), used=used),
                answer(state, personal={"a float": 0.5}),
                state.requester.save(a_fetch(), []),
                answer(state),
                return_exceptions=True,
            )

            kinds = [type(outcome).__name__ for outcome in outcomes]
            assert kinds == ["Proof", "MandateRefused", "NotCanonical", "LocalRefused", "Proof"]
            assert [outcomes[0].index, outcomes[4].index] == [1, 2]
            assert (await state.journal.verify()).is_sound

    async def test_an_operation_that_breaks_a_rule_of_the_database_is_its_callers_alone(self, tmp_path):
        async with opened(tmp_path) as state:
            announcement = an_announcement()
            await state.holder.answer(entry=an_entry(), used=a_used_mandate(), announcement=announcement)

            twice, well = await asyncio.gather(
                state.holder.answer(entry=an_entry(), used=a_used_mandate(), announcement=announcement),
                answer(state),
                return_exceptions=True,
            )

            assert type(twice).__name__ == "IntegrityError"
            assert well.index == 1
            assert state.ready() is None

    async def test_a_batch_of_which_nothing_is_left_is_no_commit(self, tmp_path):
        used = a_used_mandate()
        async with opened(tmp_path) as state:
            await state.holder.answer(entry=an_entry(), used=used)
            before = await state.journal.checkpoint(Tree.EXCHANGE)

            with pytest.raises(MandateRefused):
                await state.holder.answer(entry=an_entry(), used=used)

            assert await state.journal.checkpoint(Tree.EXCHANGE) == before

    async def test_an_epoch_key_that_cannot_be_written_lets_no_entry_pass(self, tmp_path):
        async with opened(tmp_path) as state:
            epochs = tmp_path / "state" / "epochs"
            epochs.rename(tmp_path / "elsewhere")
            epochs.write_text("in the way")

            with pytest.raises(FailedClosed) as refused:
                await answer(state)

            assert refused.value.code is Code.LEDGER_UNAVAILABLE

    async def test_a_ledger_that_was_changed_underneath_is_not_written_to_again(self, tmp_path):
        async with opened(tmp_path) as state:
            await answer(state)
            await fill(state)
            other = Database(settings_in(tmp_path).database)
            with other.conn:
                other.execute("update entries set leaf_hash = ? where idx = 0", [bytes(32)])
            other.close()
            with pytest.raises(FailedClosed):  # the failed commit makes the writer read the ledger again
                await answer(state, personal={"mandate": "x" * 9000})

            outcomes = [await asyncio.gather(answer(state), return_exceptions=True) for _ in range(2)]

            assert {outcome.code for (outcome,) in outcomes} == {Code.LEDGER_UNAVAILABLE}
            assert "signed" in state.ready()

    async def test_a_disk_that_is_nearly_full_is_said_in_advance(self, tmp_path):
        settings = replace(settings_in(tmp_path), min_free_bytes=2**62)
        async with opened(tmp_path, settings=settings) as state:
            assert "free" in state.ready()

    async def test_a_vault_that_is_gone_is_said(self, tmp_path):
        async with opened(tmp_path) as state:
            (tmp_path / "state" / "vault" / "partial").rmdir()
            (tmp_path / "state" / "vault").rmdir()

            assert "vault" in state.ready()

    async def test_a_waiter_that_was_cancelled_is_not_missed(self, tmp_path):
        async with opened(tmp_path) as state:
            waiting = asyncio.ensure_future(answer(state))
            await asyncio.sleep(0)
            waiting.cancel()

            await answer(state)

            assert len(await state.journal.entries(Tree.EXCHANGE)) == 2


FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from connector.core.errors import FailedClosed
from connector.core.ledger import Tree
from tests.kit.state import *

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

async def main(directory):
    async with opened(Path(directory)) as state:
        kept = 0
        limit((Path(directory) / "state" / "state.db-wal").stat().st_size + 200_000)
        try:
            while True:
                await state.holder.answer(entry=an_entry(), used=a_used_mandate())
                kept += 1
        except FailedClosed as refused:
            print(refused.code, "not ready:", state.ready() is not None)
        limit(resource.RLIM_INFINITY)
        proof = await state.holder.answer(entry=an_entry(), used=a_used_mandate())
        report = await state.journal.verify()
        print(proof.index == kept, state.ready(), report.is_sound)
    async with opened(Path(directory)) as state:
        print(len(await state.journal.entries(Tree.EXCHANGE, limit=10_000)) == kept + 1)

asyncio.run(main(sys.argv[1]))
"""


def test_a_disk_that_fills_up_fails_closed_and_is_taken_up_again(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.stdout.splitlines() == ["ledger.unavailable not ready: True", "True None True", "True"]


KEEPS_ANSWERING = """
import asyncio, sys
from pathlib import Path
from tests.kit.state import *

async def main(directory):
    key = load_private_key(Path(directory, "key.pem").read_bytes())
    key = PrivateKeySigner("ledger-1", SigningAlgorithm.ED25519, key)
    async with opened(Path(directory), signer=key) as state:
        async def answer():
            while True:
                proof = await state.holder.answer(entry=an_entry(), used=None, announcement=None)
                print(proof.index, proof.leaf_hash.hex(), flush=True)
        await asyncio.gather(*(answer() for _ in range(8)))

from connector.crypto.keys import load_private_key
asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("rounds", [6])
async def test_a_ledger_whose_process_is_killed_at_any_moment_verifies(tmp_path, rounds):
    settings_in(tmp_path)
    (tmp_path / "key.pem").write_bytes(to_pem(LEDGER_KEY.key, None))
    told = {}
    for turn in range(rounds):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KEEPS_ANSWERING, str(tmp_path), cwd=REPOSITORY, stdout=asyncio.subprocess.PIPE
        )
        lines = [await process.stdout.readline() for _ in range(1 + turn * 37)]
        process.kill()
        lines += (await process.stdout.read()).splitlines()
        await process.wait()
        told |= dict(line.split() for line in lines if len(line.split()) == 2 and len(line.split()[1]) == 64)

        async with opened(tmp_path) as state:
            report = await state.journal.verify()
            assert report.is_sound, report
            assert state.ready() is None

    async with opened(tmp_path) as state:
        entries = {entry.index: entry.leaf_hash for entry in await state.journal.entries(Tree.EXCHANGE, limit=10**6)}
    assert len(told) > rounds
    assert {int(index): bytes.fromhex(leaf.decode()) for index, leaf in told.items()}.items() <= entries.items()
