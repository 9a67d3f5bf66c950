"""Why an adapter cannot be had, as the connector's faults; and those faults on the way between two processes."""

from collections.abc import Mapping
from typing import Any

from connector.core.errors import ConfigFault
from connector.core.fault_words import SENTENCES
from connector.core.faults import Fault, unworded


def adapter_refused(kind: str, half: str, name: str, **values: object) -> ConfigFault:
    """Make the error of one adapter by the kind of its fault; the text itself is its only fault."""
    fault = Fault(kind, {"half": half, "name": name, **values})
    text = fault.text("en")
    return ConfigFault(text, faults=(text,), hint=fault.remedy("en"), details=(fault,))


def write_fault(fault: Fault) -> dict[str, Any]:
    """Give a fault as JSON."""
    return {"kind": fault.kind, "values": dict(fault.values), "part": fault.part}


def read_fault(written: Any) -> Fault:  # noqa: ANN401 - any JSON
    """Read a fault; what an adapter's process makes of it is believed as far as it can be worded.

    Raises:
        KeyError, TypeError, ValueError: it is none.
    """
    kind, values = str(written["kind"]), {str(name): _plain(value) for name, value in dict(written["values"]).items()}
    fault = Fault(kind, values, part=str(written["part"]))
    if kind not in SENTENCES:
        raise ValueError
    for language in ("en", "fr"):
        fault.whole(language)  # every value that its sentences need is there
    return fault


def refusal(fault: ConfigFault) -> dict[str, Any]:
    """Give as JSON why an adapter cannot be had."""
    told = [write_fault(one) for one in fault.details]
    return {"refused": fault.message, "faults": list(fault.faults), "hint": fault.hint, "details": told}


def read_refusal(said: Mapping[str, Any]) -> ConfigFault:
    """Read why an adapter cannot be had; details that cannot be worded are told by its message."""
    message, hint, faults = str(said["refused"]), str(said.get("hint", "")), said.get("faults")
    texts = tuple(map(str, faults)) if isinstance(faults, list) else ()
    try:
        details = tuple(read_fault(one) for one in said["details"])
    except (AttributeError, KeyError, TypeError, ValueError):
        details = tuple(unworded(text, hint) for text in texts)
    return ConfigFault(message, faults=texts, hint=hint, details=details)


def _plain(value: object) -> object:
    return [str(part) for part in value] if isinstance(value, list) else str(value)
