"""What is taken from the chart library: a part of it, and the whole where need be."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

from scenario_desktop.ui.panels.usage.bar_data import BarData, Bars
from scenario_desktop.ui.panels.usage.bars import runs, stacked

_PLOTTING = "scenario_desktop.ui.panels.usage.plotting"
_HAS_ALL = "'pyqtgraph.parametertree' in sys.modules and 'pyqtgraph.imageview' in sys.modules"


def holds(condition: str, *, before: str = "", after: str = "") -> bool:
    """Whether something holds in a fresh process that imported the plot."""
    code = "\n".join(
        ["import sys", before, f"import {_PLOTTING}", after, f"sys.exit(0 if {condition} else 3)"]
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=120, check=False
    )
    assert done.returncode in (0, 3), done.stderr.decode()
    return done.returncode == 0


def test_only_a_part_of_the_library_is_read() -> None:
    assert holds(f"not ({_HAS_ALL})")


def test_the_rest_is_found_when_it_is_asked_for() -> None:
    later = "from pyqtgraph.graphicsItems.PlotItem import PlotItem\nimport pyqtgraph.parametertree"
    assert holds("pyqtgraph.parametertree.Parameter and isinstance(PlotItem, type)", after=later)


def test_a_library_that_is_built_otherwise_is_read_whole() -> None:
    assert holds(_HAS_ALL, before="sys.modules['pyqtgraph.Point'] = None")


def test_bars_are_stacked_without_what_is_unknown_or_below_zero() -> None:
    one = Bars("a", "A", 0, (2.0, None, 1.0), Decimal(3))
    other = Bars("b", "B", 1, (3.0, 4.0, -1.0), Decimal(6))
    data = BarData(
        labels=("",) * 3, titles=("",) * 3, series=(one, other), sums=(Decimal(1),) * 3,
        is_final=(True,) * 3, future=3,
    )  # fmt: skip
    assert list(stacked(data)) == [
        (0, one, 0.0, 2.0), (0, other, 2.0, 5.0), (1, other, 0.0, 4.0), (2, one, 0.0, 1.0),
    ]  # fmt: skip


def test_a_gap_is_no_line() -> None:
    assert list(runs((1.0, 2.0, None, None, 3.0))) == [[(0, 1.0), (1, 2.0)], [(4, 3.0)]]
    assert list(runs(())) == []
