"""Guards against PySide6 6.12.0 on Python 3.11, which drops references of None until it aborts."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, Signal

CALLS = 1000
#: Far below one per call, and above what the interpreter itself gives and takes meanwhile.
SLACK = 100


class _Source(QObject):
    told = Signal(bool)


def test_void_calls_and_emits_keep_the_references_of_none_and_true() -> None:
    source = _Source()
    heard: list[bool] = []
    source.told.connect(heard.append)
    before = sys.getrefcount(None), sys.getrefcount(True)
    for _ in range(CALLS):
        source.setObjectName("x")
        source.told.emit(True)
    heard.clear()
    after = sys.getrefcount(None), sys.getrefcount(True)
    assert after[0] > before[0] - SLACK
    assert after[1] > before[1] - SLACK


def test_disconnecting_keeps_the_references_of_true() -> None:
    source = _Source()
    before = sys.getrefcount(True)
    for _ in range(CALLS):
        source.told.connect(source.blockSignals)
        source.told.disconnect(source.blockSignals)
    assert sys.getrefcount(True) > before - SLACK
