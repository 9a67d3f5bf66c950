"""What every `core.ports.Vault` does; the fixture `vault` is one, empty."""

import hashlib

import pytest

from connector.core.errors import FailedClosed
from tests.kit.state import an_id

CHUNK = 256 * 1024


def a_document(size):
    """Bytes that differ from place to place."""
    return b"".join(index.to_bytes(8) for index in range(size // 8 + 1))[:size]


async def kept(vault, data, pieces=65_536):
    """Keep a document and give its id."""
    vault_id = an_id()
    writer = vault.create(vault_id)
    for start in range(0, len(data), pieces):
        writer.write(data[start : start + pieces])
    await writer.finish()
    return vault_id


class VaultContract:
    @pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 17])
    async def test_a_document_comes_back_whole(self, vault, size):
        data = a_document(size)

        vault_id = await kept(vault, data)

        assert b"".join(vault.read(vault_id)) == data

    async def test_finishing_gives_the_digest_of_what_was_written(self, vault):
        data = a_document(CHUNK + 5)
        writer = vault.create(an_id())
        writer.write(data)

        digest = await writer.finish()

        assert (digest.sha256, digest.size) == (hashlib.sha256(data).digest(), len(data))

    @pytest.mark.parametrize("offset", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 9])
    async def test_reading_begins_anywhere(self, vault, offset):
        data = a_document(2 * CHUNK + 10)
        vault_id = await kept(vault, data)

        assert b"".join(vault.read(vault_id, offset)) == data[offset:]

    @pytest.mark.parametrize("offset", [CHUNK, CHUNK + 1])
    async def test_behind_the_end_there_is_nothing(self, vault, offset):
        vault_id = await kept(vault, a_document(CHUNK))

        assert list(vault.read(vault_id, offset)) == []

    async def test_before_the_first_byte_there_is_nothing_to_read(self, vault):
        vault_id = await kept(vault, b"%PDF-")

        with pytest.raises(ValueError, match="first"):
            vault.read(vault_id, -1)

    async def test_pieces_are_no_larger_than_a_chunk(self, vault):
        vault_id = await kept(vault, a_document(5 * CHUNK))

        assert max(len(piece) for piece in vault.read(vault_id)) <= CHUNK

    async def test_a_document_is_visible_only_once_it_is_finished(self, vault):
        vault_id = an_id()
        writer = vault.create(vault_id)
        writer.write(b"%PDF-")

        assert not vault.holds(vault_id)
        assert vault.ids() == []

        await writer.finish()
        assert vault.holds(vault_id)
        assert list(vault.ids()) == [vault_id]

    async def test_an_aborted_document_never_was(self, vault):
        vault_id = an_id()
        writer = vault.create(vault_id)
        writer.write(b"%PDF-")

        writer.abort()
        writer.abort()

        assert not vault.holds(vault_id)
        await kept(vault, b"another one")

    async def test_aborting_a_finished_document_leaves_it(self, vault):
        vault_id = an_id()
        writer = vault.create(vault_id)
        await writer.finish()

        writer.abort()

        assert vault.holds(vault_id)

    async def test_nothing_is_written_after_the_end(self, vault):
        writer = vault.create(an_id())
        await writer.finish()

        with pytest.raises(ValueError, match="finished"):
            writer.write(b"more")
        with pytest.raises(ValueError, match="finished"):
            await writer.finish()

    async def test_a_deleted_document_is_gone(self, vault):
        vault_id = await kept(vault, b"%PDF-")

        await vault.delete(vault_id)
        await vault.delete(vault_id)

        assert not vault.holds(vault_id)
        with pytest.raises(FailedClosed):
            vault.read(vault_id)

    async def test_a_document_that_is_not_there_is_not_read(self, vault):
        with pytest.raises(FailedClosed):
            vault.read(an_id())
