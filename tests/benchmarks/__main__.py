"""Measures the program and prints a Markdown table. ``--quick`` only shows that everything works."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.measuring import QUICK, Plan, measure
from tests.benchmarks.table import table


def main() -> None:
    """Read the arguments, measure, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few hundred turns; the figures say nothing")
    parser.add_argument("--runs", type=int, default=3, choices=range(1, 11), help="of everything; the medians count (3)")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run (5)")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured; that for temporary files if left out")
    given = parser.parse_args()
    plan = QUICK if given.quick else Plan(runs=given.runs, seconds=min(60.0, max(1.0, given.seconds)))
    with tempfile.TemporaryDirectory(prefix="brievenbus-benchmark-", dir=given.folder) as name:
        folder = Path(name).resolve()
        figures = asyncio.run(measure(plan, folder, lambda what: print(what, file=sys.stderr, flush=True)))
        print(table(figures, plan, folder))


if __name__ == "__main__":
    main()
