"""A service's own block is a suspension of its own: seen by whoever looks at the directory, at once, and no further."""

import asyncio

import pytest

from connector.core.directory import MemberStatus
from connector.core.measures import Block, BlockReason
from connector.core.oid import Environment
from connector.directory.blocked import WithBlocks
from connector.directory.members_file import MembersFile
from connector.directory.members_text import members_text
from tests.kit.directory import NOW, A, B, house


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "members.toml"
    path.write_text(members_text([house(A).member, house(B, status=MemberStatus.MAIL_ONLY).member]))
    return MembersFile(path, Environment.TEST)


def block(member):
    return Block(member, BlockReason.PRECAUTION, NOW, "operations")


def test_a_blocked_member_stands_as_suspended_wherever_it_is_looked_up(file):
    directory = WithBlocks(file, [block(A)])

    assert (directory.get(A).status, directory.get(A).status_since) == (MemberStatus.SUSPENDED, NOW)
    assert directory.members()[0] == directory.get(A)
    assert directory.by_certificate("x" * 43, (A.value,)).status is MemberStatus.SUSPENDED
    assert file.get(A).status is MemberStatus.ACTIVE
    assert directory.version == file.version


def test_a_block_says_nothing_of_a_member_that_takes_no_part_anyway(file):
    assert WithBlocks(file, [block(B)]).get(B).status is MemberStatus.MAIL_ONLY
    assert WithBlocks(file, [block(A)]).by_certificate("x" * 43, ()) is None


async def test_followers_hear_of_blocks_and_of_the_directory_itself(file, tmp_path):
    directory = WithBlocks(file)
    changes = directory.changes()
    first = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    directory.replace([block(A)])
    told = [await first]
    directory.replace([])
    told.append(await anext(changes))
    listed = tmp_path / "members.toml"
    listed.write_text(listed.read_text().replace('"active"', '"left"'))
    assert await directory.refresh()
    told.append(await anext(changes))
    await changes.aclose()

    assert [change.status for change in told] == [MemberStatus.SUSPENDED, MemberStatus.ACTIVE, MemberStatus.LEFT]


async def test_a_blocked_member_that_changes_otherwise_is_told_as_suspended(file, tmp_path):
    directory = WithBlocks(file, [block(A)])
    changes = directory.changes()
    first = asyncio.ensure_future(anext(changes))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    listed = tmp_path / "members.toml"
    listed.write_text(listed.read_text().replace("Nantes", "Angers", 1))  # of A alone: B is told as it is
    directory.reload()
    change = await first
    await changes.aclose()

    assert change.status is MemberStatus.SUSPENDED
