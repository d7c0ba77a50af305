"""The buttons below a video, and the large one on it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.panels.gallery.words import length_text
from scenario_desktop.ui.panels.preview.player import State
from scenario_desktop.ui.theme import tokens_of
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.buttons import IconButton
from scenario_desktop.ui.widgets.labels import PlainLabel
from scenario_desktop.ui.widgets.slider import Slider
from scenario_desktop.ui.widgets.tips import set_tip

#: What the note says in each state that is not plain to see.
_NOTES: Final = {
    State.LOADING: "Fetching…",
    State.BUFFERING: "Buffering…",
    State.ENDED: "Ended",
    State.FAILED: "Failed",
}
#: What the play button says and shows.
_PLAY: Final = ("play", "Play without sound")
_FACES: Final = {
    State.PLAYING: ("pause", "Pause"),
    State.BUFFERING: ("pause", "Pause"),
    State.ENDED: ("rotate-ccw", "Play again without sound"),
    State.FAILED: ("rotate-ccw", "Try again"),
}


class PlayerBar(QWidget):
    """Play, steps, the time, where it is, and whether it begins again.

    Attributes:
        position: the frames of the video.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.toggle = IconButton(*_PLAY, shortcut="Space")
        self.back = IconButton("step-back", "One frame back", shortcut=",")
        self.forward = IconButton("step-forward", "One frame on", shortcut=".")
        self.time = PlainLabel("", "body", "text_2")
        self.position = Slider(name="Position")
        self.position.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.note = PlainLabel("", "body", "text_3")
        self.note.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.loop = IconButton("repeat", "Begin again at the end", shortcut="L")
        self.loop.setCheckable(True)
        self._state = State.POSTER
        self._frames, self._fps, self._total = 0, 1.0, "–"
        self._is_cut = self._is_waiting = False
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 6, 10, 8)
        row.setSpacing(4)
        for button in (self.toggle, self.back, self.forward):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        row.addSpacing(6)
        row.addWidget(self.time)
        row.addSpacing(6)
        row.addWidget(self.position, 1)
        row.addSpacing(6)
        row.addWidget(self.note)
        self.loop.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        row.addWidget(self.loop)
        theme.current().changed.connect(self._reserve)
        self.show_length(0, 1.0)

    def show_unopened(self, total_s: float | None) -> None:
        """Show how long a video is before it is opened, as far as that is known."""
        self.show_length(0, 1.0)
        self._total = length_text(total_s) if total_s else "–"
        self._reserve()
        self.show_at(0)

    def show_length(self, frames: int, fps: float, *, is_cut: bool = False) -> None:
        """Show how long it is; 0 frames where it is not opened.

        Args:
            is_cut: the file ends before the time that it tells.
        """
        self._frames, self._fps, self._is_cut = frames, fps, is_cut
        self._total = length_text(frames / fps) if frames else "–"
        self.position.setEnabled(frames > 1)
        self.position.setRange(0, max(1, frames - 1))
        self.position.setPageStep(max(1, frames // 10))
        tip = "The file ends here, earlier than it tells: it may be cut off" if is_cut else ""
        set_tip(self.note, tip)
        self._reserve()
        self.show_at(self.position.value())

    def show_at(self, number: int) -> None:
        """Show which frame is seen."""
        if not self.position.isSliderDown():
            self.position.setValue(number)
        words = f"Frame {number + 1:,} of {self._frames:,}" if self._frames else ""
        self.position.setAccessibleDescription(words)
        seconds = int(number / self._fps)
        is_last = self._frames > 1 and number == self._frames - 1
        now = self._total if is_last else length_text(seconds)
        self.time.setText(f"{now}\u00a0/\u00a0{self._total}")
        self._show_note(number)

    def show_waiting(self, is_waiting: bool) -> None:
        """Show whether the frame that should be seen is still on its way."""
        if is_waiting != self._is_waiting:
            self._is_waiting = is_waiting
            self._show_note(self.position.value())

    def show_state(self, state: State) -> None:
        """Show what the player does."""
        self._state = state
        icon, name = _FACES.get(state, _PLAY)
        self.toggle.set_icon(icon)
        self.toggle.set_name(name, "Space")
        self.toggle.set_busy(state is State.LOADING, is_clickable=True)
        self._show_note(self.position.value())

    def _show_note(self, number: int) -> None:
        text = _NOTES.get(self._state, "")
        if self._state is State.PAUSED and self._is_waiting:
            text = _NOTES[State.BUFFERING]
        elif self._state is State.PAUSED:
            text = f"Frame\u00a0{number + 1:,}"
        elif self._state is State.ENDED and self._is_cut:
            text = "Ended early"
        self.note.setText(text)

    def _reserve(self) -> None:
        """Keep the room of the longest words, so that the slider stands still."""
        measure = theme.current().metrics("body").horizontalAdvance
        notes = [*_NOTES.values(), "Ended early", f"Frame\u00a0{max(self._frames, 1):,}"]
        self.note.setMinimumWidth(max(map(measure, notes)) + 2)
        total = self._total if self._total != "–" else "0:00"
        widest = "".join("0" if letter.isdigit() else letter for letter in total)
        self.time.setMinimumWidth(measure(f"{widest}\u00a0/\u00a0{widest}") + 2)


class PlayBadge(QAbstractButton):
    """The large button in the middle of a video that stands still."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon = "play"
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.show_state(State.POSTER)

    def show_state(self, state: State) -> None:
        """Be there where pressing play is what comes next."""
        self._icon, name = _FACES[State.ENDED] if state is State.ENDED else _PLAY
        self.setAccessibleName(name)
        set_tip(self, name, "Space")
        self.setVisible(state in (State.POSTER, State.ENDED))
        self.update()

    @override
    def sizeHint(self) -> QSize:
        side = theme.current().px(64)
        return QSize(side, side)

    @override
    def paintEvent(self, event: QPaintEvent) -> None:
        t = tokens_of("dark")  # as all that lies on pictures
        painter = painting.antialiased(QPainter(self))
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        fill = theme.with_alpha(t.badge_bg, 0.92 if self.underMouse() else 0.75)
        painting.box(painter, area, area.width() / 2, fill)
        icons.paint(painter, self.rect(), self._icon, 28, t.badge_text)
