import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector.core.codes import Code
from connector.core.errors import FailedClosed
from connector.crypto import aead
from connector.crypto.aead import HEADER_BYTES, TAG_BYTES, ChunkOpener, ChunkSealer

KEY = bytes(range(32))
OTHER_KEY = bytes(32)
NONCE = bytes(12)
PREFIX = b"prefix7"
SIZE = 64


def seal_document(data, *, document_id="doc", pieces=None, size=SIZE, key=KEY):
    sealer = ChunkSealer(key, document_id, chunk_size=size, nonce_prefix=PREFIX)
    chunks = []
    for piece in [data] if pieces is None else pieces:
        chunks += sealer.update(piece)
    chunks.append(sealer.finish())
    return sealer.header, chunks


def open_document(sealed, *, document_id="doc", key=KEY):
    opener = ChunkOpener(key, document_id, sealed[:HEADER_BYTES], len(sealed))
    plain = b""
    for index in range(opener.chunk_count):
        offset, length = opener.sealed_range(index)
        plain += opener.open_chunk(index, memoryview(sealed)[offset : offset + length])
    assert opener.plain_size == len(plain)
    return plain


def joined(header, chunks):
    return header + b"".join(chunks)


class TestSmallValues:
    @given(st.binary(max_size=100), st.binary(max_size=20))
    @settings(max_examples=40)
    def test_what_is_sealed_opens_again(self, data, aad):
        assert aead.open_(KEY, aead.seal(KEY, data, aad), aad) == data
        assert aead.open_(KEY, memoryview(aead.seal(KEY, bytearray(data), aad, nonce=NONCE)), aad) == data

    def test_the_sealed_form_stays_what_it_was(self):
        """Nonce, ciphertext, tag. With key and nonce of zeros it is NIST's GCM test case 14 (one zero block)."""
        sealed = aead.seal(bytes(32), bytes(16), b"", nonce=NONCE)

        assert sealed.hex() == "00" * 12 + "cea7403d4d606b6e074ec5d3baf39d18" + "d0d1c8a799996bf0265b98b5d48ab919"

    def test_two_seals_of_one_value_differ(self):
        assert aead.seal(KEY, b"x", b"") != aead.seal(KEY, b"x", b"")

    @given(st.binary(max_size=40), st.data())
    @settings(max_examples=60)
    def test_any_changed_byte_any_cut_and_any_rubbish_is_refused(self, data, draw):
        sealed = aead.seal(KEY, data, b"place")
        at = draw.draw(st.integers(0, len(sealed) - 1))
        changed = sealed[:at] + bytes([sealed[at] ^ draw.draw(st.integers(1, 255))]) + sealed[at + 1 :]
        for bad in (changed, sealed[:at], sealed + b"\0", draw.draw(st.binary(max_size=60))):
            with pytest.raises(FailedClosed) as caught:
                aead.open_(KEY, bad, b"place")
            assert caught.value.code is Code.VAULT_DAMAGED

    def test_another_key_or_place_is_refused(self):
        sealed = aead.seal(KEY, b"x", b"place")
        with pytest.raises(FailedClosed):
            aead.open_(OTHER_KEY, sealed, b"place")
        with pytest.raises(FailedClosed):
            aead.open_(KEY, sealed, b"other place")

    @pytest.mark.parametrize("length", [0, 16, 24, 31, 33])
    def test_keys_and_nonces_of_another_length_are_refused(self, length):
        with pytest.raises(ValueError, match="expected 32"):
            aead.seal(bytes(length), b"", b"")
        with pytest.raises(ValueError, match="expected 32"):
            aead.open_(bytes(length), bytes(40), b"")
        with pytest.raises(ValueError, match="expected 12"):
            aead.seal(KEY, b"", b"", nonce=bytes(length))


class TestWrappedKeys:
    def test_a_wrapped_key_unwraps_in_its_place_only(self):
        key = aead.generate_key()
        wrapped = aead.wrap_key(KEY, key, b"2026-11")

        assert aead.unwrap_key(KEY, wrapped, b"2026-11") == key
        assert len(wrapped) == 60
        for kek, aad in ((OTHER_KEY, b"2026-11"), (KEY, b"2026-12")):
            with pytest.raises(FailedClosed):
                aead.unwrap_key(kek, wrapped, aad)

    def test_a_sealed_value_is_not_taken_for_a_wrapped_key(self):
        with pytest.raises(FailedClosed):
            aead.unwrap_key(KEY, aead.seal(KEY, bytes(32), b"x"), b"x")

    def test_only_whole_keys_are_wrapped(self):
        with pytest.raises(ValueError, match="expected 32"):
            aead.wrap_key(KEY, bytes(31), b"")

    def test_made_keys_differ(self):
        assert len({aead.generate_key() for _ in range(8)}) == 8


class TestDocuments:
    @given(st.lists(st.binary(max_size=3 * SIZE), max_size=6))
    @settings(max_examples=80)
    def test_any_cutting_into_pieces_gives_the_same_sealed_bytes_and_opens_again(self, pieces):
        data = b"".join(pieces)
        header, chunks = seal_document(data, pieces=pieces)

        assert (header, chunks) == seal_document(data)
        assert open_document(joined(header, chunks)) == data
        assert [len(chunk) for chunk in chunks[:-1]] == [SIZE + TAG_BYTES] * (len(chunks) - 1)
        assert len(chunks) == max(1, -(-len(data) // SIZE))

    @pytest.mark.parametrize("length", [0, 1, SIZE - 1, SIZE, SIZE + 1, 2 * SIZE, 2 * SIZE + 1])
    def test_the_edges_of_chunks_are_right(self, length):
        data = bytes(at % 251 for at in range(length))

        assert open_document(joined(*seal_document(data))) == data

    def test_the_sealed_form_stays_what_it_was(self):
        header, chunks = seal_document(b"0123456789abcdef" * 2, size=16)

        assert header.hex() == b"SPSTIDOC".hex() + "01" + "00000010" + PREFIX.hex()
        assert [chunk.hex() for chunk in chunks] == [
            "0101553a1d9569788d4924883d73d0b805241465e1b1258797ce25e1fec05fa6",
            "f5b147d0fb5ff89cfddc25fcb6ff4818062d38948b17ac797eceb7229b5b34d0",
        ]

    def test_chunks_are_256_kib_unless_told_otherwise(self):
        sealer = ChunkSealer(KEY, "doc")
        sealed = [*sealer.update(bytes(2 * 256 * 1024)), sealer.finish()]

        assert [len(chunk) for chunk in sealed] == [256 * 1024 + TAG_BYTES] * 2

    def test_two_seals_of_one_document_differ_in_their_prefix(self):
        assert ChunkSealer(KEY, "doc").header != ChunkSealer(KEY, "doc").header

    @given(st.integers(1, 5 * SIZE), st.data())
    @settings(max_examples=40)
    def test_any_byte_is_found_without_opening_what_stands_before_it(self, length, draw):
        data = bytes(at % 251 for at in range(length))
        sealed = joined(*seal_document(data))
        start = draw.draw(st.integers(0, length - 1))
        opener = ChunkOpener(KEY, "doc", sealed[:HEADER_BYTES], len(sealed))
        index, skip = opener.locate(start)
        offset, size = opener.sealed_range(index)

        assert opener.open_chunk(index, sealed[offset : offset + size])[skip:] == data[start : (index + 1) * SIZE]

    def test_a_byte_or_chunk_that_is_not_there_is_refused(self):
        sealed = joined(*seal_document(bytes(100)))
        opener = ChunkOpener(KEY, "doc", sealed[:HEADER_BYTES], len(sealed))
        for offset in (-1, 100):
            with pytest.raises(ValueError, match="is not one of 100"):
                opener.locate(offset)
        for index in (-1, 2):
            with pytest.raises(ValueError, match="is not one of 2"):
                opener.open_chunk(index, bytes(80))

    def test_a_finished_document_takes_nothing_more(self):
        sealer = ChunkSealer(KEY, "doc")
        sealer.finish()
        with pytest.raises(ValueError, match="finished"):
            sealer.update(b"x")
        with pytest.raises(ValueError, match="finished"):
            sealer.finish()

    def test_no_nonce_is_used_twice_at_the_end_of_the_counter(self):
        sealer = ChunkSealer(KEY, "doc", chunk_size=16)
        sealer._counter = 2**32
        with pytest.raises(ValueError, match="chunks"):
            sealer.finish()

    def test_parameters_of_another_length_are_refused(self):
        for bad in ({"key": bytes(16)}, {"nonce_prefix": b"short"}, {"chunk_size": 15}, {"chunk_size": 2**25}):
            with pytest.raises(ValueError, match="expected|outside"):
                ChunkSealer(**({"key": KEY, "document_id": "doc"} | bad))
        with pytest.raises(ValueError, match="expected 32"):
            ChunkOpener(bytes(16), "doc", bytes(HEADER_BYTES), 100)


class TestDamagedDocuments:
    DATA = bytes(at % 251 for at in range(3 * SIZE + 10))

    def refused(self, sealed, **kwargs):
        with pytest.raises(FailedClosed) as caught:
            open_document(sealed, **kwargs)
        assert caught.value.code is Code.VAULT_DAMAGED

    @pytest.mark.parametrize(
        "order", [(1, 0, 2, 3), (0, 2, 1, 3), (0, 0, 2, 3), (0, 1, 2), (0, 1), (0,), (0, 1, 3), (3,), (0, 1, 2, 2, 3)]
    )
    def test_chunks_moved_dropped_or_repeated_are_refused(self, order):
        header, chunks = seal_document(self.DATA)
        self.refused(joined(header, [chunks[at] for at in order]))

    @given(st.data())
    @settings(max_examples=80)
    def test_any_changed_byte_is_refused_the_header_included(self, draw):
        sealed = joined(*seal_document(self.DATA))
        at = draw.draw(st.integers(0, len(sealed) - 1))
        self.refused(sealed[:at] + bytes([sealed[at] ^ draw.draw(st.integers(1, 255))]) + sealed[at + 1 :])

    def test_every_truncation_is_refused(self):
        sealed = joined(*seal_document(self.DATA))
        for cut in range(len(sealed)):
            self.refused(sealed[:cut])

    def test_every_truncation_of_whole_chunks_is_refused(self):
        header, chunks = seal_document(bytes(4 * SIZE))
        for count in range(4):
            self.refused(joined(header, chunks[:count]))

    @pytest.mark.parametrize("extra", [b"\0", bytes(15), bytes(16), bytes(17), bytes(SIZE + TAG_BYTES), bytes(200)])
    def test_appended_bytes_are_refused(self, extra):
        for data in (self.DATA, b"", bytes(2 * SIZE)):
            self.refused(joined(*seal_document(data)) + extra)

    def test_a_chunk_appended_under_the_same_key_is_refused(self):
        header, chunks = seal_document(bytes(2 * SIZE))
        _, longer = seal_document(bytes(3 * SIZE))
        self.refused(joined(header, [*chunks, longer[2]]))

    def test_another_document_id_or_key_is_refused(self):
        sealed = joined(*seal_document(self.DATA))
        self.refused(sealed, document_id="other")
        self.refused(sealed, key=OTHER_KEY)

    def test_a_chunk_of_another_length_than_its_place_has_is_refused(self):
        header, chunks = seal_document(self.DATA)
        opener = ChunkOpener(KEY, "doc", header, len(joined(header, chunks)))
        with pytest.raises(FailedClosed, match="does not fit its place"):
            opener.open_chunk(0, chunks[3])

    @pytest.mark.parametrize(
        "header",
        [
            b"",
            bytes(HEADER_BYTES),
            b"SPSTIDOC\x02" + (64).to_bytes(4) + PREFIX,
            b"SPSTIDOX\x01" + (64).to_bytes(4) + PREFIX,
            b"SPSTIDOC\x01" + (0).to_bytes(4) + PREFIX,
            b"SPSTIDOC\x01" + (2**31).to_bytes(4) + PREFIX,
            b"SPSTIDOC\x01" + (64).to_bytes(4) + PREFIX + b"\0",
        ],
    )
    def test_another_header_is_refused(self, header):
        with pytest.raises(FailedClosed):
            ChunkOpener(KEY, "doc", header, 1000)

    @pytest.mark.parametrize("size", [-1, 0, HEADER_BYTES, HEADER_BYTES + 15, 2**60])
    def test_a_size_that_no_document_gives_is_refused(self, size):
        with pytest.raises(FailedClosed):
            ChunkOpener(KEY, "doc", b"SPSTIDOC\x01" + (64).to_bytes(4) + PREFIX, size)

    @given(st.binary(max_size=300))
    @settings(max_examples=60)
    def test_rubbish_is_refused(self, data):
        self.refused(data)
