"""The benchmarks can be run: each is there under its name, and what it stands on still fits."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

from tests.bench import bench_sync
from tests.bench.__main__ import NAMES


def _module(name: str) -> str:
    return f"bench_{name.replace('-', '_')}"


def test_every_benchmark_has_a_name() -> None:
    there = {file.stem for file in Path(bench_sync.__file__).parent.glob("bench_*.py")}
    assert there == set(map(_module, NAMES))


@pytest.mark.parametrize("name", NAMES)
def test_a_benchmark_can_be_called(name: str) -> None:
    run = importlib.import_module(f"tests.bench.{_module(name)}").run
    inspect.signature(run).bind()


def test_a_small_sync_is_measured_against_all_tables_of_the_catalogue() -> None:
    figures = bench_sync.run(150)
    assert (figures["name"], figures["assets"], figures["requests"]) == ("sync", 150, 2)
    assert figures["bare_ms_per_page"] > 0
