"""The card over the job bar, at the left, that shows an import, and the list of what it refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget
from typing_extensions import override

from scenario_desktop.services.words import counted
from scenario_desktop.ui import theme
from scenario_desktop.ui.dialogs import ACCEPTED, Dialog
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize, IconButton
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel
from scenario_desktop.ui.widgets.modal import Frame
from scenario_desktop.ui.widgets.progress import ProgressBar

if TYPE_CHECKING:
    from scenario_desktop.services.imports import ImportProgress, Refusal

#: Width of the card, and how far it floats over the job bar and from the edge, pixels.
CARD_WIDTH = 340
LIFT = 12
#: Width of a dialog that lists something, pixels.
LIST_WIDTH = 640
#: Refusals listed in the dialog; the rest is counted.
MAX_LISTED = 200


class ImportCard(Frame):
    """One import: a sentence, a bar and one button; then its summary until it is closed.

    Signals:
        cancel_requested: what is not in yet should stay out.
        refusals_requested: show what was refused and why.
        closed: the summary was read.
    """

    cancel_requested = Signal()
    refusals_requested = Signal()
    closed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(parent=window)
        self._bottom = 0
        self._title = PlainLabel("", "body_strong")
        self._note = ElidedLabel("", "small", "text_2")
        self._bar = ProgressBar()
        self._close = IconButton("x", "Close", size=ButtonSize.SMALL)
        self._cancel = Button("Cancel", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        self._why = Button("Show why", kind=ButtonKind.GHOST, size=ButtonSize.SMALL)
        self._lay_out()
        self._close.clicked.connect(self.closed)
        self._cancel.clicked.connect(self.cancel_requested)
        self._why.clicked.connect(self.refusals_requested)
        window.installEventFilter(self)
        self.hide()

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._title)
        words.addWidget(self._note)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addLayout(words, 1)
        for button in (self._cancel, self._why, self._close):
            head.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 12, 14)
        layout.setSpacing(10)
        layout.addLayout(head)
        layout.addWidget(self._bar)

    def set_bottom(self, height: int) -> None:
        """Take the height that the job bar or panel needs."""
        self._bottom = height
        self._place()

    def show_progress(self, progress: ImportProgress) -> None:
        total = progress.total
        self._title.setText(f"Importing {min(progress.done + 1, total):,} of {total:,}")
        self._note.setText(progress.current_name)
        self._bar.set_fraction(progress.done / total if total else None)
        self._arrange(is_running=True, refused=len(progress.refused))

    def show_summary(self, progress: ImportProgress, *, is_cancelled: bool) -> None:
        added, refused = len(progress.added_ids), len(progress.refused)
        title = f"Added {counted(added, 'picture')}" if added else "No picture was added"
        self._title.setText(f"{title}, then cancelled" if is_cancelled else title)
        self._note.setText(f"{counted(refused, 'file')} did not come in" if refused else "")
        self._arrange(is_running=False, refused=refused)

    def _arrange(self, *, is_running: bool, refused: int) -> None:
        self._bar.setVisible(is_running)
        self._cancel.setVisible(is_running)
        self._why.setVisible(not is_running and refused > 0)
        self._close.setVisible(not is_running)
        self._note.setVisible(bool(self._note.text()))
        self.setAccessibleName(self._title.text())
        self.show()
        self.raise_()
        self._place()

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _place(self) -> None:
        window = self.parentWidget()
        if window is None:
            return
        extra = 2 * self.margin
        width = min(theme.current().px(CARD_WIDTH), window.width() - 2 * LIFT) + extra
        height = self.sizeHint().height()
        top = window.height() - self._bottom - LIFT - height + self.margin
        self.setGeometry(LIFT - self.margin, top, width, height)


def refusals_dialog(window: QWidget, refused: Sequence[Refusal]) -> Dialog:
    """Make the list of files that did not come in, each with its reason."""
    count = counted(len(refused), "file")
    dialog = Dialog(window, f"{count} did not come in", width=LIST_WIDTH)
    dialog.add_text("Nothing was changed on your disk. Everything else was added.")
    for refusal in refused[:MAX_LISTED]:
        entry = QVBoxLayout()
        entry.setSpacing(0)
        entry.addWidget(ElidedLabel(refusal.path.name, "body_strong"))
        entry.addWidget(PlainLabel(refusal.reason, "small", "text_2", wrap=True))
        dialog.body.addLayout(entry)
    if len(refused) > MAX_LISTED:
        dialog.add_text(f"And {len(refused) - MAX_LISTED:,} more.")
    dialog.add_action("Close", ACCEPTED, ButtonKind.PRIMARY)
    return dialog
