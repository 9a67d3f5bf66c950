"""The master key and what is derived from it: one key for sealed rows, one for tags, one for the vault, one for epochs.

The master key is a file outside the database: 32 random bytes as base64url. Whoever has the database alone reads ids,
states, instants, member ids and keyed tags, and no identity (DESIGN section 6).
"""

import stat
from dataclasses import dataclass, field
from pathlib import Path

from connector.core import b64
from connector.core.errors import ConfigFault
from connector.core.faults import reason
from connector.core.matricule import Ins
from connector.crypto.aead import KEY_BYTES, generate_key
from connector.crypto.mac import KeyedHash, derive

TAG_BYTES = 16
"""128 bits of a tag are enough to find by, and half the index."""


@dataclass(frozen=True, slots=True)
class StateKeys:
    """The keys of one member's state."""

    rows: bytes = field(repr=False)
    vault: bytes = field(repr=False)
    epochs: bytes = field(repr=False)
    tags: KeyedHash

    @classmethod
    def derive(cls, master: bytes) -> "StateKeys":
        """Derive them all; the labels are part of the format of a state directory."""
        return cls(
            rows=derive(master, "spsti state rows 1"),
            vault=derive(master, "spsti vault 1"),
            epochs=derive(master, "spsti ledger epochs 1"),
            tags=KeyedHash(derive(master, "spsti tags 1")),
        )

    def worker_tag(self, ins: Ins) -> bytes:
        """Give the tag by which ledger entries about a worker are found, matricule and OID both counting."""
        return self.tags.tag("worker", ins.oid, ins.matricule.value)[:TAG_BYTES]

    def owner_tag(self, owner: str) -> bytes:
        """Give the tag by which a practitioner's fetches are found."""
        return self.tags.tag("owner", owner)[:TAG_BYTES]

    def idempotency_tag(self, caller: str, key: str) -> bytes:
        """Give the tag of one caller's idempotency key; callers choose keys freely, so a key may name somebody."""
        return self.tags.tag("idempotency", caller, key)[:TAG_BYTES]


def new_master_key() -> bytes:
    """Make a master key, as its file holds it and `read_master_key` reads it."""
    return b64.encode(generate_key()).encode() + b"\n"


def read_master_key(path: Path) -> bytes:
    """Read the master key.

    Raises:
        ConfigFault: missing, open to everybody, or not 32 bytes in base64url.
    """
    try:
        if path.stat().st_mode & stat.S_IRWXO:
            raise ConfigFault.of("master-key.open", path=str(path))
        return b64.decode(path.read_text("ascii").strip(), size=KEY_BYTES)
    except PermissionError as error:
        raise ConfigFault.of("master-key.forbidden", path=str(path), reason=reason(error)) from None
    except OSError as error:
        raise ConfigFault.of("master-key.unreadable", path=str(path), reason=reason(error)) from None
    except ValueError:
        raise ConfigFault.of("master-key.form", path=str(path), size=KEY_BYTES) from None
