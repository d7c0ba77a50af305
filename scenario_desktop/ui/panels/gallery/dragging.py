"""Dragging items: onto collections in the window, and out of it as copies of their originals.

Another program takes files, and they have to be there before the drag begins. Small ones are
fetched while the drag waits a moment; for others it begins without files, and only when it is let
go outside of the window they are fetched for the next time, and the user is told so.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QPoint, QRectF, Qt, QTimer, QUrl
from PySide6.QtGui import QColor, QCursor, QDrag, QGuiApplication, QPainter, QPixmap

from scenario_desktop.items import Item
from scenario_desktop.ui import theme
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.gallery.view import GalleryView
from scenario_desktop.ui.panels.gallery.words import number
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.drags import put_keys

#: More files at once are a download, not a drag.
MAX_FILES = 100
#: What is fetched before it is known whether the drag leaves the window at all.
EAGER_FILES, EAGER_BYTES = 20, 32 * 1024 * 1024
#: How long a drag waits for its files, milliseconds.
WAIT_MS = 300
_PICTURE_PX = 72

#: Makes copies of originals with good names; the paths of those that could be made.
Prepare = Callable[[Sequence[Item]], Awaitable[Sequence[Path]]]


class Dragging(QObject):
    """Takes the grid's wish to drag, and starts the drag, with files where there are any."""

    def __init__(self, view: GalleryView, store: PictureStore) -> None:
        super().__init__(view)
        self._view, self._store = view, store
        self._prepare: Prepare | None = None
        self._ready: dict[int, Path] = {}
        self._items: list[Item] = []
        self._is_waiting = False
        self.prepare = AsyncAction(self._prepare_files, parent=self)
        self.prepare.succeeded.connect(self._on_prepared)
        self._wait = QTimer(self, singleShot=True)
        # From a timer, never from a task: a drag runs a loop of its own.
        self._wait.timeout.connect(self._start_drag)

    def set_prepare(self, prepare: Prepare | None) -> None:
        """Take originals from another workspace; None where there are none."""
        self.prepare.cancel()
        self._wait.stop()
        self._prepare = prepare
        self._ready.clear()

    def begin(self, items: Sequence[Item]) -> None:
        """Drag these items, at once or when their files are there."""
        self._items = list(items)
        if not items:
            return
        self._is_waiting = self._prepare is not None and not self._has_files() and self._is_small()
        if self._is_waiting:
            self.prepare.trigger(self._items)
        self._wait.start(WAIT_MS if self._is_waiting else 0)

    def _is_small(self) -> bool:
        total = sum(item.size_bytes or EAGER_BYTES for item in self._items)
        return len(self._items) <= EAGER_FILES and total <= EAGER_BYTES

    def _has_files(self) -> bool:
        return all(self._path(item) for item in self._items)

    def _path(self, item: Item) -> Path | None:
        path = self._ready.get(item.key)
        return path if path is not None and path.exists() else None

    async def _prepare_files(self, items: list[Item]) -> bool:
        """Fetch what is not here yet; False where not all of it came."""
        prepare = self._prepare
        missing = [item for item in items if self._path(item) is None]
        if prepare is None:
            return False
        paths = await prepare(missing)
        if len(paths) < len(missing):
            return False
        self._ready.update(zip((item.key for item in missing), paths, strict=True))
        return True

    def _on_prepared(self, is_complete: bool) -> None:
        if self._wait.isActive():
            self._wait.start(0)
        elif not is_complete:
            self._view.show_hint("Not every original could be fetched.")
        elif self._view.hint:
            self._view.show_hint("Ready. Drag again to take it to another program.")

    def _start_drag(self) -> None:
        if not QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            return  # let go meanwhile
        drag = QDrag(self._view.grid)
        drag.setMimeData(self.mime_data())
        drag.setPixmap(self._picture())
        drag.setHotSpot(QPoint(_PICTURE_PX // 2, _PICTURE_PX // 2))
        has_files = drag.mimeData().hasUrls()
        self._view.grid.set_cut(frozenset(item.key for item in self._items))
        action = drag.exec(Qt.DropAction.CopyAction)
        self._view.grid.set_cut(frozenset())
        is_outside = not self._view.window().geometry().contains(QCursor.pos())
        if action is Qt.DropAction.IgnoreAction and is_outside and not has_files:
            self.fetch_for_next_time()

    def mime_data(self) -> QMimeData:
        """Return what a drag carries: keys for the window, files for others if they are here."""
        data = QMimeData()
        put_keys(data, (item.key for item in self._items))
        if self._items and self._has_files():
            paths = [self._path(item) for item in self._items]
            data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths if path is not None])
        return data

    def fetch_for_next_time(self) -> None:
        """Fetch the files of the last drag, since it was let go where files are wanted."""
        if self._prepare is None:
            return
        count = len(self._items)
        if count > MAX_FILES:
            self._view.show_hint(f"{number(count)} items are too many to drag out. Download them.")
            return
        word = "the original" if count == 1 else f"{number(count)} originals"
        self._view.show_hint(f"Getting {word} ready to drag out…", stays=True)
        self.prepare.trigger(self._items)

    def _picture(self) -> QPixmap:
        """Return what hangs at the pointer: the first picture, and how many there are."""
        ratio = self._view.devicePixelRatioF()
        side = _PICTURE_PX + 8
        result = QPixmap(round(side * ratio), round(side * ratio))
        result.setDevicePixelRatio(ratio)
        result.fill(Qt.GlobalColor.transparent)
        painter = painting.antialiased(QPainter(result))
        first = self._store.stand_in(self._items[0].key)
        if first is not None:
            painter.drawPixmap(0, 8, _PICTURE_PX, _PICTURE_PX, first)
        if len(self._items) > 1:
            self._paint_count(painter, side)
        painter.end()
        return result

    def _paint_count(self, painter: QPainter, side: int) -> None:
        look = theme.current()
        words = number(len(self._items))
        wide = max(20, look.metrics("small_strong").horizontalAdvance(words) + 12)
        area = QRectF(side - wide, 0, wide, 20)
        painting.box(painter, area, 10, look.tokens.accent, QColor(look.tokens.text_on_fill))
        center = Qt.AlignmentFlag.AlignHCenter
        color = look.tokens.text_on_fill
        painting.text(painter, area, words, look.font("small_strong"), color, center)
