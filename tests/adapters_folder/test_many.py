"""A folder of 200,000 files and an index as long: read once, answered from at once after a restart."""

import os
import time

import pytest

from connector.contract import Ins, InsOid, Matricule
from connector.contract.testing import check_source, words
from connector.core.matricule import key_of
from spsti_adapter_folder import FolderSource
from tests.adapters_folder.export import COLUMNS, PDF, context, ins, line, put

FILES = 200_000


def many(number):
    body = f"279{number // 100_000 % 12 + 1:02}51{number // 900 % 900 + 10:03}{number % 900 + 1:03}"
    return body + key_of(body)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("by_name", [False, True], ids=["index", "pattern"])
def test_two_hundred_thousand_files_are_read_once(tmp_path, by_name):
    folder = tmp_path / "export"
    (folder / "pdf").mkdir(parents=True)
    numbers = sorted({many(number) for number in range(FILES)})
    assert len(numbers) == FILES
    (folder / "pdf" / "one.pdf").write_bytes(PDF[:100] + b"%%EOF")
    template = ";".join(line(1, matricule="%s", file="pdf/%s.pdf").values())
    with (folder / "index.csv").open("w", encoding="ascii") as index:
        index.write(";".join(COLUMNS) + "\n")
        for number in numbers:
            name = f"{number}_2025-05-13"
            index.write(template % (number, name) + "\n")
            put(folder, f"pdf/{name}.pdf", PDF[:100] + b"%%EOF") if number == numbers[7] else os.mknod(
                folder / "pdf" / f"{name}.pdf"
            )
    options = {"folder": "export", "index": "index.csv", "settle_seconds": 0, "index_max_age_hours": 8760}
    if by_name:
        options["file_pattern"] = "pdf/{matricule}_{last_act_on}.pdf"
    house = context(folder, int(time.time()) + 3600)

    def start():
        source = FolderSource(FolderSource.Options(**options), house)
        started = time.perf_counter()
        source.start()
        assert source._export._is_read.wait(600)  # `start` itself waits for a part of that alone
        assert source.health().ok, source.health()
        return source, time.perf_counter() - started

    source, first = start()
    source.close()
    source, again = start()
    known = Ins(Matricule(numbers[7]), InsOid.TEST)
    findings = check_source(source, known=[known], unknown=[ins(1)])
    counts = source.counts()
    source.close()

    assert not [finding for finding in findings if finding.ok is False], words(findings)
    assert (counts.workers, counts.document_available) == (FILES, FILES)
    assert again < first / 4, f"first reading {first:.1f} s, restart {again:.2f} s"
