"""Dragging items out of the window, as copies of their originals.

Another program takes files, and files have to be there before the drag begins. So a drag of items
that are not here yet starts fetching them; it goes on by itself if the button is still held when
they arrive, else the user is told to drag again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, QObject, QPoint, QRectF, Qt, QTimer, QUrl
from PySide6.QtGui import QColor, QDrag, QGuiApplication, QPainter, QPixmap

from scenario_desktop.items import Item
from scenario_desktop.ui import theme
from scenario_desktop.ui.actions import AsyncAction
from scenario_desktop.ui.models.picture_store import PictureStore
from scenario_desktop.ui.panels.gallery.view import GalleryView
from scenario_desktop.ui.panels.gallery.words import number
from scenario_desktop.ui.widgets import painting

#: More files at once are a download, not a drag.
MAX_FILES = 100
_PICTURE_PX = 72

#: Makes copies of originals with good names; the paths of those that could be made.
Prepare = Callable[[Sequence[Item]], Awaitable[Sequence[Path]]]


class Dragging(QObject):
    """Takes the grid's wish to drag, and starts the drag once there are files."""

    def __init__(self, view: GalleryView, store: PictureStore) -> None:
        super().__init__(view)
        self._view, self._store = view, store
        self._prepare: Prepare | None = None
        self._ready: dict[int, Path] = {}
        self._items: list[Item] = []
        self.prepare = AsyncAction(self._prepare_files, parent=self)
        self._start = QTimer(self, singleShot=True, interval=0)
        self._start.timeout.connect(self._start_drag)

    def set_prepare(self, prepare: Prepare | None) -> None:
        """Take originals from another workspace; None where there are none."""
        self.prepare.cancel()
        self._prepare = prepare
        self._ready.clear()

    def begin(self, items: Sequence[Item]) -> None:
        """Drag these items, or fetch their originals first."""
        self._items = list(items)
        if not items or self._prepare is None:
            return
        if len(items) > MAX_FILES:
            self._view.show_hint(
                f"{number(len(items))} items are too many to drag. Use Download instead."
            )
        elif all(self._path(item) for item in items):
            self._start.start()
        else:
            word = "the original" if len(items) == 1 else f"{number(len(items))} originals"
            self._view.show_hint(f"Getting {word} ready to drag…", stays=True)
            self.prepare.trigger()

    def _path(self, item: Item) -> Path | None:
        path = self._ready.get(item.key)
        return path if path is not None and path.exists() else None

    async def _prepare_files(self) -> None:
        items, prepare = self._items, self._prepare
        if prepare is None:
            return
        missing = [item for item in items if self._path(item) is None]
        try:
            paths = await prepare(missing)
        except BaseException:
            self._view.show_hint("")
            raise
        if len(paths) < len(missing):
            self._view.show_hint("Not every original could be fetched. Nothing is dragged.")
            return
        self._ready.update(zip((item.key for item in missing), paths, strict=True))
        if items is not self._items:
            return
        if QGuiApplication.mouseButtons() & Qt.MouseButton.LeftButton:
            self._view.show_hint("")
            # From a timer, never from this task: a drag runs a loop of its own.
            self._start.start()
        else:
            self._view.show_hint("Ready. Drag again to take it to another program.")

    def _start_drag(self) -> None:
        urls = [QUrl.fromLocalFile(str(path)) for item in self._items if (path := self._path(item))]
        if not urls:
            return
        data = QMimeData()
        data.setUrls(urls)
        drag = QDrag(self._view.grid)
        drag.setMimeData(data)
        drag.setPixmap(self._picture())
        drag.setHotSpot(QPoint(_PICTURE_PX // 2, _PICTURE_PX // 2))
        self._view.grid.set_cut(frozenset(item.key for item in self._items))
        drag.exec(Qt.DropAction.CopyAction)
        self._view.grid.set_cut(frozenset())

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
