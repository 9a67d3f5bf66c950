"""The keys and certificates that other sections name: in PEM, in PKCS#12, or in a PKCS#11 token."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from connector.config.model.forms import FileRef, KeyId, Refused, Section


class KeyPair(Section):
    """A certificate with its private key: two PEM files, or one PKCS#12 file with its password by reference."""

    certificate: FileRef | None = None
    key: FileRef | None = None
    pkcs12: FileRef | None = None
    password: FileRef | None = None

    @model_validator(mode="after")
    def _one_form(self) -> "KeyPair":
        pem = self.certificate is not None or self.key is not None
        if pem == (self.pkcs12 is not None) or (pem and not (self.certificate and self.key)):
            raise Refused("section.key-pair")
        return self


class RotatingPair(KeyPair):
    """A certificate in use, and the one prepared to follow it (`keys rotate`)."""

    next: KeyPair | None = None


class TokenSection(Section):
    """A key in a PKCS#11 token: the driver's shared library, the labels of token and key, and the PIN by reference."""

    module: FileRef
    token: Annotated[str, Field(min_length=1, max_length=32)]
    key: Annotated[str, Field(min_length=1, max_length=255)]
    pin: FileRef


class SigningKey(Section):
    """A key that signs mandates, receipts and acknowledgements, as the directory lists it."""

    kid: KeyId
    algorithm: Literal["ES256", "PS256"] = "ES256"
    key: FileRef | None = None
    pkcs12: FileRef | None = None
    password: FileRef | None = None
    pkcs11: TokenSection | None = None

    @model_validator(mode="after")
    def _one_form(self) -> "SigningKey":
        if sum(form is not None for form in (self.key, self.pkcs12, self.pkcs11)) != 1:
            raise Refused("section.signing-key")
        return self


class SigningSection(SigningKey):
    """The signing key in use, and the one prepared to follow it."""

    next: SigningKey | None = None


class LedgerKey(Section):
    """An Ed25519 key that signs the checkpoints of both ledgers, as the directory lists it."""

    kid: KeyId
    key: FileRef
    password: FileRef | None = None


class LedgerSection(LedgerKey):
    """The ledger key in use, and the one prepared to follow it."""

    next: LedgerKey | None = None
