"""The vault on a real disk: the contract, and everything that can happen to a file."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.store.vault import FileVault
from tests.kit.descriptors import opened
from tests.kit.state import SystemEntropy, an_id
from tests.store.contract_vault import CHUNK, VaultContract, a_document, kept

KEK = b"k" * 32
REPOSITORY = Path(__file__).parents[2]


def a_vault(directory, kek=KEK, min_free_bytes=0):
    return FileVault(directory / "vault", kek, SystemEntropy(), min_free_bytes)


@pytest.fixture
def vault(tmp_path):
    return a_vault(tmp_path)


class TestFileVault(VaultContract):
    pass


def file_of(tmp_path, vault_id):
    return tmp_path / "vault" / vault_id


def damage(path, offset, data):
    with path.open("r+b") as file:
        file.seek(offset, os.SEEK_SET if offset >= 0 else os.SEEK_END)
        file.write(data)


async def test_a_file_holds_nothing_of_its_document_in_clear(vault, tmp_path):
    vault_id = await kept(vault, b"%PDF-1.7 " + b"TCHITCHI CATARINA " * 1000)

    content = file_of(tmp_path, vault_id).read_bytes()

    assert b"TCHITCHI" not in content
    assert b"%PDF" not in content


@pytest.mark.parametrize("cut", [1, 16, CHUNK + 16, 3 * CHUNK])
async def test_a_file_cut_short_is_refused_before_its_first_byte(vault, tmp_path, cut):
    vault_id = await kept(vault, a_document(3 * CHUNK))
    path = file_of(tmp_path, vault_id)
    os.truncate(path, path.stat().st_size - cut)

    with pytest.raises(FailedClosed) as refused:
        vault.read(vault_id)

    assert refused.value.code is Code.VAULT_DAMAGED


@pytest.mark.parametrize("length", [0, 1, 68, 80])
async def test_a_file_without_its_head_is_refused(vault, tmp_path, length):
    vault_id = await kept(vault, b"%PDF-")
    os.truncate(file_of(tmp_path, vault_id), length)

    with pytest.raises(FailedClosed) as refused:
        vault.read(vault_id)

    assert refused.value.code is Code.VAULT_DAMAGED


async def test_a_file_made_longer_is_refused(vault, tmp_path):
    vault_id = await kept(vault, a_document(CHUNK))
    with file_of(tmp_path, vault_id).open("ab") as file:
        file.write(bytes(17))

    with pytest.raises(FailedClosed):
        vault.read(vault_id)


@pytest.mark.parametrize("offset", [0, 7, 8, 40, 68, 76, 80])
async def test_a_head_or_header_that_was_altered_is_refused_before_the_first_byte(vault, tmp_path, offset):
    vault_id = await kept(vault, b"%PDF-1.7 fiche")
    damage(file_of(tmp_path, vault_id), offset, b"\xaa")

    with pytest.raises(FailedClosed):
        list(vault.read(vault_id))


async def test_a_byte_altered_in_a_chunk_is_refused_when_it_is_reached(vault, tmp_path):
    data = a_document(3 * CHUNK)
    vault_id = await kept(vault, data)
    damage(file_of(tmp_path, vault_id), -100, b"\x00\xff")
    pieces = vault.read(vault_id)

    assert next(pieces) == data[:CHUNK]
    assert next(pieces) == data[CHUNK : 2 * CHUNK]
    with pytest.raises(FailedClosed) as refused:
        next(pieces)
    assert refused.value.code is Code.VAULT_DAMAGED


async def test_a_file_put_in_the_place_of_another_is_refused(vault, tmp_path):
    mine, other = await kept(vault, b"%PDF mine"), await kept(vault, b"%PDF another")
    file_of(tmp_path, other).replace(file_of(tmp_path, mine))

    with pytest.raises(FailedClosed):
        vault.read(mine)


async def test_another_key_opens_nothing(vault, tmp_path):
    vault_id = await kept(vault, b"%PDF-")

    with pytest.raises(FailedClosed):
        a_vault(tmp_path, kek=b"o" * 32).read(vault_id)


async def test_what_a_crash_left_unfinished_is_removed_at_the_next_start(vault, tmp_path):
    finished = await kept(vault, b"%PDF-")
    writer = vault.create(an_id())
    writer.write(a_document(2 * CHUNK))

    again = a_vault(tmp_path)

    assert list((tmp_path / "vault" / "partial").iterdir()) == []
    assert list(again.ids()) == [finished]
    writer.abort()


async def test_a_document_is_kept_by_one_writer_at_a_time(vault):
    vault_id = an_id()
    writer = vault.create(vault_id)

    with pytest.raises(FailedClosed) as refused:
        vault.create(vault_id)

    assert refused.value.code is Code.VAULT_UNAVAILABLE
    writer.abort()


async def test_a_writer_that_is_dropped_leaves_nothing(vault, tmp_path):
    writer = vault.create(an_id())
    writer.write(b"%PDF-")

    del writer

    assert list((tmp_path / "vault" / "partial").iterdir()) == []


async def test_a_reader_that_is_dropped_gives_its_file_back(vault):
    vault_id = await kept(vault, a_document(3 * CHUNK))
    before = opened()
    pieces = vault.read(vault_id)
    next(pieces)

    pieces.close()
    del pieces

    assert opened() <= before


async def test_a_document_goes_on_being_read_after_it_was_deleted(vault):
    data = a_document(3 * CHUNK)
    vault_id = await kept(vault, data)
    pieces = vault.read(vault_id)
    first = next(pieces)

    await vault.delete(vault_id)

    assert first + b"".join(pieces) == data


async def test_a_document_is_finished_even_if_nobody_waits_any_more(vault):
    vault_id = an_id()
    writer = vault.create(vault_id)
    writer.write(b"%PDF-")
    finishing = asyncio.ensure_future(writer.finish())
    await asyncio.sleep(0)

    finishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await finishing
    writer.abort()
    await asyncio.get_running_loop().shutdown_default_executor()

    assert b"".join(vault.read(vault_id)) == b"%PDF-"


@pytest.mark.parametrize("vault_id", ["", "x", "../../etc/passwd", "A" * 32, "partial", "0" * 31, "0" * 33])
async def test_an_id_that_is_none_names_no_file(vault, vault_id):
    for use in (vault.create, vault.read, vault.holds):
        with pytest.raises(ValueError, match="32"):
            use(vault_id)
    with pytest.raises(ValueError, match="32"):
        await vault.delete(vault_id)


async def test_a_disk_with_too_little_room_takes_no_document(tmp_path):
    vault = a_vault(tmp_path, min_free_bytes=2**62)

    with pytest.raises(FailedClosed) as refused:
        vault.create(an_id())

    assert refused.value.code is Code.VAULT_UNAVAILABLE
    assert "free" in str(refused.value)


async def test_a_directory_that_cannot_be_used_is_refused(tmp_path):
    (tmp_path / "vault").write_text("a file, not a directory")

    with pytest.raises(FailedClosed) as refused:
        a_vault(tmp_path)

    assert refused.value.code is Code.VAULT_UNAVAILABLE


async def test_a_file_that_cannot_be_read_or_removed_is_told(vault, tmp_path):
    vault_id = an_id()
    file_of(tmp_path, vault_id).symlink_to(file_of(tmp_path, vault_id))
    directory = an_id()
    file_of(tmp_path, directory).mkdir()

    with pytest.raises(FailedClosed) as loop:
        vault.read(vault_id)
    with pytest.raises(FailedClosed) as not_a_file:
        vault.read(directory)
    with pytest.raises(FailedClosed) as not_removed:
        await vault.delete(directory)

    codes = [refused.value.code for refused in (loop, not_a_file, not_removed)]
    assert codes == [Code.VAULT_UNAVAILABLE] * 3


FULL_DISK = """
import asyncio, resource, sys
from pathlib import Path
from connector.core.errors import FailedClosed
from tests.kit.state import SystemEntropy, an_id
from connector.store.vault import FileVault

async def main(directory):
    vault = FileVault(Path(directory), b"k" * 32, SystemEntropy(), 0)
    for limit in (0, 60, 300_000):  # nothing, less than the head, in the middle of a chunk
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        vault_id = an_id()
        try:
            writer = vault.create(vault_id)
            writer.write(bytes(400_000))
            await writer.finish()
        except FailedClosed as refused:
            print(refused.code)
        assert not vault.holds(vault_id) and not list((Path(directory) / "partial").iterdir())
    # A last chunk that does not fit is found out by `finish`.
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    writer = vault.create(an_id())
    writer.write(bytes(2000))
    try:
        await writer.finish()
    except FailedClosed as refused:
        print(refused.code)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    writer = vault.create(an_id())
    writer.write(bytes(400_000))
    print((await writer.finish()).size, len(vault.ids()))

asyncio.run(main(sys.argv[1]))
"""


def test_a_full_disk_aborts_the_document_and_leaves_nothing(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert done.stderr == ""
    assert done.stdout.split() == ["vault.unavailable"] * 4 + ["400000", "1"]
