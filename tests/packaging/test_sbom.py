"""The bill of materials: what the wheels say, whole, and valid by CycloneDX's own schema."""

import importlib.util
import json
import zipfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cyclonedx.schema import OutputFormat, SchemaVersion
from cyclonedx.validation import make_schemabased_validator

PATH = Path(__file__).parents[2] / "packaging" / "sbom.py"
SPEC = importlib.util.spec_from_file_location("sbom", PATH)
sbom = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(sbom)
MOMENT = datetime(2026, 11, 23, tzinfo=UTC)


def wheel(folder, name, *lines):
    path = folder / f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    text = "\n".join(["Metadata-Version: 2.4", f"Name: {name}", "Version: 1.0", *lines]) + "\n\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name.replace('-', '_')}-1.0.dist-info/METADATA", text)
    return path


@pytest.fixture
def wheels(tmp_path):
    wheel(
        tmp_path, "spsti-connector", "License-Expression: Apache-2.0", "Requires-Dist: Needed_Always",
        'Requires-Dist: needed-old; python_version < "3.12"', 'Requires-Dist: lxml; extra == "insi"',
        'Requires-Dist: never; extra == "docs"',
    )  # fmt: skip
    wheel(tmp_path, "needed-always", "License: MIT")
    wheel(tmp_path, "needed-old", "Classifier: License :: OSI Approved :: BSD License")
    wheel(tmp_path, "lxml", "License-Expression: BSD-3-Clause AND MIT")
    return tmp_path


def bill(folder, python="3.11"):
    return sbom.bill([sbom.read(path) for path in sorted(folder.glob("*.whl"))], python, MOMENT)


def test_every_wheel_is_named_with_its_own_hash_and_licence(wheels):
    made = json.loads(bill(wheels))
    found = {one["name"]: one for one in made["components"]}
    (licence,) = found["needed-always"]["licenses"]

    assert found.keys() == {"needed-always", "needed-old", "lxml"}
    assert made["metadata"]["component"]["name"] == "spsti-connector"
    assert licence == {"license": {"id": "MIT"}}
    for name, one in found.items():
        content = (wheels / f"{name.replace('-', '_')}-1.0-py3-none-any.whl").read_bytes()
        assert one["hashes"] == [{"alg": "SHA-256", "content": sha256(content).hexdigest()}]


def test_what_needs_what_is_that_of_the_target(wheels):
    def needed(python):
        rows = {row["ref"]: row.get("dependsOn", []) for row in json.loads(bill(wheels, python))["dependencies"]}
        return rows["spsti-connector@1.0"]

    assert needed("3.11") == ["lxml@1.0", "needed-always@1.0", "needed-old@1.0"]
    assert needed("3.13") == ["lxml@1.0", "needed-always@1.0"]


def test_the_same_wheels_give_the_same_valid_bill(wheels):
    first = bill(wheels)

    assert first == bill(wheels)
    assert make_schemabased_validator(OutputFormat.JSON, SchemaVersion.V1_6).validate_str(first) is None


def test_a_bill_without_our_own_wheel_is_refused(wheels):
    next(wheels.glob("spsti*")).unlink()

    with pytest.raises(SystemExit, match="its wheel is not among those given"):
        bill(wheels)
