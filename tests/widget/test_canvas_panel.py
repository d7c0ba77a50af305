"""The canvas panel with its controller, over a fake session and on the real loop."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from PySide6.QtCore import QMimeData, QPointF
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel

from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document, PaintLayer, PictureLayer, Tile
from scenario_desktop.errors import Offline
from scenario_desktop.services.canvas.content import Drawn
from scenario_desktop.services.canvas.lease import Phase
from scenario_desktop.ui.panels.canvas.layers import merging, single
from scenario_desktop.ui.panels.canvas.layers.layer_model import LayerRole
from scenario_desktop.ui.panels.canvas.lease.lock_bar import LockKind
from scenario_desktop.ui.widgets.drags import put_keys
from tests.widget.canvas_panel_support import TEXT, canvases, lease, opened, panel, pictures, window
from tests.widget.canvas_support import HARD, RED, color, stroke

__all__ = ["canvases", "panel", "pictures", "window"]


async def test_a_canvas_is_shown_with_its_pixels(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    assert color(panel.editor, 10, 10) == QColor("#0000ff")
    assert color(panel.editor, 62, 12) == QColor("#0000ff")
    assert panel.page.lock_bar.state.kind is LockKind.VIEWING
    assert canvases.sessions[0].edits == 0


async def test_the_first_stroke_is_told_to_the_session(qt_loop, panel, canvases) -> None:
    session = await opened(panel, canvases)
    panel.editor.set_active("a")
    assert panel.editor.begin_stroke(HARD, RED)
    assert session.edits == 1  # at the press, so that the lock is asked for while drawing
    panel.editor.stroke_to(20, 20)
    panel.editor.end_stroke()
    assert session.edits >= 2


async def test_saving_uploads_only_what_changed(qt_loop, panel, canvases) -> None:
    session = await opened(panel, canvases)
    session.give(lease(Phase.HELD))
    panel.editor.set_active("a")
    stroke(panel.editor, [(20, 60)])
    panel.save()
    await panel.actions["save"].settle()
    assert len(session.stored[0].blobs) == 1
    found = canvas_format.read(session.text)
    assert not found.blobs()
    panel.editor.change_layer("p", "x", "", opacity=0.5)
    panel.save()
    await panel.actions["save"].settle()
    assert not session.stored[1].blobs
    assert canvas_format.read(session.text).layers[1] == found.layers[1]


async def test_a_draft_holds_what_is_on_the_screen(qt_loop, panel, canvases) -> None:
    session = await opened(panel, canvases)
    panel.editor.set_active("a")
    stroke(panel.editor, [(20, 60)])
    before = panel.editor.flattened()
    drawn: Drawn = await session.editor.draft()
    canvases.recovered = SimpleNamespace(text=drawn.text, blobs=dict(drawn.blobs))
    await opened(panel, canvases)
    assert panel.editor.flattened() == before


async def test_a_second_draft_encodes_only_the_new_tiles(qt_loop, panel, canvases) -> None:
    session = await opened(panel, canvases)
    panel.editor.set_active("a")
    stroke(panel.editor, [(20, 60)])
    first = await session.editor.draft()
    second = await session.editor.draft()
    assert set(first.blobs) == set(second.blobs)
    assert not second.blobs._kept  # type: ignore[attr-defined]


async def test_saving_without_changes_says_so(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    panel.save()
    await panel.actions["save"].settle()
    assert "nothing to save" in panel._ports.messages.toasts[-1]


async def test_a_canvas_that_cannot_be_opened_says_why(qt_loop, panel, canvases) -> None:
    canvases.error = Offline("No connection.", hint="Check the network.")
    panel.open("canvas_1")
    await panel.actions["open"].settle()
    assert not panel.is_open
    assert panel.page._stack.currentWidget() is panel.page._state


@pytest.mark.parametrize(
    "text", ['{"other": 1}', "{", canvas_format.dump(Document(width=9, height=9)).replace(
        '"version":1', '"version":99'
    )]
)  # fmt: skip
async def test_what_is_not_ours_is_only_looked_at(qt_loop, panel, canvases, text: str) -> None:
    canvases.text = text
    session = await opened(panel, canvases)
    assert session.is_foreign
    assert panel.page.lock_bar.state.kind is LockKind.FOREIGN
    assert panel.editor.read_only
    assert color(panel.editor, 10, 10) == QColor("#0000ff")
    panel.editor.add_paint_layer()
    assert session.edits == 0


async def test_missing_paint_stays_and_is_not_painted_on(
    qt_loop, panel, canvases, pictures
) -> None:
    pictures.missing.add("asset_a")
    session = await opened(panel, canvases)
    editor = panel.editor
    assert not editor.read_only
    broken = next(one for one in editor.document.layers if isinstance(one, PaintLayer))
    assert panel.dock.model.index(panel.dock.model.row_of(broken.id)).data(LayerRole.IS_BROKEN)
    before = editor.document
    editor.set_active(broken.id)
    assert not editor.begin_stroke(panel.settings.brush, QColor("red"))
    single.duplicate(editor, broken.id)
    merging.merge_down(editor, broken.id)
    assert editor.document is before
    assert "could not be loaded" in panel._ports.messages.toasts[-1]
    editor.add_paint_layer()
    stored = await session.editor.stored()
    assert broken == canvas_format.read(stored.text({})).layer(broken.id)


async def test_a_draft_that_lacks_paint_is_not_saved_over_it(
    qt_loop, panel, canvases, pictures
) -> None:
    document = canvas_format.read(TEXT)
    tile = Tile(x=0, y=0, width=8, height=8, blob="f" * 64)
    painted = next(key for key, _ in document.painted())
    text = canvas_format.dump(document.with_tiles({painted: (tile,)}))
    canvases.recovered = SimpleNamespace(text=text, blobs={})
    await opened(panel, canvases)
    assert "lose" in panel.editor.read_only


async def test_a_missing_picture_keeps_its_place(qt_loop, panel, canvases, pictures) -> None:
    pictures.missing.add("asset_p")
    await opened(panel, canvases)
    assert not panel.editor.read_only
    assert color(panel.editor, 25, 5).alpha() > 0


async def test_a_picture_is_dropped_from_the_gallery(qt_loop, panel, canvases) -> None:
    session = await opened(panel, canvases)
    data = QMimeData()
    put_keys(data, [7])
    panel.page.stage.dropped.emit(data, QPointF(50, 40))
    await panel.actions["place"].settle()
    layer = panel.editor.active
    assert isinstance(layer, PictureLayer)
    assert (layer.asset_id, layer.name) == ("asset_p", "Rocket")
    assert session.edits == 1


async def test_a_dropped_file_is_uploaded_with_the_save(qt_loop, panel, canvases) -> None:
    session = await opened(panel, canvases)
    session.give(lease(Phase.HELD))
    await panel.pictures.place([], [Path("x/red.png")], QPointF(50, 40))
    panel.save()
    await panel.actions["save"].settle()
    assert len(session.stored[0].blobs) == 1
    assert len(canvas_format.read(session.text).asset_ids()) == 3
    panel.editor.change_layer("p", "x", "", opacity=0.5)
    panel.save()
    await panel.actions["save"].settle()
    assert not session.stored[1].blobs


async def test_leaving_says_that_the_strokes_are_kept(qt_loop, panel, canvases) -> None:
    session = await opened(panel, canvases)
    left: list[bool] = []
    panel.left.connect(lambda: left.append(True))
    stroke(panel.editor, [(20, 60)])
    panel.actions["close"].trigger()
    await panel.actions["close"].settle()
    assert canvases.closed == [session]
    assert left
    assert "draft" in panel._ports.messages.toasts[-1]


async def test_a_canvas_whose_strokes_cannot_be_kept_stays_open(qt_loop, panel, canvases) -> None:
    session = await opened(panel, canvases)
    canvases.close_error = Offline("The disk is full.")
    panel.actions["close"].trigger()
    await panel.actions["close"].settle()
    assert panel.session is session
    session.give(lease(Phase.HELD))
    assert panel.page.lock_bar.state.kind is LockKind.MINE


async def test_a_fill_reaches_as_far_as_the_colour(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    panel.editor.set_active("a")
    panel.settings.foreground = RED
    panel.page.stage.fill_requested.emit(90, 70)
    await panel.actions["fill"].settle()
    assert color(panel.editor, 99, 79) == RED
    assert color(panel.editor, 10, 10) == QColor("#0000ff")


async def test_the_flattened_canvas_becomes_a_file(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    wanted: list[Path] = []
    panel.pictures.detect_requested.connect(lambda path, _, origin: wanted.append(path))
    panel.actions["detect"].trigger()
    await panel.actions["detect"].settle()
    assert wanted[0].name == "Ember Valley.png"
    assert wanted[0].read_bytes().startswith(b"\x89PNG")


@pytest.mark.expects_errors
async def test_a_canvas_that_fails_to_open_in_no_known_way_says_so(
    qt_loop, panel, canvases
) -> None:
    canvases.error = RuntimeError("a mistake")
    panel.open("canvas_1")
    await panel.actions["open"].settle()
    said = [
        label.text() for label in panel.page.findChildren(QLabel) if label.isVisibleTo(panel.page)
    ]
    assert "This canvas could not be opened" in said
    canvases.error = None
    panel.page.retry_requested.emit()
    await panel.actions["open"].settle()
    assert panel.page.is_shown


async def test_a_canvas_with_the_same_ids_shows_its_own_pixels(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    model = panel.dock.model
    before = [model.index(row).data(LayerRole.THUMBNAIL) for row in range(model.rowCount())]
    await panel.show_text(TEXT)
    after = [model.index(row).data(LayerRole.THUMBNAIL) for row in range(model.rowCount())]
    assert all(one is not other for one, other in zip(before, after, strict=True))


async def test_what_cannot_be_shown_shows_nothing_of_the_canvas_before(
    qt_loop, panel, canvases
) -> None:
    await opened(panel, canvases)
    assert panel.dock.export.isEnabled()
    canvases.text = TEXT.replace('"layers":[', '"layers":[{"kind":"text"},', 1)
    await opened(panel, canvases)
    assert not panel.editor.document.layers
    assert not panel.dock.export.isEnabled()
    panel.actions["export"].trigger()
    await panel.actions["export"].settle()
    assert "nothing" in panel._ports.messages.toasts[-1]
    canvases.text = TEXT
    await opened(panel, canvases)
    assert panel.dock.export.isEnabled()
