"""The command line: the window, the engine alone, or the tour. Parses arguments; nothing else."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

COMMANDS = """commands:
  (none)                 open the window
  engine --data DIR      run the local engine alone; see "engine --help"
  tour --out DIR         drive the window through its main jobs; see "tour --help"
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the program and return its exit code."""
    if getattr(sys, "frozen", False):  # a frozen program is its own worker process
        import multiprocessing

        multiprocessing.freeze_support()
    # No matrices are multiplied here; the threads for that double the time of importing numpy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = sys.argv[1:] if arguments is None else arguments
    command, rest = (given[0], given[1:]) if given else ("", [])
    if command == "engine":
        from scenario_desktop.engine.main import run as run_engine

        return run_engine(rest)
    if command == "tour":
        from scenario_desktop.tour import run as run_tour

        return run_tour(rest)
    return _open_window(given)


def _open_window(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="scenario-desktop",
        epilog=COMMANDS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep everything below this folder"
    )
    options = parser.parse_args(arguments)
    from scenario_desktop.first_paint import run as run_window

    return run_window(data=options.data)


if __name__ == "__main__":
    raise SystemExit(main())
