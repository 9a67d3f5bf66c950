"""The conformance kit as a pytest plugin for authors of adapters: `-p connector.contract.pytest_plugin`.

An author gives fixtures, the plugin gives tests their parameters. `spsti_case` (a `KitCase`) lets a test that asks for
`spsti_check` run once for each check of the kit; `spsti_software` (a function from versions to a source and the INS of
its one worker) lets a test that asks for `spsti_newest` run once for each case of "the newest record". Only pytest
imports this module: the connector itself does not need it.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest

from connector.contract.adapter import Source
from connector.contract.examination import SystemClock
from connector.contract.findings import CHECKS, Finding
from connector.contract.newest import EXAMPLES, newest_finding
from connector.contract.testing import KitCase, Version, examine_case, words
from connector.core.matricule import Ins

Software = Callable[[Sequence[Version]], tuple[Source, Ins]]


@dataclass(frozen=True, slots=True)
class KitCheck:
    """What one check of the kit found."""

    name: str
    findings: tuple[Finding, ...]

    def assert_right(self) -> None:
        """Fail with the words of what is wrong; skip what was not checked at all."""
        __tracebackhide__ = True
        wrong = [finding for finding in self.findings if finding.ok is False]
        if wrong:
            pytest.fail(words(wrong), pytrace=False)
        if not any(finding.is_checked for finding in self.findings):
            pytest.skip(words(self.findings) or "not reached: see health")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each check and of each case."""
    if "spsti_check" in metafunc.fixturenames:
        metafunc.parametrize("spsti_check", CHECKS, indirect=True)
    if "spsti_newest" in metafunc.fixturenames:
        metafunc.parametrize("spsti_newest", EXAMPLES, indirect=True, ids=[example.name for example in EXAMPLES])


@pytest.fixture(scope="session")
def _spsti_examined() -> dict[KitCase, list[Finding]]:
    """What was found of each case: it is examined once, though each check is a test."""
    return {}


@pytest.fixture
def spsti_check(
    request: pytest.FixtureRequest, spsti_case: KitCase, _spsti_examined: dict[KitCase, list[Finding]]
) -> KitCheck:
    """Give what one check of the kit found of the author's `spsti_case`."""
    if spsti_case not in _spsti_examined:
        _spsti_examined[spsti_case] = asyncio.run(examine_case(spsti_case))
    found = _spsti_examined[spsti_case]
    return KitCheck(request.param, tuple(finding for finding in found if finding.check == request.param))


@pytest.fixture
def spsti_newest(request: pytest.FixtureRequest, spsti_software: Software) -> KitCheck:
    """Give what the kit found where the author's `spsti_software` held the versions of one case."""
    example = request.param
    source, ins = spsti_software(example.versions)
    finding = asyncio.run(newest_finding(source, ins, example, SystemClock()))
    return KitCheck(example.name, (finding,))
