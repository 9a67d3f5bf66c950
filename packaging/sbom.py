"""Writes the bill of materials of what is shipped (CycloneDX 1.6, JSON): every wheel with version, licence and SHA-256.

It is made from the wheels that the package is built from, not from a list: name, licence and dependencies are those in
the wheel, the hash is that of the file. It is validated against CycloneDX's schema before it is written, and the same
wheels and commit give the same file.
"""

import argparse
import email.parser
import hashlib
import os
import uuid
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator
from packageurl import PackageURL
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS = "spsti-connector"
EXTRAS = ("", "insi")
"""Of our own distribution, those that the package holds."""

_NAMESPACE = uuid.UUID("6b8f5c8e-1d1c-4a45-9d5e-5a2f9f0a6d51")


@dataclass(frozen=True, slots=True)
class Wheel:
    """One file that is shipped."""

    name: str
    metadata: Message
    sha256: str

    @property
    def version(self) -> str:
        """As the wheel says."""
        return str(self.metadata["Version"])

    @property
    def licence(self) -> str:
        """An SPDX expression where there is one, else what its author wrote."""
        classified = [
            line.rpartition(" :: ")[2] for line in self.metadata.get_all("Classifier", []) if "License" in line
        ]
        stated = str(self.metadata["License"] or "").strip()
        short = stated if stated and "\n" not in stated and len(stated) < 100 else ""
        return str(self.metadata["License-Expression"] or short or " AND ".join(classified))


def main() -> None:
    """Write it."""
    parser = argparse.ArgumentParser(description="Write the bill of materials of a directory of wheels.")
    parser.add_argument("--wheels", type=Path, required=True, help="what the package is built from")
    parser.add_argument("--python", required=True, metavar="X.Y", help="the Python that will run them")
    parser.add_argument("--output", type=Path, required=True, help="the file to write")
    options = parser.parse_args()
    moment = datetime.fromtimestamp(int(os.environ["SOURCE_DATE_EPOCH"]), UTC)
    wheels = [read(path) for path in sorted(options.wheels.glob("*.whl"))]
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(bill(wheels, options.python, moment), encoding="utf-8")


def bill(wheels: Sequence[Wheel], python: str, moment: datetime) -> str:
    """Give the bill as text.

    Raises:
        SystemExit: our own wheel is not among them, or what was made breaks CycloneDX's schema.
    """
    kinds = {OURS: ComponentType.APPLICATION}
    components = {wheel.name: component(wheel, kinds.get(wheel.name, ComponentType.LIBRARY)) for wheel in wheels}
    if OURS not in components:
        raise SystemExit(f"{OURS}: its wheel is not among those given: python packaging/wheels.py")
    content = "".join(wheel.sha256 for wheel in sorted(wheels, key=lambda wheel: wheel.name))
    libraries = [found for name, found in components.items() if name != OURS]
    bom = Bom(serial_number=uuid.uuid5(_NAMESPACE, content), components=libraries)
    bom.metadata.component = components[OURS]
    bom.metadata.timestamp = moment
    for wheel in wheels:
        needed = [components[name] for name in dependencies(wheel, python) if name in components]
        bom.register_dependency(components[wheel.name], needed)
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=1)
    fault = make_schemabased_validator(OutputFormat.JSON, SchemaVersion.V1_6).validate_str(text)
    if fault is not None:
        raise SystemExit(f"the bill of materials breaks the schema of CycloneDX: {fault}")
    return text + "\n"


def component(wheel: Wheel, kind: ComponentType) -> Component:
    """Give one entry."""
    licence = wheel.licence
    return Component(
        name=wheel.name,
        version=wheel.version,
        type=kind,
        bom_ref=f"{wheel.name}@{wheel.version}",
        purl=PackageURL("pypi", name=wheel.name, version=wheel.version),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=wheel.sha256)],
        licenses=[LicenseFactory().make_from_string(licence)] if licence else [],
        description=str(wheel.metadata["Summary"] or ""),
    )


def dependencies(wheel: Wheel, python: str) -> list[str]:
    """Give the names of what a wheel needs on Linux under that Python."""
    environment = default_environment() | {"python_version": python, "python_full_version": f"{python}.0"}
    extras = EXTRAS if wheel.name == OURS else ("",)
    found = set()
    for line in wheel.metadata.get_all("Requires-Dist", []):
        requirement = Requirement(line)
        marker = requirement.marker
        if marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in extras):
            found.add(str(canonicalize_name(requirement.name)))
    return sorted(found)


def read(path: Path) -> Wheel:
    """Read what a wheel says of itself, and hash it."""
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.count("/") == 1 and name.endswith(".dist-info/METADATA"))
        metadata = email.parser.BytesParser().parsebytes(archive.read(name))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Wheel(str(canonicalize_name(str(metadata["Name"]))), metadata, sha256)


if __name__ == "__main__":
    main()
