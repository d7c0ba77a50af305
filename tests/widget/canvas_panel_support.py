"""A canvas panel with its controller, over a fake session."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from psygnal import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.api.models.canvas import Snapshot, SnapshotPage
from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document, PaintLayer, PictureLayer, Tile
from scenario_desktop.errors import AppError, NotFound
from scenario_desktop.items import Item, Picture, Source
from scenario_desktop.services.canvas.content import Editor, SaveResult, Stored
from scenario_desktop.services.canvas.drafts import Recovery
from scenario_desktop.services.canvas.lease import Lease, Moment, Phase
from scenario_desktop.services.canvas.record import Deed, HistoryLine
from scenario_desktop.services.canvas.room import CanvasTimes
from scenario_desktop.services.people import Person
from scenario_desktop.ui.panels.canvas import editor as editor_module
from scenario_desktop.ui.panels.canvas.controller import CanvasController
from scenario_desktop.ui.panels.canvas.dock import CanvasDock
from scenario_desktop.ui.panels.canvas.page import CanvasPage
from scenario_desktop.ui.panels.canvas.ports import CanvasPorts
from scenario_desktop.ui.panels.canvas.tools.settings import ToolSettings
from tests.fakes import FakeNotices
from tests.support import until

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


SNAPSHOTS = tuple(
    canvas_format.dump(Document(width=100, height=80, background=color))
    for color in ("#ff0000", "#00ff00", "#0000ff")
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
        self.thumbnail = b""
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

    async def restore(self, snapshot: Snapshot, thumbnail: bytes = b"") -> str:
        self.calls.append("restore")
        self.thumbnail = thumbnail
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
