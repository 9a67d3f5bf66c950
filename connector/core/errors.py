"""Every error this program raises on purpose, by who must act.

    ConnectorError            abstract: code, message, hint
      ConfigFault             before anything listens: the operator
      RequestRefused          what was sent cannot be served: whoever sent it
        MandateRefused        the mandate or the demand it carries: the asking member
        IdentityFault         an INS or a trait that is not one: whoever entered it
        LocalRefused          a call of the local API or the CLI: its caller
        LimitReached          more was asked than may be: the asking member
      PeerFault               unreachable, slow, misbehaved: the other member
      InsiFault               the national identity service is down, refuses us, or answers what cannot be relied on
      AdapterFault            absent, slow, contract broken: the vendor
      DocumentRejected        digest, size, not a PDF, active content: both members
      FailedClosed            ledger, vault, state, clock or disk, nothing left this house: the operator

"No record", "the worker objected" and "identities differ" are not errors: see `core.outcome`. An error carries a stable
`code`, a message for people (thing, got, expected, what to do) and fields for programs; it never holds an INS, a name
or a byte of a document, and it neither logs nor exits.
"""

from collections.abc import Sequence

from connector.core.codes import Code
from connector.core.faults import Fault, unworded


class ConnectorError(Exception):
    """Base of all; raise one of the leaves.

    `message` says the thing, what was got and what was expected; `hint` what to do next.
    """

    default_code: Code = Code.INTERNAL

    def __init__(self, message: str, *, code: Code | str | None = None, hint: str = "") -> None:
        if type(self) is ConnectorError:
            msg = "ConnectorError is abstract: raise the leaf that says who must act"
            raise TypeError(msg)
        super().__init__(message)
        self.code = Code(code) if code is not None else self.default_code
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """Message and hint in one line, for people."""
        return f"{self.message}: {self.hint}" if self.hint else self.message

    @property
    def fault(self) -> Fault:
        """What is wrong, as a value: of an error that was raised as a text, French has the words of its code."""
        return Fault("stopped", {"text": self.message, "hint": self.hint, "code": self.code.value})


class ConfigFault(ConnectorError):
    """The configuration cannot be used.

    `details` are its faults as values, for whoever tells them in a language or to a program; `faults` the same as
    English texts where there are several, or where they have a place.
    """

    default_code = Code.CONFIG_FAULT

    def __init__(
        self, message: str, *, faults: tuple[str, ...] = (), hint: str = "", details: tuple[Fault, ...] = ()
    ) -> None:
        super().__init__(message, hint=hint)
        self.faults = faults
        self.details = details or tuple(unworded(text, hint) for text in faults or (message,))

    @classmethod
    def of(cls, kind: str, /, **values: object) -> "ConfigFault":
        """Make the error of one fault by its kind in `core.fault_words`; its message is the English one."""
        fault = Fault(kind, values)
        return cls(fault.text("en"), hint=fault.remedy("en"), details=(fault,))

    @classmethod
    def of_all(cls, heading: str, faults: Sequence[Fault], hint: str = "") -> "ConfigFault":
        """Make the one error that carries several."""
        texts = tuple(map(str, faults))
        return cls(heading, faults=texts, hint=hint, details=tuple(faults))


class RequestRefused(ConnectorError):
    """What was sent cannot be served, whatever this house holds."""

    default_code = Code.REQUEST_MALFORMED


class MandateRefused(RequestRefused):
    """The mandate, or the demand it carries, is refused for what it says (PROTOCOL section 4, `refused`)."""

    default_code = Code.MANDATE_MALFORMED


class IdentityFault(RequestRefused):
    """A text that is no INS or no strict trait. `got` tells its shape, never the value."""

    default_code = Code.IDENTITY_MALFORMED

    def __init__(self, code: Code | str, *, field: str, got: str, expected: str, hint: str = "") -> None:
        super().__init__(f"{field}: got {got}, expected {expected}", code=code, hint=hint)
        self.field, self.got, self.expected = field, got, expected


class LocalRefused(RequestRefused):
    """A call of the local API or of the CLI that its caller can put right."""

    default_code = Code.LOCAL_MALFORMED

    def __init__(self, message: str, *, code: Code | str | None = None, hint: str = "", field: str = "") -> None:
        super().__init__(message, code=code, hint=hint)
        self.field = field


class LimitReached(RequestRefused):
    """More was asked than PROTOCOL section 5 allows: nothing is looked at. `retry_after` is in seconds."""

    default_code = Code.LIMIT_EXCEEDED

    def __init__(self, message: str, *, retry_after: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


class PeerFault(ConnectorError):
    """The other member did not do its part. `retry_after` in seconds when it said so."""

    default_code = Code.PEER_MISBEHAVED

    def __init__(
        self, message: str, *, code: Code | str | None = None, hint: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.retry_after = retry_after


class InsiFault(ConnectorError):
    """INSi gave no answer that may be used. What "none found" and "several found" are, `core.insi` says: no errors.

    `service_code` is INSi's own word (`desir_550`, `insi_102`…) where it gave one, for its support; `retry_after` in
    seconds where it said so.
    """

    default_code = Code.INSI_UNAVAILABLE

    def __init__(
        self,
        message: str,
        *,
        code: Code | str | None = None,
        hint: str = "",
        service_code: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self.service_code, self.retry_after = service_code, retry_after

    @property
    def may_be_tried_again(self) -> bool:
        """Whether the same search may be sent once more by itself: INSi or the way to it failed, not what was sent."""
        return self.code in {Code.INSI_UNREACHABLE, Code.INSI_TIMEOUT, Code.INSI_UNAVAILABLE}


class AdapterFault(ConnectorError):
    """The vendor's adapter is absent, slow, or broke its contract."""

    default_code = Code.ADAPTER_FAILED


class DocumentRejected(ConnectorError):
    """A document that is not shown: both members keep the reason in their ledgers."""

    default_code = Code.DOCUMENT_DIGEST


class FailedClosed(ConnectorError):
    """Ledger, vault, state, clock or disk cannot be relied on: nothing left this house."""

    default_code = Code.LEDGER_UNAVAILABLE

    def __init__(
        self, message: str, *, code: Code | str | None = None, hint: str = "", fault: Fault | None = None
    ) -> None:
        super().__init__(message, code=code, hint=hint)
        self._fault = fault

    @classmethod
    def of(cls, code: Code, kind: str, /, **values: object) -> "FailedClosed":
        """Make the error by the kind of its fault in `core.fault_words`; its message is the English one."""
        fault = Fault(kind, values)
        return cls(fault.text("en"), code=code, hint=fault.remedy("en"), fault=fault)

    @property
    def fault(self) -> Fault:
        """What is wrong, as a value with a sentence of its own where there is one."""
        return self._fault or super().fault
