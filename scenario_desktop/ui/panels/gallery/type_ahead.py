"""Finding an item by typing the beginning of its name."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent

#: Time between two keys of one name, milliseconds.
PAUSE_MS = 1500

_HELD = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)


class TypeAhead(QObject):
    """Collects keys into a name until one pauses.

    An apostrophe begins a name whose first letter is a shortcut of the window.

    Attributes:
        text: what has been typed.
        is_active: whether a name is being typed; then its letters are no shortcuts.

    Signals:
        typed: the text so far, "" when it has ended.
    """

    typed = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.text = ""
        self.is_active = False
        self._pause = QTimer(self, singleShot=True, interval=PAUSE_MS)
        self._pause.timeout.connect(self.stop)

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key press goes on with what is being typed."""
        return self.is_active and (
            is_text(event) or event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Backspace)
        )

    def press(self, event: QKeyEvent) -> bool:
        """Take a key press; False where it means something else."""
        if not self.is_active:
            if not is_text(event) or event.text().isspace():
                return False
            self.is_active = True
            if event.text() != "'":
                self._set(event.text())
            else:
                self._pause.start()
        elif event.key() == Qt.Key.Key_Escape:
            self.stop()
        elif event.key() == Qt.Key.Key_Backspace:
            self._set(self.text[:-1])
        elif is_text(event):
            self._set(self.text + event.text())
        else:
            return False
        return True

    def stop(self) -> None:
        """Forget what was typed."""
        self._pause.stop()
        if self.is_active:
            self.is_active = False
            self.text = ""
            self.typed.emit("")

    def _set(self, text: str) -> None:
        self.text = text
        self._pause.start()
        self.typed.emit(text)


def is_text(event: QKeyEvent) -> bool:
    """Whether a key press writes something that a name can hold."""
    text = event.text()
    return bool(text) and text.isprintable() and not event.modifiers() & _HELD
