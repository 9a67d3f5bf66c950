"""Adapters found by entry points: real distributions in a folder on the path, and the faults of their options."""

import importlib
import sys
import textwrap
from pathlib import Path

import pytest

from connector.contract import AdapterContext, Environment
from connector.contract.discovery import (
    AdapterInfo,
    installed,
    load_sink,
    load_source,
    sink_option_faults,
    source_option_faults,
)
from connector.core.errors import ConfigFault
from tests.contract.vendors import MEMBER, NOW

SOURCE = """
from pathlib import Path
from typing import Literal
from pydantic import BaseModel, Field, field_validator
from connector.contract import AdapterHealth, AdapterOptions, Source

class Login(BaseModel):
    user: str
    password: str = Field(max_length=8)

class AcmeSource(Source):
    contract_version = 1

    class Options(AdapterOptions):
        folder: Path
        timeout_seconds: int = Field(5, ge=1, le=60)
        mode: Literal["fast", "careful"] = "careful"
        login: Login | None = None
        token: str = "none"

        @field_validator("token")
        @classmethod
        def check_token(cls, token):
            if token.startswith("bad"):
                raise ValueError(f"the token {token} is not known")
            return token

    def __init__(self, options, context):
        self.options, self.context = options, context
        if options.token == "burst":
            raise RuntimeError(options.token)

    def look(self, ins): ...
    def document(self, announcement): ...
    def trace(self, trace): ...
    def health(self): return AdapterHealth(ok=True)

class OldSource(AcmeSource):
    contract_version = 0

class NoVersion(AcmeSource):
    contract_version = None

class OddOptions(AcmeSource):
    Options = dict

class NotASource:
    contract_version = 1
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Put a distribution on the path: a module, its metadata, its entry points."""

    def put(name: str, entries: dict[str, dict[str, str]], code: str = SOURCE, version: str = "2.1") -> Path:
        folder = tmp_path / name
        module = name.replace("-", "_")
        info = folder / f"{module}-{version}.dist-info"
        info.mkdir(parents=True)
        (folder / f"{module}.py").write_text(textwrap.dedent(code))
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(
            "\n".join(
                f"[spsti_connector.{group}]\n" + "\n".join(f"{key} = {module}:{what}" for key, what in named.items())
                for group, named in entries.items()
            )
        )
        monkeypatch.syspath_prepend(str(folder))
        importlib.invalidate_caches()
        return folder

    yield put
    for module in [name for name in sys.modules if name.startswith("acme_")]:
        del sys.modules[module]


@pytest.fixture
def context(tmp_path):
    return AdapterContext(MEMBER, Environment.TEST, tmp_path, tmp_path / "data", lambda: NOW)


def faults_of(name, options, context) -> tuple[str, ...]:
    with pytest.raises(ConfigFault) as caught:
        load_source(name, options, context)
    return caught.value.faults


def test_a_source_is_made_with_its_validated_options(install, context):
    folder = install("acme-dmst", {"sources": {"acme": "AcmeSource"}})

    source, info = load_source("acme", {"folder": "exports", "timeout_seconds": 9}, context)

    assert info == AdapterInfo("acme", "acme-dmst", "2.1", 1, ("source",), str(folder))
    assert source.options.timeout_seconds == 9
    assert source.context is context


def test_all_faults_of_the_options_come_at_once_by_key_path(install, context):
    install("acme-dmst", {"sources": {"acme": "AcmeSource"}})
    options = {"timeout_secs": 3, "timeout_seconds": 600, "mode": "quick", "login": {"user": "svc"}}

    assert set(faults_of("acme", options, context)) == {
        "folder: missing, and it has no default - add it",
        "login.password: missing, and it has no default - add it",
        "mode: Input should be 'fast' or 'careful' - see the adapter's guide",
        "timeout_seconds: Input should be less than or equal to 60 - see the adapter's guide",
        'timeout_secs: unknown key - did you mean "timeout_seconds"?',
    }


def test_no_fault_repeats_what_was_given(install, context):
    install("acme-dmst", {"sources": {"acme": "AcmeSource"}})
    options = {
        "folder": ["hunter-two"],
        "token": "bad-hunter-two",
        "login": {"user": "svc", "password": "hunter-two-hunter-two"},
        "mode": "hunter-two",
    }

    faults = faults_of("acme", options, context)

    assert len(faults) == 4
    assert "hunter" not in " ".join(faults)
    assert "token: refused by the adapter - see the adapter's guide" in faults


def test_the_faults_come_as_values_for_who_knows_the_file(install):
    install("acme-dmst", {"sources": {"acme": "AcmeSource"}, "sinks": {}})

    (fault,) = source_option_faults("acme", {"folder": "x", "login": {"user": "svc", "password": "123456789"}})

    assert fault.path == ("login", "password")
    with pytest.raises(ConfigFault):
        sink_option_faults("acme", {})


def test_an_adapter_that_is_not_installed_names_the_nearest(install, context):
    install("acme-dmst", {"sources": {"acme": "AcmeSource"}})

    (fault,) = faults_of("acmee", {}, context)

    assert fault == 'source adapter "acmee" is not installed; did you mean "acme"?'


def test_two_distributions_with_one_name_are_refused(install, context):
    install("acme-dmst", {"sources": {"acme": "AcmeSource"}})
    install("acme-other", {"sources": {"acme": "AcmeSource"}})

    (fault,) = faults_of("acme", {}, context)

    assert "acme-dmst, acme-other" in fault


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("OldSource", "contract version 0, this connector speaks 1"),
        ("NoVersion", "contract version none"),
        ("NotASource", "no subclass of connector.contract.Source"),
        ("OddOptions", "no subclass of connector.contract.AdapterOptions"),
        ("Missing", "could not be imported (AttributeError"),
    ],
)
def test_what_is_no_adapter_for_this_connector_is_refused_with_the_reason(install, context, what, words):
    install("acme-dmst", {"sources": {"acme": what}})

    (fault,) = faults_of("acme", {"folder": "x"}, context)

    assert words in fault


def test_an_import_that_fails_names_the_missing_module_and_no_text(install, context):
    install("acme-dmst", {"sources": {"acme": "AcmeSource"}}, "import nowhere_to_be_found")
    install("acme-loud", {"sources": {"loud": "AcmeSource"}}, "raise RuntimeError('password=hunter-two')")

    (missing,), (loud,) = faults_of("acme", {}, context), faults_of("loud", {}, context)

    assert "ModuleNotFoundError: nowhere_to_be_found" in missing
    assert "RuntimeError" in loud
    assert "hunter" not in loud


def test_a_constructor_that_raises_is_told_by_its_type(install, context):
    install("acme-dmst", {"sources": {"acme": "AcmeSource"}})

    (fault,) = faults_of("acme", {"folder": "x", "token": "burst"}, context)

    assert fault == 'source adapter "acme" could not be made (RuntimeError in its constructor)'


def test_listing_imports_nothing(install):
    install("acme-dmst", {"sources": {"acme": "AcmeSource"}, "sinks": {"acme": "AcmeSink"}}, "raise SystemExit")

    (info,) = [one for one in installed() if one.name == "acme"]

    assert info.halves == ("source", "sink")
    assert info.contract_version is None
    assert "acme_dmst" not in sys.modules


def test_a_source_is_no_sink(install, context):
    install("acme-dmst", {"sources": {"acme": "AcmeSource"}, "sinks": {"acme": "AcmeSource"}})

    with pytest.raises(ConfigFault, match=r"no subclass of connector\.contract\.Sink"):
        load_sink("acme", {"folder": "x"}, context)
