"""A canvas's snapshots: listed, looked at, compared and restored."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import AsyncMock

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest

from scenario_desktop.api.models.canvas import Snapshot, SnapshotPage
from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document
from scenario_desktop.services.people import Person
from scenario_desktop.ui.panels.canvas.controller import CanvasController
from scenario_desktop.ui.panels.canvas.history import snapshot_words
from scenario_desktop.ui.panels.canvas.history.snapshots import CompareDialog
from tests.widget.canvas_panel_support import (
    NOW,
    SNAPSHOTS,
    TEXT,
    FakeCanvases,
    FakeSession,
    canvases,
    dialog_of,
    opened,
    panel,
    pictures,
    window,
)
from tests.widget.canvas_support import RED, color

__all__ = ["canvases", "panel", "pictures", "window"]


async def test_a_snapshot_is_compared_and_restored(qt_loop, panel, canvases, window) -> None:
    session = await opened(panel, canvases)
    old = canvas_format.dump(Document(width=100, height=80, background="#ff0000"))
    session.snapshot_texts = [old]
    panel.snapshots.refresh()
    await panel.snapshots.reading.settle()
    panel.snapshots._compare_newest()
    dialog = await dialog_of(window, CompareDialog)
    dialog.accept()
    await panel.snapshots.comparing.settle()
    await panel.actions["reload"].settle()
    assert session.calls == ["restore"]
    assert color(panel.editor, 5, 5) == RED
    small = QImage.fromData(session.thumbnail)
    assert small.pixelColor(5, 5).red() > 250 > small.pixelColor(5, 5).green()


async def test_a_newer_snapshot_does_not_change_which_one_is_restored(
    qt_loop, panel, canvases, window, monkeypatch
) -> None:
    def taken(*minutes: int) -> None:
        moments = [NOW + timedelta(minutes=minute) for minute in minutes]
        page = SnapshotPage(
            snapshots=tuple(
                Snapshot(hash="alike", raw_data=SNAPSHOTS[at.minute], taken_at=at) for at in moments
            )
        )
        monkeypatch.setattr(session, "snapshots", AsyncMock(return_value=page))

    session = await opened(panel, canvases)
    taken(0)
    panel.snapshots.refresh()
    await panel.snapshots.reading.settle()
    restored: list[str] = []
    panel.snapshots.restored.connect(restored.append)
    panel.snapshots._compare_newest()
    dialog = await dialog_of(window, CompareDialog)
    taken(0, 1, 2)
    panel.snapshots.refresh()
    await panel.snapshots.reading.settle()
    dialog.accept()
    await panel.snapshots.comparing.settle()
    await panel.actions["reload"].settle()
    assert restored == [SNAPSHOTS[0]]


async def listed(panel: CanvasController, canvases: FakeCanvases) -> FakeSession:
    """Open a canvas with three snapshots."""
    session = await opened(panel, canvases)
    session.snapshot_texts = list(SNAPSHOTS)
    panel.snapshots.refresh()
    await panel.snapshots.reading.settle()
    return session


def shown_of(panel: CanvasController) -> QColor:
    """Return the colour of the snapshot that is looked at."""
    return panel.page.snapshot.picture._pixmap.toImage().pixelColor(5, 5)


async def test_a_snapshot_is_looked_at_by_itself(qt_loop, panel, canvases, window) -> None:
    await listed(panel, canvases)
    rows = panel.dock.snapshots
    QTest.mouseDClick(rows, Qt.MouseButton.LeftButton, pos=rows._area(0).center())
    await panel.snapshots.viewing.settle()
    assert panel.page.is_looking_back
    assert shown_of(panel) == RED
    assert panel.page.snapshot.words.startswith("Snapshot of ")
    assert panel.page.snapshot.words.endswith(" by Ben")
    assert panel.editor.read_only
    assert not panel.dock.export.isEnabled()
    before = panel.editor.document
    panel.editor.add_paint_layer()
    assert panel.editor.document is before
    await panel.show_text(TEXT)  # as when somebody saves meanwhile
    assert panel.page.is_looking_back
    QTest.keyClick(panel.page.snapshot.picture, Qt.Key.Key_Escape)
    assert panel.page.is_shown
    assert not panel.editor.read_only
    assert panel.dock.export.isEnabled()


async def test_the_keys_go_through_the_snapshots(qt_loop, panel, canvases, window) -> None:
    await listed(panel, canvases)
    rows = panel.dock.snapshots
    window.activateWindow()
    rows.setFocus()
    QTest.keyClick(rows, Qt.Key.Key_Home)
    assert not panel.page.is_looking_back  # the keys only choose, until Enter
    QTest.keyClick(rows, Qt.Key.Key_Return)
    await panel.snapshots.viewing.settle()
    assert shown_of(panel) == RED
    QTest.keyClick(rows, Qt.Key.Key_Down)
    await panel.snapshots.viewing.settle()
    assert shown_of(panel) == QColor("#00ff00")
    QTest.keyClick(rows, Qt.Key.Key_End)  # what was done from here cannot be looked at
    assert not panel.snapshots.viewing.is_busy
    QTest.keyClick(rows, Qt.Key.Key_Escape)
    assert panel.page.is_shown
    assert rows.hasFocus()


async def test_a_snapshot_that_is_looked_at_is_restored(qt_loop, panel, canvases, window) -> None:
    session = await listed(panel, canvases)
    panel.snapshots.viewing.trigger(next(iter(panel.snapshots._rows)))
    await panel.snapshots.viewing.settle()
    QTest.mouseClick(panel.page.snapshot._restore, Qt.MouseButton.LeftButton)
    await panel.snapshots.restoring.settle()
    await panel.actions["reload"].settle()
    assert session.calls == ["restore"]
    assert panel.page.is_shown
    assert color(panel.editor, 5, 5) == RED


async def test_zooming_is_of_what_is_seen(qt_loop, panel, canvases, window) -> None:
    await listed(panel, canvases)
    stage, picture = panel.page.stage, panel.page.snapshot.picture
    panel.snapshots.viewing.trigger(next(iter(panel.snapshots._rows)))
    await panel.snapshots.viewing.settle()
    before = stage.zoom()
    panel.page.zoom_in()
    assert picture.zoom() == pytest.approx(1.25)
    assert stage.zoom() == before
    assert panel.page._zoom.text().startswith("125")
    panel.snapshots.leave()
    panel.page.actual_size()
    assert stage.zoom() == 1.0


async def test_another_canvas_is_not_hidden_by_a_snapshot(qt_loop, panel, canvases) -> None:
    await listed(panel, canvases)
    panel.snapshots.viewing.trigger(next(iter(panel.snapshots._rows)))
    await panel.snapshots.viewing.settle()
    await opened(panel, canvases)
    assert panel.page.is_shown
    assert not panel.editor.read_only


async def test_snapshots_say_by_whom_they_are(qt_loop, panel, canvases) -> None:
    session = await listed(panel, canvases)
    assert [row.note for row in panel.dock.snapshots._rows if row.key] == [
        "By Ben", "By user_1", "By user_2",
    ]  # fmt: skip
    tip = panel.dock.snapshots._rows[0].tip
    assert f"{NOW.astimezone():%H:%M:%S}" in tip
    assert "by Ben" in tip
    assert "user_0" in tip
    # What was saved from here is ours, even where nobody tells whose keys these are.
    panel.snapshots.note_saved(session.snapshot_texts[1])
    await panel.snapshots.reading.settle()
    assert [row.note for row in panel.dock.snapshots._rows if row.key][1] == "By you"


async def test_pictures_of_snapshots_are_drawn_once(qt_loop, panel, canvases, monkeypatch) -> None:
    await listed(panel, canvases)
    drawn: list[str] = []

    async def picture(text: str, max_px: int) -> None:
        drawn.append(text)

    monkeypatch.setattr(panel.snapshots, "_picture", picture)
    panel.snapshots.refresh()
    await panel.snapshots.reading.settle()
    assert not drawn
    assert all(row.picture is not None for row in panel.dock.snapshots._rows if row.key)


@pytest.mark.parametrize(
    ("author_id", "person", "said"),
    [
        ("user_3fKabcdefghx9Qd", None, "user_3fK…x9Qd"),
        ("user_short", None, "user_short"),
        ("", None, ""),
        ("u", Person("u", "Ann\nthe first", is_you=False), "Ann the first"),
        ("u", Person("u", "Ann", is_you=True), "you"),
    ],
)
def test_an_author_in_words(author_id: str, person: Person | None, said: str) -> None:
    assert snapshot_words.author(author_id, person) == said
