"""How what goes wrong in an adapter becomes an `AdapterFault`: by kind, in our own words, never in the adapter's.

An exception's text may hold a name, a query, a matricule: it is dropped here. Its type name is kept for the counter,
since operators need something to show the vendor.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from connector.contract.adapter import AdapterError, Problem
from connector.core.codes import Code
from connector.core.errors import AdapterFault, IdentityFault
from connector.core.fault_words import TERMS
from connector.core.faults import Fault, unworded

_TYPE_NAME = re.compile(r"[A-Za-z_][A-Za-z_0-9]{0,60}")
_WORD = re.compile(r"[A-Za-z_][A-Za-z_0-9-]{0,60}")

# The code, whether it says that the software as a whole does not serve (then the breaker counts it), our words, and
# what to do. What concerns one worker must not open the breaker: a peer could ask for that worker again and again.
_OF_PROBLEM: dict[Problem, tuple[Code, bool, str, str]] = {
    Problem.UNREACHABLE: (
        Code.ADAPTER_FAILED,
        True,
        "the vendor's software or its database does not answer",
        "see that it runs and can be reached from here",
    ),
    Problem.ACCESS_REFUSED: (
        Code.ADAPTER_FAILED,
        True,
        "the vendor's software refused our login or a right",
        "compare the account and its rights with the adapter's guide",
    ),
    Problem.BUSY: (Code.ADAPTER_BUSY, True, "the vendor's software asks to come back later", "try again"),
    Problem.SCHEMA: (
        Code.ADAPTER_FAILED,
        True,
        "a table, column, route or field of the vendor's software is not as configured",
        "compare the configuration with the software's version",
    ),
    Problem.DATA: (
        Code.ADAPTER_CONTRACT,
        False,
        "what the vendor's software holds about this worker cannot be right",
        "have it put right in the vendor's software",
    ),
    Problem.AMBIGUOUS: (
        Code.ADAPTER_CONTRACT,
        False,
        "the vendor's software holds two workers or two current records where there must be one",
        "have the duplicate resolved in the vendor's software",
    ),
    Problem.DOCUMENT_GONE: (
        Code.DOCUMENT_CHANGED,
        False,
        "the announced version is no longer the one to give",
        "look again",
    ),
    Problem.DOCUMENT_UNREADABLE: (
        Code.ADAPTER_CONTRACT,
        False,
        "the document cannot be read, or is of another kind than announced",
        "have the document checked in the vendor's software",
    ),
    Problem.NOT_SUPPORTED: (
        Code.ADAPTER_CONTRACT,
        False,
        "the vendor's software has no place for it",
        "ask the vendor for an adapter that keeps it",
    ),
}


_OF_THE_WHOLE = frozenset({Code.ADAPTER_FAILED, Code.ADAPTER_BUSY, Code.ADAPTER_TIMEOUT})
"""Codes that say that the software as a whole does not serve, whoever was asked about."""


@dataclass(frozen=True, slots=True)
class FaultSeen:
    """One fault of an adapter, for counters and logs: no text of the adapter's, no identity.

    `cause` is a `Problem`, the type name of an exception, or the guard's own word.
    """

    adapter: str
    operation: str
    code: Code
    cause: str


FaultReport = Callable[[FaultSeen], None]


class ProcessFault(Exception):
    """What went wrong in or with an adapter's process, judged there or by who watches it (`contract.isolated`).

    `words` and `hint` are the connector's own, never the adapter's.
    """

    def __init__(self, code: Code, words: str, *, hint: str = "", cause: str, message: str = "") -> None:
        super().__init__()
        self.code, self.words, self.hint, self.cause, self.message = code, words, hint, cause, message


@dataclass(frozen=True, slots=True)
class Judged:
    """An exception of an adapter, judged: what to raise, the word for the counter, and whether the breaker counts."""

    fault: AdapterFault
    cause: str
    counts: bool


def judge(error: BaseException, *, adapter: str, operation: str) -> Judged:
    """Turn whatever an adapter raised into a fault, without its text."""
    if isinstance(error, AdapterError):
        code, counts, words, hint = _OF_PROBLEM[error.problem]
        return Judged(_fault(adapter, operation, words, code, hint), error.problem.value, counts)
    if isinstance(error, ProcessFault):
        fault = _fault(adapter, operation, error.words, error.code, error.hint)
        if error.message:  # it was put into words by the guard over there
            fault = AdapterFault(error.message, code=error.code, hint=error.hint)
        return Judged(fault, error.cause, error.code in _OF_THE_WHOLE)
    if isinstance(error, IdentityFault):
        # A value of `core` refused what the vendor's database holds, and the adapter let it through.
        code, counts, words, hint = _OF_PROBLEM[Problem.DATA]
        return Judged(_fault(adapter, operation, words, code, hint), type_name(error), counts)
    words = f"got an exception ({type_name(error)}), expected an answer"
    hint = "give the vendor the adapter's own log, or run `adapter check`"
    return Judged(_fault(adapter, operation, words, Code.ADAPTER_FAILED, hint), type_name(error), counts=True)


def type_name(thing: object) -> str:
    """Give the name of a value's type where it looks like one: a type can be made at run time, out of anything."""
    name = type(thing).__name__
    return name if _TYPE_NAME.fullmatch(name) else "a type of no plain name"


def plain_word(text: str) -> str:
    """Give a word of another process where it looks like the name of a type or a problem."""
    return text if _WORD.fullmatch(text) else "a word of no plain form"


def late(*, adapter: str, operation: str, seconds: float) -> AdapterFault:
    """Make the fault of an adapter that did not answer in time."""
    return _fault(
        adapter,
        operation,
        f"got no answer within {seconds:g} s",
        Code.ADAPTER_TIMEOUT,
        "see whether the vendor's software is slow or hangs",
    )


def busy(*, adapter: str, operation: str, places: int) -> AdapterFault:
    """Make the fault of an adapter whose places are all taken."""
    return _fault(
        adapter,
        operation,
        f"all {places} places are taken",
        Code.ADAPTER_BUSY,
        "try again; see why its calls take long",
    )


def resting(*, adapter: str, operation: str, seconds: float, code: Code) -> AdapterFault:
    """Make the fault of an adapter that is left alone after failures in a row; `code` is that of the last one."""
    return _fault(
        adapter, operation, f"not asked after failures in a row, next try in {max(seconds, 1):.0f} s", code, ""
    )


def broken(*, adapter: str, operation: str, got: str, expected: str) -> AdapterFault:
    """Make the fault of an answer against the contract; `got` is a shape or a type, never a value."""
    return _fault(
        adapter,
        operation,
        f"got {got}, expected {expected}",
        Code.ADAPTER_CONTRACT,
        "run the conformance kit and report it to the vendor",
    )


def document_fault(code: Code, *, adapter: str, got: str, expected: str) -> AdapterFault:
    """Make the fault of a document that is not worth sending: `document.empty`, `document.too_large`."""
    return _fault(adapter, "document", f"got {got}, expected {expected}", code, "have it checked in the software")


def as_value(fault: AdapterFault, seen: FaultSeen | None) -> Fault:
    """Give a fault as a value; `seen` is what was reported of it, with its cause."""
    if seen is None:
        return unworded(f"{fault.message} ({fault.code})")
    kind = "examined.fault" if seen.cause in TERMS["fr"] else "examined.exception"
    return Fault(kind, {"text": fault.message, "code": fault.code.value, "cause": seen.cause})


def _fault(adapter: str, operation: str, words: str, code: Code, hint: str) -> AdapterFault:
    return AdapterFault(f"adapter {adapter}, {operation}: {words}", code=code, hint=hint)
