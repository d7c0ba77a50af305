"""What an earlier run left unsaved, offered at the start."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from scenario_desktop.services.words import ago, counted
from scenario_desktop.ui.dialogs import ACCEPTED, REJECTED, Dialog
from scenario_desktop.ui.panels.canvas.lease.draft_card import DraftPicture
from scenario_desktop.ui.panels.canvas.lease.kept_draft import WHY
from scenario_desktop.ui.widgets.buttons import Button, ButtonKind, ButtonSize
from scenario_desktop.ui.widgets.labels import ElidedLabel, PlainLabel

if TYPE_CHECKING:
    from scenario_desktop.services.canvas.drafts import Recovery

_SIZE = QSize(96, 60)
_GONE = "Deleted for good when you close this"


class RecoveryDialog(Dialog):
    """The drafts; each can be gone on with or deleted, the rest stay.

    Attributes:
        chosen: the one to go on with.
        discarded: ids of those to delete.
    """

    def __init__(self, parent: QWidget, recoveries: Sequence[Recovery]) -> None:
        count = counted(len(recoveries), "draft")
        super().__init__(parent, f"{count} with unsaved strokes", width=560)
        self.chosen: Recovery | None = None
        self.discarded: list[str] = []
        self.add_text("They are kept on this computer until you go on with them or delete them.")
        now = datetime.now(UTC)
        self._buttons: list[Button] = []
        for recovery in recoveries:
            self.body.addWidget(self._row(recovery, now))
        later = self.add_action("Later", REJECTED)
        self.set_first_focus(self._buttons[0] if self._buttons else later)

    def _row(self, recovery: Recovery, now: datetime) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(12)
        picture = DraftPicture(_SIZE, icon="triangle-alert" if recovery.is_damaged else "layers")
        picture.set_data(recovery.thumbnail)
        line.addWidget(picture)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        name = recovery.name or "Untitled canvas"
        words.addWidget(ElidedLabel(name, "body_strong", mode=Qt.TextElideMode.ElideMiddle))
        why = WHY[recovery.why.value]
        if recovery.what:
            words.addWidget(ElidedLabel(recovery.what, "small", "text_2"))
        if recovery.is_damaged:
            why = "Damaged; the file was put aside"
        words.addWidget(ElidedLabel(why, "small", "text_2"))
        words.addWidget(PlainLabel(ago(recovery.kept_at, now), "small", "text_3"))
        gone = PlainLabel(_GONE, "small", "warning", wrap=True)
        gone.hide()
        words.addWidget(gone)
        words.addStretch(1)
        line.addLayout(words, 1)
        if not recovery.is_damaged:
            delete = Button("Delete", kind=ButtonKind.DANGER_GHOST, size=ButtonSize.SMALL)
            go_on = Button("Go on", size=ButtonSize.SMALL)
            go_on.clicked.connect(partial(self._choose, recovery))
            keep = Button("Keep it", size=ButtonSize.SMALL)
            keep.hide()
            parts = ((delete, go_on), (gone, keep))
            delete.clicked.connect(partial(self._discard, recovery.id, parts, is_wanted=True))
            keep.clicked.connect(partial(self._discard, recovery.id, parts, is_wanted=False))
            self._buttons.append(go_on)
            for button in (delete, go_on, keep):
                line.addWidget(button)
        return row

    def _choose(self, recovery: Recovery) -> None:
        self.chosen = recovery
        self.done(ACCEPTED)

    def _discard(
        self, recovery_id: str, parts: tuple[Sequence[QWidget], Sequence[QWidget]],
        *, is_wanted: bool,
    ) -> None:  # fmt: skip
        """Mark a draft to be deleted once the dialog is answered, or not any more."""
        before, after = parts
        for widget in before:
            widget.setVisible(not is_wanted)
        for widget in after:
            widget.setVisible(is_wanted)
        if is_wanted:
            self.discarded.append(recovery_id)
        else:
            self.discarded.remove(recovery_id)
        (after if is_wanted else before)[-1].setFocus(Qt.FocusReason.OtherFocusReason)
