"""The sandbox's test PKI, for tests: `from tests.kit.pki import Pki`."""

from spsti_sandbox.pki import Authority, KeyKind, Leaf, Pki

__all__ = ["Authority", "KeyKind", "Leaf", "Pki"]
