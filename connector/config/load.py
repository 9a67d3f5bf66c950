"""Read the configuration file once and tell all its faults at once, each with file, line, column, key and remedy.

The same code runs at start, on SIGHUP and in `spsti-connector check`: what one accepts, the others do.
"""

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from connector.config.locate import Path as KeyPath
from connector.config.locate import Position, positions
from connector.config.model import ConfigFile
from connector.config.references import own_user
from connector.config.validation import faults_of
from connector.core.errors import ConfigFault
from connector.core.faults import Fault, reason
from connector.directory.toml_problems import place_of, problem_of

__all__ = ["Fault", "LoadedFile", "fault_error", "load"]


def fault_error(faults: Sequence[Fault]) -> ConfigFault:
    """Give the one error that carries all faults."""
    count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
    return ConfigFault.of_all(f"configuration: {count}\n" + "\n".join(map(str, faults)), faults)


@dataclass(frozen=True, slots=True)
class LoadedFile:
    """The parsed file with the means to say where a key stands and to resolve what it refers to."""

    path: Path
    model: ConfigFile
    places: dict[KeyPath, Position]

    def placed(self, key: KeyPath, fault: Fault) -> Fault:
        """Say about one key what is wrong, at the nearest place of the file that holds it."""
        return _placed(self.path.name, self.places, key, fault)


def load(path: Path) -> LoadedFile:
    """Read and validate the file.

    Raises:
        ConfigFault: with every fault found; nothing of the values is repeated.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")  # Windows' editors begin a file with a mark
    except PermissionError as error:
        values = {"reason": reason(error), "path": str(path), "user": own_user()}
        raise fault_error([Fault("file.forbidden", values, str(path))]) from None
    except OSError as error:
        raise fault_error([Fault("file.unreadable", {"reason": reason(error)}, str(path))]) from None
    except UnicodeDecodeError:
        raise fault_error([Fault("file.not-utf8", {}, str(path))]) from None
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        said, line, column = place_of(error)
        values = {"text": said, "problem": problem_of(said)}
        raise fault_error([Fault("file.not-toml", values, path.name, line, column)]) from None
    places = positions(text)
    try:
        model = ConfigFile.model_validate(data)
    except ValidationError as error:
        faults = [_placed(path.name, places, key, fault) for key, fault in faults_of(error)]
        raise fault_error(sorted(faults, key=lambda fault: (fault.line, fault.column))) from None
    return LoadedFile(path, model, places)


def _placed(file: str, places: dict[KeyPath, Position], key: KeyPath, fault: Fault) -> Fault:
    line, column = _nearest(places, key)
    return fault.at(file, line, column, _dotted(key))


def _nearest(places: dict[KeyPath, Position], key: KeyPath) -> Position:
    for length in range(len(key), 0, -1):
        if key[:length] in places:
            return places[key[:length]]
    return 1, 1


def _dotted(key: KeyPath) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in key).lstrip(".")
