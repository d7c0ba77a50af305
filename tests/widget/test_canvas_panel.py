"""The canvas panel with its controller, over a fake session and on the real loop."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock

import pytest
from psygnal import Signal
from PySide6.QtCore import QMimeData, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.api.models.canvas import Snapshot, SnapshotPage
from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document, PaintLayer, PictureLayer, Tile
from scenario_desktop.errors import AppError, NotFound, Offline
from scenario_desktop.items import Item, Picture, Source
from scenario_desktop.services.canvas.content import Drawn, Editor, SaveResult, Stored
from scenario_desktop.services.canvas.draft_manifest import KeptWhy
from scenario_desktop.services.canvas.drafts import Recovery
from scenario_desktop.services.canvas.lease import Lease, Moment, Phase, Refusal
from scenario_desktop.services.canvas.record import Deed, HistoryLine
from scenario_desktop.services.canvas.room import CanvasTimes
from scenario_desktop.services.people import Person
from scenario_desktop.ui import theme
from scenario_desktop.ui.dialogs import Dialog
from scenario_desktop.ui.panels.canvas import editor as editor_module
from scenario_desktop.ui.panels.canvas.commands import KEYS
from scenario_desktop.ui.panels.canvas.controller import CanvasController
from scenario_desktop.ui.panels.canvas.dock import CanvasDock, FrameField
from scenario_desktop.ui.panels.canvas.history import snapshot_words
from scenario_desktop.ui.panels.canvas.history.snapshots import CompareDialog
from scenario_desktop.ui.panels.canvas.layers.layer_model import LayerRole
from scenario_desktop.ui.panels.canvas.lease.kept_draft import done_words
from scenario_desktop.ui.panels.canvas.lease.lease_dialogs import Answer, LeaseDialog
from scenario_desktop.ui.panels.canvas.lease.lock_bar import LockKind
from scenario_desktop.ui.panels.canvas.page import CanvasPage
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from scenario_desktop.ui.panels.canvas.ports import CanvasPorts
from scenario_desktop.ui.panels.canvas.tools.select_tool import Frame
from scenario_desktop.ui.panels.canvas.tools.settings import ToolId, ToolSettings
from scenario_desktop.ui.panels.keys.view import groups_of
from scenario_desktop.ui.widgets.drags import put_keys
from tests.fakes import FakeNotices
from tests.support import until
from tests.widget.canvas_support import HARD, RED, color, drag, stroke

NOW = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)
TEXT = canvas_format.dump(
    Document(
        width=100,
        height=80,
        layers=(
            PictureLayer(id="p", name="Lake", asset_id="asset_p", width=50, height=40),
            PaintLayer(
                id="a", name="Sky", tiles=(Tile(x=60, y=10, width=8, height=8, asset_id="asset_a"),)
            ),
        ),
    )
)


def lease(phase: Phase, **values: Any) -> Lease:
    return Lease(phase=phase, until=NOW + timedelta(minutes=5), **values)


class FakeSession:
    lease_changed = Signal(object)
    draft_kept = Signal(object)
    draft_failed = Signal(object)
    saved = Signal(object)
    save_failed = Signal(object)
    lease_failed = Signal(object)
    set_aside = Signal(object)
    replaced = Signal(object)
    idle_asked = Signal()
    became_free = Signal(object)

    def __init__(self, editor: Editor, text: str = TEXT) -> None:
        self.editor, self.text = editor, text
        self.asset = Asset(id="canvas_1", metadata={"name": "Ember Valley"})
        self.is_foreign = not canvas_format.is_ours(text)
        self.recovered: Any = None
        self.lease = Lease()
        self.is_unsaved = False
        self.kept_id = ""
        self.times = CanvasTimes()
        self.calls: list[str] = []
        self.error: AppError | None = None
        self.edits = 0
        self.stored: list[Stored] = []
        self.snapshot_texts: list[str] = []

    def now(self) -> Moment:
        return Moment(0.0, NOW, 0.0)

    def edited(self) -> None:
        self.edits += 1
        self.is_unsaved = True

    def give(self, lease: Lease) -> None:
        self.lease = lease
        self.lease_changed.emit(lease)

    async def save(self, *, is_snapshot: bool = True, on_progress: Any = None) -> SaveResult:
        stored = await self.editor.stored()
        self.stored.append(stored)
        ids = {key: f"asset_{key[:6]}" for key in stored.blobs}
        on_progress(1, 2)
        self.text = stored.text(ids)
        self.is_unsaved = False
        result = SaveResult(self.asset, ids, self.text, is_snapshot)
        self.saved.emit(result)
        return result

    async def take_again(self) -> None:
        self.calls.append("take_again")
        self.give(lease(Phase.HELD))

    async def release(self) -> None:
        self.calls.append("release")
        self.give(Lease())

    async def rename(self, name: str) -> None:
        if self.error is not None:
            raise self.error
        self.asset = self.asset.model_copy(update={"metadata": {"name": name}})

    async def describe(self, text: str) -> None:
        self.asset = self.asset.model_copy(update={"description": text})

    def wait_until_free(self, is_wanted: bool) -> None:
        self.calls.append("wait")

    async def snapshots(self) -> SnapshotPage:
        return SnapshotPage(
            snapshots=tuple(
                Snapshot(hash=str(n), raw_data=text, taken_at=NOW, author_id=f"user_{n}")
                for n, text in enumerate(self.snapshot_texts)
            )
        )

    async def history(self) -> list[HistoryLine]:
        return [HistoryLine(NOW, Deed.FORCED, "Took it over.")]

    async def restore(self, snapshot: Snapshot) -> str:
        self.calls.append("restore")
        return snapshot.raw_data


@dataclass
class FakeCanvases:
    text: str = TEXT
    error: Exception | None = None
    recovered: Any = None
    sessions: list[FakeSession] = field(default_factory=list)
    closed: list[FakeSession] = field(default_factory=list)
    close_error: AppError | None = None
    drafts: dict[str, Recovery] = field(default_factory=dict)
    discarded: list[str] = field(default_factory=list)

    async def kept(self, recovery_id: str) -> Recovery | None:
        return self.drafts.get(recovery_id)

    async def draft(self, recovery_id: str) -> Any:
        return SimpleNamespace(text=SNAPSHOTS[1], blobs={})

    async def discard(self, recovery_id: str) -> None:
        self.discarded.append(recovery_id)
        self.sessions[-1].kept_id = ""

    async def open(
        self, asset_id: str, editor: Editor, *, recovery_id: str | None = None
    ) -> FakeSession:
        if self.error is not None:
            raise self.error
        session = FakeSession(editor, self.text)
        session.recovered = self.recovered
        self.sessions.append(session)
        return session

    async def close(self, session: FakeSession) -> None:
        if self.close_error is not None:
            raise self.close_error
        self.closed.append(session)


@dataclass
class FakePictures:
    missing: set[str] = field(default_factory=set)

    async def large(self, item: Item, max_px: int) -> Picture:
        if item.id in self.missing:
            raise NotFound("gone")
        side = (50, 40) if item.id == "asset_p" else (8, 8)
        return Picture(*side, bytes((0, 0, 255, 255)) * (side[0] * side[1]))

    async def large_into(self, take: Callable[[Picture], Any], item: Item, max_px: int) -> Any:
        return take(await self.large(item, max_px))

    async def file(self, path: Path, max_px: int) -> Picture:
        return Picture(4, 4, bytes((255, 0, 0, 255)) * 16)


class FakeItems:
    def __init__(self) -> None:
        self.brought: list[str] = []

    async def items(self, keys: Sequence[int]) -> Mapping[int, Item]:
        return {
            key: Item(
                key, "asset_p", Source.SCENARIO, "image", "", "", "Rocket", "", NOW, NOW, 50, 40
            )
            for key in keys
        }

    async def item(self, asset_id: str) -> Item | None:
        return Item(
            1, "asset_p", Source.SCENARIO, "image", "canvas", "", "Ember", "", NOW, NOW, 50, 40
        )

    async def bring(self, asset_ids: Sequence[str]) -> None:
        self.brought += asset_ids


class FakePeople:
    """Knows who the first snapshot is of."""

    async def named(self, ids: Collection[str]) -> Mapping[str, Person]:
        return {one: Person(one, "Ben") for one in ids if one == "user_0"}


@pytest.fixture
def canvases() -> FakeCanvases:
    return FakeCanvases()


@pytest.fixture
def pictures() -> FakePictures:
    return FakePictures()


@pytest.fixture
def window(qapp: Any) -> Iterator[QWidget]:
    window = QWidget()
    window.resize(1200, 700)
    window.show()
    yield window
    window.close()
    window.deleteLater()


@pytest.fixture
def panel(
    window: QWidget, canvases: FakeCanvases, pictures: FakePictures, tmp_path: Path
) -> CanvasController:
    editor, settings = editor_module.Editor(), ToolSettings()
    page, dock = CanvasPage(editor, settings), CanvasDock(editor)
    editor.setParent(page)
    settings.setParent(page)
    row = QHBoxLayout(window)
    row.addWidget(page, 1)
    row.addWidget(dock)
    ports = CanvasPorts(
        canvases, pictures, FakeItems(), FakeNotices(), people=FakePeople()  # type: ignore[arg-type]
    )  # fmt: skip
    return CanvasController(page, dock, editor, settings, ports, folder=tmp_path / "out")


async def opened(panel: CanvasController, canvases: FakeCanvases) -> FakeSession:
    panel.open("canvas_1")
    await panel.actions["open"].settle()
    return canvases.sessions[-1]


async def dialog_of(window: QWidget, kind: type[Any]) -> Any:
    await until(lambda: [d for d in window.findChildren(kind) if d.isVisible()])
    return next(d for d in window.findChildren(kind) if d.isVisible())


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


async def test_a_refused_lease_asks_what_to_do(qt_loop, panel, canvases, window) -> None:
    session = await opened(panel, canvases)
    panel.editor.set_active("a")
    stroke(panel.editor, [(20, 60)])
    session.give(lease(Phase.REFUSED, refusal=Refusal.OTHERS))
    session.set_aside.emit("draft_1")
    dialog = await dialog_of(window, LeaseDialog)
    assert color(panel.editor, 20, 60).alpha() == 0
    assert panel.page.lock_bar.state.kind is LockKind.OTHER
    assert panel.settings.tool is ToolId.HAND
    dialog.done(Answer.WAIT)
    await panel.actions["asking"].settle()
    assert session.calls == ["wait"]


async def test_a_question_amid_words_is_not_answered_by_the_next_letter(
    qt_loop, panel, canvases, window
) -> None:
    session = await opened(panel, canvases)
    window.activateWindow()
    panel.settings.set_tool(ToolId.TEXT)
    drag(panel.page.stage, (100, 80))
    QTest.keyClicks(panel.page.stage.text_box, "two")
    assert session.edits
    session.give(lease(Phase.REFUSED, refusal=Refusal.OTHERS))
    drawn = await session.editor.draft()
    assert [layer.name for layer in canvas_format.read(drawn.text).layers][-1] == "two"
    session.set_aside.emit("draft_1")
    dialog = await dialog_of(window, LeaseDialog)
    for key in (Qt.Key.Key_Space, Qt.Key.Key_W, Qt.Key.Key_Return):
        QTest.keyClick(window.focusWidget(), key)
    assert dialog.isVisible()
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Down)
    assert window.focusWidget() is dialog.rows[0]
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_Return)
    await panel.actions["asking"].settle()
    assert session.calls == ["wait"]


async def test_only_looking_leaves_everything_as_it_is(qt_loop, panel, canvases, window) -> None:
    session = await opened(panel, canvases)
    session.give(lease(Phase.REFUSED, refusal=Refusal.OTHERS))
    session.set_aside.emit("draft_1")
    (await dialog_of(window, LeaseDialog)).done(Answer.LOOK)
    await panel.actions["asking"].settle()
    assert session.calls == []
    assert panel.page.save_copy.isVisibleTo(panel.page)


@pytest.mark.parametrize(
    ("state", "kind", "action"),
    [
        (lease(Phase.HELD), LockKind.MINE, "Release"),
        (lease(Phase.HELD, is_offline=True), LockKind.OFFLINE, "Check again"),
        (lease(Phase.ACQUIRING), LockKind.ASKING, ""),
        (lease(Phase.LOST), LockKind.LOST, "Take it again"),
        (lease(Phase.REFUSED, refusal=Refusal.OTHERS), LockKind.OTHER, "Check again"),
        (lease(Phase.REFUSED, refusal=Refusal.OFFLINE), LockKind.OFFLINE, "Check again"),
    ],
)
async def test_the_lock_bar_says_whose_it_is(
    qt_loop, panel, canvases, state: Lease, kind: LockKind, action: str
) -> None:
    session = await opened(panel, canvases)
    session.give(state)
    shown = panel.page.lock_bar.state
    assert (shown.kind, shown.action) == (kind, action)


async def test_the_one_action_takes_the_lock_again(qt_loop, panel, canvases) -> None:
    session = await opened(panel, canvases)
    session.give(lease(Phase.LOST))
    panel.page.lock_bar.action_requested.emit()
    await panel.actions["lock"].settle()
    assert session.calls == ["take_again"]
    assert panel.page.lock_bar.state.kind is LockKind.MINE


async def test_offline_the_action_looks_whether_the_server_is_back(
    qt_loop, panel, canvases
) -> None:
    session = await opened(panel, canvases)
    session.give(lease(Phase.HELD, is_offline=True))

    async def look_again() -> datetime:
        session.give(lease(Phase.HELD))
        return NOW + timedelta(minutes=5)

    session.look_again = look_again
    panel.page.lock_bar.action_requested.emit()
    await panel.actions["lock"].settle()
    assert panel._ports.messages.toasts[-1].startswith("Online again: you hold “Ember Valley”")
    assert panel.page.lock_bar.state.kind is LockKind.MINE


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
    editor.duplicate_layer(broken.id)
    editor.merge_down(broken.id)
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


SNAPSHOTS = tuple(
    canvas_format.dump(Document(width=100, height=80, background=color))
    for color in ("#ff0000", "#00ff00", "#0000ff")
)


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


def a_draft(what: str = "3 strokes on Clouds") -> Recovery:
    return Recovery("d1", "canvas_1", "Ember", KeptWhy.REFUSED, NOW, what=what)


async def with_draft(panel: CanvasController, canvases: FakeCanvases) -> FakeSession:
    """Open a canvas that somebody else holds, and put strokes aside."""
    session = await opened(panel, canvases)
    canvases.drafts["d1"] = a_draft()
    session.kept_id = "d1"
    session.give(lease(Phase.REFUSED, refusal=Refusal.OTHERS))
    await panel.actions["draft_look"].settle()
    return session


async def test_a_draft_that_was_put_aside_is_shown(qt_loop, panel, canvases, window) -> None:
    session = await with_draft(panel, canvases)
    card = panel.dock.draft
    assert card.isVisibleTo(panel.dock)
    assert card.title.text() == "3 strokes on Clouds"
    assert card.note.text() == f"Kept on this computer, {NOW.astimezone():%H:%M}"
    assert "somebody else held" in card.title.toolTip()
    session.kept_id = ""
    session.give(lease(Phase.HELD))
    assert not card.isVisibleTo(panel.dock)


async def test_a_draft_is_compared_and_discarded(qt_loop, panel, canvases, window) -> None:
    await with_draft(panel, canvases)
    card = panel.dock.draft
    QTest.mouseClick(card.compare, Qt.MouseButton.LeftButton)
    dialog = await dialog_of(window, CompareDialog)
    assert dialog.view._words == ("Your draft", "Now")
    assert dialog.view._pixmap.toImage().pixelColor(5, 5) == QColor("#00ff00")
    dialog.reject()
    await panel.actions["draft_compare"].settle()
    for answer in (Dialog.reject, Dialog.accept):
        QTest.mouseClick(card.discard, Qt.MouseButton.LeftButton)
        question = await dialog_of(window, Dialog)
        answer(question)
        await panel.actions["draft_discard"].settle()
        assert card.isVisibleTo(panel.dock) == (answer is Dialog.reject)
    assert canvases.discarded == ["d1"]


async def test_what_was_done_is_told_with_the_draft(qt_loop, panel, canvases) -> None:
    session = await opened(panel, canvases)
    panel.editor.set_active("a")
    for y in (20, 40, 60):
        stroke(panel.editor, [(20, y)])
    assert (await session.editor.draft()).what.replace("\u00a0", " ") == "3 strokes on Sky"
    panel.editor.change_layer("p", "Hide {}", "", is_visible=False)
    said = (await session.editor.draft()).what.replace("\u00a0", " ")
    assert said == "4 steps, last Hide Lake"
    session.give(lease(Phase.HELD))
    panel.save()
    await panel.actions["save"].settle()
    assert (await session.editor.draft()).what == ""


def test_strokes_on_several_layers_in_words() -> None:
    editor = editor_module.Editor()
    layers = (PaintLayer(id="a", name="Sky"), PaintLayer(id="b", name="Lake"))
    editor.open(Document(width=99, height=99, layers=layers), Pixels())
    for layer_id in ("a", "b"):
        editor.set_active(layer_id)
        stroke(editor, [(20, 20)])
    assert done_words(editor.history.done[:1]) == "Brush on Sky"
    assert done_words(editor.history.done).replace("\u00a0", " ") == "2 strokes on 2 layers"
    editor.deleteLater()


async def test_many_snapshots_give_way_to_the_draft(qt_loop, panel, canvases, window) -> None:
    session = await with_draft(panel, canvases)
    session.snapshot_texts = [*SNAPSHOTS] * 3
    panel.snapshots.refresh()
    await panel.snapshots.reading.settle()
    dock = panel.dock
    assert len(dock.snapshots._rows) == 3
    assert dock._all.text() == "Show all 10"
    QTest.mouseClick(dock._all, Qt.MouseButton.LeftButton)
    assert len(dock.snapshots._rows) == 10
    assert not dock._all.isVisibleTo(dock)


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


async def test_every_command_has_a_reason_or_works(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    keys = [c.shortcut for c in panel.commands() if c.shortcut]
    assert len(keys) == len(set(keys))
    panel.editor.set_read_only("looking")
    blocked = {c.id for c in panel.commands() if c.reason() == "looking"}
    assert {"canvas.tool.brush", "canvas.paste", "canvas.merge"} <= blocked
    assert "canvas.tool.hand" not in blocked


async def test_letters_of_the_window_do_not_lead_off_the_canvas(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    keys = {key for one in panel.commands() for key in (one.shortcut, *one.more_shortcuts)}
    assert {"R", "D", "T", "U"} <= keys


async def test_a_group_is_taken_apart_by_its_key(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    commands = {command.id: command for command in panel.commands()}
    panel.editor.set_active("p")
    assert commands["canvas.ungroup"].reason() == "The layer is no group"
    commands["canvas.group"].run()
    assert commands["canvas.ungroup"].reason() == ""
    commands["canvas.ungroup"].run()
    assert panel.editor.document.layer("p").parent == ""
    assert panel.editor.history.done[-1].name == "Ungroup Group 1"


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


async def test_escape_in_a_number_drops_it_and_gives_the_keys_back(
    qt_loop, panel, canvases, window
) -> None:
    await opened(panel, canvases)
    panel.editor.set_active("p")
    field = panel.dock.fields["x"]
    before = field.text()
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "77")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert panel.page.focusWidget() is panel.page.stage.focusProxy()
    assert field.text() == before
    assert not panel.editor.history.can_undo


async def test_layer_masks_have_keys_and_selections_are_not_called_masks(
    qt_loop, panel, canvases
) -> None:
    await opened(panel, canvases)
    commands = {command.id: command for command in panel.commands()}
    sheet = dict(groups_of(panel.commands(), KEYS))
    assert len(sheet["Layer mask"]) == 6
    selecting = ("canvas.select_all", "canvas.deselect", "canvas.clear", "canvas.tool.mask")
    assert not any("mask" in commands[one].title.lower() for one in selecting)
    panel.editor.set_active("p")
    add = commands["canvas.mask_add"]
    assert (add.reason(), add.note()) == ("", "")
    commands["canvas.select_all"].run()
    assert add.note() == "from the selection"
    add.run()
    assert panel.editor.document.layer("p").mask is not None
    assert add.reason() == "The layer has a mask"
    commands["canvas.mask_delete"].run()
    assert panel.editor.document.layer("p").mask is None
    assert commands["canvas.merge_group"].reason() == "The layer is no group"


async def test_the_dock_does_not_edit_by_showing(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    panel.editor.change_layer(
        "p", "x", "", transform=panel.editor.document.layers[0].transform.model_copy(
            update={"scale_x": 0.333, "scale_y": 0.333}
        )
    )  # fmt: skip
    count = len(panel.editor.history.done)
    for layer_id in ("a", "p", "a", "p"):
        panel.dock.layers.chosen.emit(layer_id)
    assert len(panel.editor.history.done) == count


async def test_rows_of_the_dock_change_layers(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    rows = panel.dock.layers
    rows.visible_toggled.emit("p")
    rows.lock_toggled.emit("a")
    rows.renamed.emit("a", "Heaven")
    rows.moved.emit("p", 5, "")
    panel.dock.opacity_edited.emit(0.4)
    document = panel.editor.document
    assert [layer.id for layer in document.layers] == ["a", "p"]
    heaven = document.layers[0]
    assert (heaven.name, heaven.is_locked, heaven.opacity) == ("Heaven", True, 0.4)
    assert not document.layers[1].is_visible
    assert len(panel.editor.history.done) == 5


def test_no_dialog_is_left(qapp: Any) -> None:
    assert not [w for w in qapp.topLevelWidgets() if isinstance(w, Dialog) and w.isVisible()]


async def test_enter_in_a_number_field_gives_the_keys_back_to_the_canvas(
    qt_loop, panel, canvases, window
) -> None:
    await opened(panel, canvases)
    window.activateWindow()
    field = panel.dock.percent
    field.setFocus()
    field.lineEdit().selectAll()
    QTest.keyClicks(field, "50")
    panel.settings.set_tool(ToolId.CROP)
    stage = panel.page.stage
    places = [stage.to_view(QPointF(*at)).toPoint() for at in ((10, 10), (60, 50))]
    QTest.mousePress(stage, Qt.MouseButton.LeftButton, pos=places[0])
    QTest.mouseMove(stage, places[1])
    QTest.mouseRelease(stage, Qt.MouseButton.LeftButton, pos=places[1])
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert panel.editor.active.opacity == 0.5
    QTest.keyClick(stage.focusProxy(), Qt.Key.Key_Return)
    assert (panel.editor.document.width, panel.editor.document.height) == (50, 40)


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width", [420, 560, 700, 1100])
def test_saving_is_never_cut_in_the_head(window: QWidget, panel, look, scale, width) -> None:
    look.set_scale(scale)
    panel.page.set_head("Ember Valley key art", 1920, 1200)
    panel.page.set_note("Draft kept 1 s ago")
    panel.dock.hide()
    window.resize(width, 600)
    QApplication.sendPostedEvents()
    save = panel.page.save
    right = save.mapTo(panel.page, QPoint(save.width(), 0)).x()
    assert right <= panel.page.width()
    assert save.width() >= save.sizeHint().width()


@pytest.mark.parametrize("is_read_only", [False, True])
@pytest.mark.parametrize(("scale", "width"), [(1.0, 420), (2.0, 560), (2.0, 700), (2.0, 860)])
def test_the_name_is_read_whole_where_the_window_is_narrow(
    window: QWidget, panel, look, scale, width, is_read_only
) -> None:
    look.set_scale(scale)
    page = panel.page
    page.set_read_only(is_read_only)
    page.set_head("Ember Valley", 1920, 1200)
    page.set_note("Draft kept 1 s ago")
    panel.dock.hide()
    window.resize(width, 600)
    QApplication.sendPostedEvents()
    assert page.title.width() >= page.title.sizeHint().width()
    for part in (page.title, page._zooms, page.save, page.save_copy):
        if not part.isHidden():
            assert page._head.rect().contains(part.geometry()), part


def test_a_wide_head_is_one_line(window: QWidget, panel, look) -> None:
    page = panel.page
    panel.dock.hide()
    page.set_head("Ember Valley", 1920, 1200)
    look.set_scale(2.0)
    window.resize(500, 600)
    QApplication.sendPostedEvents()
    assert page._is_two
    look.set_scale(1.0)
    window.resize(1100, 600)
    QApplication.sendPostedEvents()
    assert not page._is_two
    for part in (page.title, page.save):
        assert abs(part.geometry().center().y() - page._head.rect().center().y()) <= 1
    assert page._size.isVisibleTo(page)


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("height", [430, 520, 900])
def test_every_tool_is_within_reach_in_a_low_window(
    window: QWidget, panel, look, scale, height
) -> None:
    look.set_scale(scale)
    window.resize(900, height)
    QApplication.sendPostedEvents()
    rail = panel.page.rail
    seen = rail.rect()
    for part in (*rail.buttons.values(), rail.colors):
        assert seen.contains(QRect(part.mapTo(rail, QPoint(0, 0)), part.size())), part
    assert rail.columns == (1 if height == 900 else 2)


def test_the_focus_brings_a_tool_into_sight(window: QWidget, panel, look) -> None:
    rail = panel.page.rail
    rail.setFixedHeight(120)  # lower than any window, so that even two columns are cut
    QApplication.sendPostedEvents()
    window.activateWindow()
    for tool in (ToolId.ZOOM, ToolId.SELECT):
        button = rail.buttons[tool]
        button.setFocus(Qt.FocusReason.TabFocusReason)
        top = button.mapTo(rail, QPoint(0, 0)).y()
        assert 0 <= top <= rail.height() - button.height()


@pytest.mark.parametrize("value", [12345.6, -123.4, 100])
def test_a_long_number_stands_alone_in_its_field(qapp, value) -> None:
    field = FrameField("Scale", "Scale", "%", 0.1, 100_000)
    field.resize(110, 32)
    field.show_value(value, 1)
    field.show()
    label = theme.current().metrics("body").horizontalAdvance("Scale")
    number = theme.current().metrics("body").horizontalAdvance(field.text())
    assert field.shows_label == (label + number + 30 <= 110)
    field.close()
    field.deleteLater()


async def test_a_canvas_with_the_same_ids_shows_its_own_pixels(qt_loop, panel, canvases) -> None:
    await opened(panel, canvases)
    model = panel.dock.model
    before = [model.index(row).data(LayerRole.THUMBNAIL) for row in range(model.rowCount())]
    await panel.show_text(TEXT)
    after = [model.index(row).data(LayerRole.THUMBNAIL) for row in range(model.rowCount())]
    assert all(one is not other for one, other in zip(before, after, strict=True))


def test_without_a_frame_no_number_is_shown(panel) -> None:
    dock = panel.dock
    dock.show_frame(Frame(10, 20, 30, 40, 5, 100))
    assert dock.fields["x"].text().startswith("10")
    dock.show_frame(None)
    assert not any(character.isdigit() for character in dock.fields["x"].text())
    dock.show_frame(Frame(10, 20, 30, 40, 5, 100))
    assert dock.fields["x"].text().startswith("10")


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
