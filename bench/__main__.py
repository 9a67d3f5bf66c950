"""`python -m bench`: every measurement but that of a year, then one table; `--only` names some of them.

The exit status is 0 unless something broke: a figure that is not reached is a row that says so.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench import document, fanout, growth, isolation, lookup, memory, startup, wait
from bench.machine import Row, print_table, spin_ms

Bench = Callable[[Path, int, float], Coroutine[Any, Any, list[Row]]]
BENCHES: dict[str, Bench] = {
    "startup": startup.rows,
    "lookup": lookup.rows,
    "document": document.rows,
    "fanout": fanout.rows,
    "wait": wait.rows,
    "memory": memory.rows,
    "isolation": isolation.rows,
    "growth": growth.rows,
}
USUAL = [name for name in BENCHES if name != "growth"]
"""A year is written in minutes: it is measured when it is named."""


def main() -> int:
    """Run what was asked for; give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=BENCHES, default=USUAL, help=f"these and no others (default: {' '.join(USUAL)})"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
    parser.add_argument("--repetitions", type=int, default=5, help="of each measurement, interleaved (default 5)")
    parser.add_argument("--seconds", type=float, default=4.0, help="of load in each repetition (default 4)")
    parser.add_argument("--work", type=Path, help="folder for keys, databases and logs (default: a temporary one)")
    given = parser.parse_args()
    # What is installed has compiled modules; where Python is told not to write them, each start would compile anew.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if given.work is not None:
        given.work.mkdir(parents=True, exist_ok=True)
        return run(given.work, given)
    with tempfile.TemporaryDirectory(prefix="spsti-bench-") as folder:
        return run(Path(folder), given)


def run(work: Path, given: argparse.Namespace) -> int:
    """Run the benches one after the other in that folder."""
    began, is_broken = time.monotonic(), False
    rows: list[Row] = []
    speed = [spin_ms()]
    for name in given.only:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            rows += asyncio.run(BENCHES[name](work, given.repetitions, given.seconds))
        except Exception as error:  # noqa: BLE001 (the others are measured all the same, and the row says it)
            traceback.print_exc()
            is_broken = True
            rows.append(Row(name, "-", "-", None, "-", None, f"broke: {type(error).__name__}: {error}"))
        speed.append(spin_ms())
    print_table(rows)
    seconds = time.monotonic() - began
    print(
        f"\n{seconds:.0f} s on {os.cpu_count()} cores. A fixed piece of work took {min(speed):.0f} to "
        f"{max(speed):.0f} ms between the benches: the further apart, the more the machine did beside this."
    )
    if given.json:
        result = {"rows": [asdict(row) for row in rows], "seconds": seconds, "spin_ms": speed}
        given.json.write_text(json.dumps(result, indent=1))
    return 1 if is_broken else 0


if __name__ == "__main__":
    sys.exit(main())
