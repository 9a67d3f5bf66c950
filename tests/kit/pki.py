"""The sandbox's test PKI, for tests: `from tests.kit.pki import Pki`."""

from spsti_sandbox.pki import Authority, Leaf, Pki

__all__ = ["Authority", "Leaf", "Pki"]
