"""The page of a library that has nothing in it yet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImageReader,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
)
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop import paths
from scenario_desktop.ui import theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind
from scenario_desktop.ui.widgets.drags import local_files
from scenario_desktop.ui.widgets.empty_state import IconTile
from scenario_desktop.ui.widgets.keycap import KeyCap
from scenario_desktop.ui.widgets.labels import ElidedLabel, IconLabel, PlainLabel
from scenario_desktop.ui.widgets.scroll import ScrollArea
from scenario_desktop.ui.widgets.surface import Card, Surface

WIDTH = 840
#: Side of a picture of the fan, its frame, and how the four lie: x offset, y offset, degrees.
PICTURE, FRAME = 116, 4
FAN = ((-131, 12, -12.0), (-44, -4, -4.0), (44, -13, 3.0), (129, -2, 9.0))


class _Fan(QWidget):
    """Four pictures like prints on a table. Decoration."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: list[QPixmap] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_pictures(self, pictures: Sequence[QPixmap]) -> None:
        self._pictures = list(pictures[: len(FAN)])
        self.setVisible(bool(self._pictures))
        self.update()

    @override
    def sizeHint(self) -> QSize:
        return QSize(400, 172)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = theme.current().tokens
        painter = painting.antialiased(QPainter(self))
        for picture, (x, y, angle) in zip(self._pictures, FAN, strict=False):
            painter.save()
            painter.translate(self.width() / 2 + x, self.height() / 2 + y)
            painter.rotate(angle)
            area = QRectF(-PICTURE / 2, -PICTURE / 2, PICTURE, PICTURE)
            painting.shadow(painter, area, tokens.shadow, 14)
            painting.box(painter, area, 10, tokens.slider_thumb)
            inner = area.adjusted(FRAME, FRAME, -FRAME, -FRAME)
            painter.setClipPath(painting.rounded(inner, 6))
            side = min(picture.width(), picture.height())
            source = QRectF((picture.width() - side) / 2, (picture.height() - side) / 2, side, side)
            painter.drawPixmap(inner, picture, source)
            painter.restore()


class _Offer(Card):
    """A card with one way to begin."""

    def __init__(self, icon: str, title: str, text: str, action: str) -> None:
        super().__init__()
        self.button = Button(action)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 20, 20, 20)
        column.setSpacing(0)
        column.addWidget(IconTile(icon), 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(12)
        column.addWidget(PlainLabel(title, "title"))
        column.addSpacing(4)
        column.addWidget(PlainLabel(text, "body", "text_2", wrap=True))
        column.addStretch(1)
        column.addSpacing(12)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)


class FirstRunView(Surface):
    """Drop pictures, try the samples, or connect an account.

    Signals:
        files_dropped: a list of paths.
        choose_requested, samples_requested: what they say.
        connect_requested, sartiq_requested: an account of either service should be connected.
    """

    files_dropped = Signal(object)
    choose_requested = Signal()
    samples_requested = Signal()
    connect_requested = Signal()
    sartiq_requested = Signal()

    def __init__(self, *, samples: int = 0, parent: QWidget | None = None) -> None:
        super().__init__("stage", parent=parent)
        self.setAccessibleName("Empty library")
        self.setAcceptDrops(True)
        self._drop = self._build_drop()
        self._offers = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._offers.setSpacing(12)
        text = "made for this. Detect edges, tag and refine them without an account."
        text = f"{samples} pictures, {text}" if samples else f"Pictures {text}"
        self._samples = _Offer("images", "Try the samples", text, "Add samples")
        self._samples.button.clicked.connect(self.samples_requested)
        self._connect = _Offer(
            "cloud",
            "Connect Scenario",
            "Your projects, assets, canvases and usage. You need an API key and its secret.",
            "Connect…",
        )
        self._connect.button.clicked.connect(self.connect_requested)
        self._sartiq = _Offer(
            "key-round",
            "Connect Sartiq",
            "Generations, predictions and refines in the same gallery. Log in with your account.",
            "Log in…",
        )
        self._sartiq.button.clicked.connect(self.sartiq_requested)
        for offer in (self._samples, self._connect, self._sartiq):
            self._offers.addWidget(offer, 1)
        self._lay_out()

    def set_pictures(self, pictures: Sequence[QPixmap]) -> None:
        """Set what lies in the fan, four at most."""
        self._fan.set_pictures(pictures)

    def load_samples(self) -> None:
        """Put four of our own sample pictures into the fan."""
        found = sorted(
            file for file in paths.resource("samples").glob("*") if file.suffix in (".jpg", ".png")
        )
        step = max(1, len(found) // len(FAN))
        self.set_pictures([_small(file) for file in found[::step][: len(FAN)]])

    def set_busy(self, is_busy: bool) -> None:
        """Show that the samples are being added."""
        self._samples.button.set_busy(is_busy)

    def set_local(self, is_local: bool) -> None:
        """Say where pictures go; a connected account needs no offer to connect one."""
        self._connect.setVisible(is_local)
        self._sartiq.setVisible(is_local)
        self._note.setVisible(is_local)
        self._note_icon.setVisible(is_local)

    @override
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_files(event.mimeData()):
            self._drop.set_hot(True)
            event.acceptProposedAction()

    @override
    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop.set_hot(False)

    @override
    def dropEvent(self, event: QDropEvent) -> None:
        self._drop.set_hot(False)
        found = local_files(event.mimeData())
        if found:
            event.acceptProposedAction()
            self.files_dropped.emit(found)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_narrow = self.width() < theme.current().px(560)
        directions = QBoxLayout.Direction
        self._offers.setDirection(directions.TopToBottom if is_narrow else directions.LeftToRight)

    def _build_drop(self) -> Card:
        card = Card("panel", line="edge", radius="dialog", is_dashed=True)
        self._fan = _Fan()
        title = PlainLabel("Drop pictures or folders here", "page")
        text = PlainLabel(
            "PNG, JPEG, WebP, TIFF, GIF and BMP. Originals stay where they are.",
            "body",
            "text_2",
            wrap=True,
        )
        text.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        choose = Button("Choose files", kind=ButtonKind.PRIMARY, shortcut="Ctrl+O")
        choose.clicked.connect(self.choose_requested)
        center = Qt.AlignmentFlag.AlignHCenter
        column = QVBoxLayout(card)
        column.setContentsMargins(24, 16, 24, 24)
        column.setSpacing(0)
        column.addWidget(self._fan)
        column.addSpacing(4)
        column.addWidget(title, 0, center)
        column.addSpacing(8)
        column.addWidget(text)
        column.addSpacing(16)
        column.addWidget(choose, 0, center)
        self._fan.hide()
        return card

    def _lay_out(self) -> None:
        content = QWidget()
        content.setMaximumWidth(WIDTH)
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 24, 0, 24)
        column.setSpacing(20)
        column.addStretch(1)
        column.addWidget(self._drop)
        column.addLayout(self._offers)
        column.addLayout(self._foot())
        column.addStretch(1)
        middle = QWidget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(24, 0, 24, 0)
        row.addStretch(1)
        row.addWidget(content, 1000)
        row.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(ScrollArea(middle))

    def _foot(self) -> QHBoxLayout:
        self._note_icon = IconLabel("monitor", "text_2", 14)
        self._note = ElidedLabel(
            "This workspace is on this computer. Nothing leaves it until you connect an account.",
            "small",
            "text_2",
        )
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(self._note_icon)
        row.addWidget(self._note)
        row.addSpacing(16)
        row.addWidget(KeyCap("Ctrl+K"))
        row.addWidget(PlainLabel("finds every command", "small", "text_2"))
        row.addStretch(1)
        return row


def _small(file: Path) -> QPixmap:
    """Read one of our own pictures, already reduced."""
    reader = QImageReader(str(file))
    size = reader.size()
    size.scale(PICTURE * 2, PICTURE * 2, Qt.AspectRatioMode.KeepAspectRatioByExpanding)
    reader.setScaledSize(size)
    return QPixmap.fromImage(reader.read())
