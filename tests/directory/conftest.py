"""A federation with its operators and members, for each test."""

import pytest

from tests.kit.directory import Federation


@pytest.fixture
def federation(tmp_path):
    return Federation(tmp_path / "federation")
