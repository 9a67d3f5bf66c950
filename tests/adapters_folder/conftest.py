"""A folder with an export of three workers, and a way to open adapters that are closed at the end."""

import pytest

from tests.adapters_folder.export import PDF, as_csv, line, put, source_over


@pytest.fixture
def folder(tmp_path):
    """Worker 1 may be given, worker 2 objects, worker 3 has no document."""
    folder = tmp_path / "export"
    folder.mkdir()
    put(folder, "pdf/1.pdf", PDF)
    put(folder, "pdf/2.pdf", PDF + b"%%EOF\n")
    lines = [line(1), line(2, opposition="yes"), line(3, file="", last_act_on="", opposition="")]
    put(folder, "index.csv", as_csv(lines))
    return folder


@pytest.fixture
def opened(folder):
    """Open a source over the folder; it is closed at the end."""
    made = []

    def make(at=folder, **options):
        made.append(source_over(at, **options))
        return made[-1]

    yield make
    for source in made:
        source.close()
