"""Tags of what is selected: chips, a field to add to them, and completions below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QPainter
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSizePolicy, QWidget
from typing_extensions import override

from scenario_desktop.items import TagCount
from scenario_desktop.ui import icons, theme
from scenario_desktop.ui.widgets import painting
from scenario_desktop.ui.widgets.chips import AddChip, ChipFlow, ChipState, tag_color
from scenario_desktop.ui.widgets.popover import Popover
from scenario_desktop.ui.widgets.suggestions import MAX_ROWS, SuggestionRow


@dataclass(frozen=True, slots=True)
class TagState:
    """How many of the selected items carry a tag."""

    tag: str
    count: int
    total: int

    @property
    def state(self) -> ChipState:
        if self.total == 1:
            return ChipState.SINGLE
        if self.count == self.total:
            return ChipState.ALL
        return ChipState.SOME if self.count else ChipState.NONE

    @property
    def note(self) -> str:
        if self.total == 1 or self.count == 0:
            return ""
        return (
            f"{self.count:,}" if self.count == self.total else f"{self.count:,} of {self.total:,}"
        )


class _Row(SuggestionRow):
    """One completion: its dot, its name with what was typed in bold, and how often it is used."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.tag = ""
        self._typed = ""
        self._is_new = False
        self._is_faded = False

    def set_row(
        self, tag: str, typed: str, note: str, *, is_new: bool = False, is_faded: bool = False
    ) -> None:
        self.tag, self._typed, self.note = tag, typed, note
        self._is_new, self._is_faded = is_new, is_faded
        self.setAccessibleName(f"Create {tag}" if is_new else f"{tag}, {note}")
        self.update()

    @override
    def paint_words(self, painter: QPainter, area: QRectF) -> None:
        look = theme.current()
        t = look.tokens
        x, right = area.left(), area.right()
        side = look.px(12)
        spot = QRectF(x, 0, side, self.height())
        if self._is_new:
            icons.paint(painter, spot, "plus", 12, t.text_2)
        else:
            painting.dot(painter, spot.center(), look.px(8), tag_color(self.tag))
        x += side + 8
        color = t.text_3 if self._is_faded else t.text
        name = f"Create “{self.tag}”" if self._is_new else self.tag
        for part, is_strong in _parts(name, "" if self._is_new else self._typed):
            font = look.font("label_strong" if is_strong else "body")
            metrics = look.metrics("label_strong" if is_strong else "body")
            room = right - x
            if not part or room <= 4:
                continue
            painting.text(painter, QRectF(x, 0, room, self.height()), part, font, color)
            x += min(room, metrics.horizontalAdvance(part))


def _parts(name: str, typed: str) -> list[tuple[str, bool]]:
    place = name.casefold().find(typed.casefold()) if typed else -1
    if place < 0 or len(name.casefold()) != len(name):
        return [(name, False)]
    end = place + len(typed)
    return [(name[:place], False), (name[place:end], True), (name[end:], False)]


class _Field(QLineEdit):
    """The field in the line of chips.

    Signals:
        moved: down (1) or up (-1) among the completions.
        entered: Enter; whether a new tag is meant whatever matches.
        emptied: Backspace with nothing typed.
        left: Escape, or the focus went elsewhere.
    """

    moved = Signal(int)
    entered = Signal(bool)
    emptied = Signal()
    left = Signal()

    @override
    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            self.moved.emit(1 if key == Qt.Key.Key_Down else -1)
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.entered.emit(bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        elif key == Qt.Key.Key_Backspace and not self.text():
            self.emptied.emit()
        elif event.text() == "," and self.text().strip():
            self.entered.emit(True)
        else:
            super().keyPressEvent(event)

    @override
    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (
            Qt.FocusReason.PopupFocusReason,
            Qt.FocusReason.ActiveWindowFocusReason,
        ):
            self.left.emit()


class TagField(QWidget):
    """Chips with an "Add tag" behind the last.

    One item has chips with an x; several have three states, and a press goes some → all → none →
    some. Enter sets the marked completion, Shift+Enter what was typed; Backspace in the empty field
    takes the last tag away; Escape closes it.

    Signals:
        add_requested: tags to set on all selected items.
        remove_requested: a tag to unset on all of them.
        restore_requested: a tag to set again on those that had it.
        completions_wanted: what was typed, each time it changes.
        tag_chosen: the chip of a single item was pressed.
    """

    add_requested = Signal(object)
    remove_requested = Signal(str)
    restore_requested = Signal(str)
    completions_wanted = Signal(str)
    tag_chosen = Signal(str)

    def __init__(self, shortcut: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._states: dict[str, TagState] = {}
        self._completions: list[TagCount] = []
        self._rows: list[_Row] = []
        self._current = 0
        self._total = 1
        self.chips = ChipFlow()
        self.chips.removed.connect(self.remove_requested)
        self.chips.clicked.connect(self._on_chip)
        self._add = AddChip("Add tag", shortcut)
        self._add.setAccessibleName("Add tag")
        self._add.clicked.connect(self.open)
        self._field = _Field()
        self._field.setAccessibleName("Tag to add")
        self._field.setPlaceholderText("Tag")
        self._field.hide()
        self._field.textEdited.connect(self._on_typed)
        self._field.moved.connect(self._on_moved)
        self._field.entered.connect(self._on_entered)
        self._field.emptied.connect(self._on_emptied)
        self._field.left.connect(self.close_field)
        tail = _Tail(self._add, self._field)
        self.chips.set_tail(tail)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.chips)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._popover: Popover | None = None

    @override
    def hasHeightForWidth(self) -> bool:
        return True

    @override
    def heightForWidth(self, width: int) -> int:
        layout = self.chips.layout()
        return layout.heightForWidth(width) if layout is not None else 24

    def set_states(self, states: Sequence[TagState], total: int) -> None:
        """Show the tags of a selection of so many items."""
        self._total = total
        self._states = {state.tag: state for state in states}
        self.chips.set_tags([state.tag for state in states])
        for state in states:
            chip = self.chips.chip(state.tag)
            if chip is not None and (chip.state, chip.note) != (state.state, state.note):
                chip.set_state(state.state, state.note)
        self.updateGeometry()
        self._show_rows()

    def set_enabled(self, can_edit: bool) -> None:
        """Allow or forbid to add; what is there stays readable."""
        self._add.setVisible(can_edit and not self.is_open)
        self.chips.setEnabled(can_edit)
        if not can_edit:
            self.close_field()

    @property
    def is_open(self) -> bool:
        return not self._field.isHidden()

    def open(self) -> None:
        """Put the field where "Add tag" is and the cursor into it."""
        self._add.hide()
        self._field.clear()
        self._field.show()
        self._field.setFocus(Qt.FocusReason.OtherFocusReason)
        self.updateGeometry()
        self.completions_wanted.emit("")

    def close_field(self) -> None:
        """Put "Add tag" back."""
        if not self.is_open:
            return
        had_focus = self._field.hasFocus()
        self._field.hide()
        self._add.show()
        self._completions = []
        self._close_rows()
        if had_focus:
            self._add.setFocus(Qt.FocusReason.OtherFocusReason)
        self.updateGeometry()

    def set_completions(self, typed: str, tags: Sequence[TagCount]) -> None:
        """Offer tags for what was typed; those that all have already come last, greyed."""
        if not self.is_open or typed != self._typed():
            return
        done = {s.tag for s in self._states.values() if s.state in _DONE}
        ordered = sorted(tags, key=lambda tag: tag.name in done)
        self._completions = ordered[:MAX_ROWS]
        # Nobody means a tag that is set already: begin at the first that is not, or at "Create".
        fresh = sum(tag.name not in done for tag in self._completions)
        self._current = 0 if fresh else len(self._completions)
        if not typed:
            self._current = _NONE  # Enter closes the field, until somebody walks to a tag
        self._show_rows()

    def offered(self) -> list[str]:
        """Return the names offered now, the one to create last."""
        return [row.tag for row in self._rows]

    def _typed(self) -> str:
        return " ".join(self._field.text().split())

    # what is typed

    def _on_typed(self) -> None:
        self.completions_wanted.emit(self._typed())

    def _on_moved(self, step: int) -> None:
        if self._rows:
            start = -1 if self._current == _NONE and step > 0 else max(self._current, 0)
            self._current = (start + step) % len(self._rows)
            self._mark()

    def _on_entered(self, is_new: bool) -> None:
        typed = self._typed()
        if not typed and (is_new or self._current == _NONE):
            self.close_field()
            return
        chosen = self._rows[self._current].tag if self._rows else typed
        self._apply(typed if is_new else chosen)

    def _apply(self, tag: str) -> None:
        tags = [" ".join(part.split()) for part in tag.split(",")]
        wanted = [t for t in dict.fromkeys(tags) if t]
        self._field.clear()
        if wanted:
            self.add_requested.emit(wanted)
        self.completions_wanted.emit("")

    def _on_emptied(self) -> None:
        mine = [s.tag for s in self._states.values() if s.state in _DONE]
        if mine:
            self.remove_requested.emit(mine[-1])

    def _on_row(self) -> None:
        row = self.sender()
        if isinstance(row, _Row):
            self._apply(row.tag)
            self._field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _on_chip(self, tag: str) -> None:
        state = self._states.get(tag)
        if state is None:
            return
        if state.state is ChipState.SINGLE:
            self.tag_chosen.emit(tag)
        elif state.state is ChipState.SOME:
            self.add_requested.emit([tag])
        elif state.state is ChipState.ALL:
            self.remove_requested.emit(tag)
        else:
            self.restore_requested.emit(tag)

    # the list below

    def _show_rows(self) -> None:
        if not self.is_open:
            return
        typed = self._typed()
        names = {tag.name.casefold() for tag in self._completions}
        can_create = bool(typed) and typed.casefold() not in names
        count = len(self._completions) + can_create
        if not count:
            self._close_rows()
            return
        popover = self._open_rows(count)
        for row, tag in zip(self._rows, self._completions, strict=False):
            state = self._states.get(tag.name)
            is_done = state is not None and state.state in _DONE
            note = f"{tag.count:,}"
            if is_done:
                note = "set" if self._total == 1 else "on all"
            row.set_row(tag.name, typed, note, is_faded=is_done)
        if can_create:
            self._rows[-1].set_row(typed, typed, "", is_new=True)
        self._mark()
        popover.open(width=max(220, self.width()), takes_focus=False)

    def _open_rows(self, count: int) -> Popover:
        if self._popover is None:
            self._popover = Popover(self)
        while len(self._rows) < count:
            row = _Row(self._popover)
            row.clicked.connect(self._on_row)
            self._popover.body.addWidget(row)
            row.show()  # in an open list it would count as nothing until the loop runs
            self._rows.append(row)
        while len(self._rows) > count:
            row = self._rows.pop()
            self._popover.body.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._current = min(self._current, count - 1)
        return self._popover

    def _close_rows(self) -> None:
        if self._popover is not None:
            popover, self._popover = self._popover, None
            self._rows = []
            popover.close_popover()
            popover.deleteLater()

    def _mark(self) -> None:
        for place, row in enumerate(self._rows):
            row.set_current(place == self._current)


_DONE = (ChipState.SINGLE, ChipState.ALL)
#: No completion is marked.
_NONE = -1


class _Tail(QWidget):
    """Holds "Add tag" and the field, of which one is shown."""

    def __init__(self, add: AddChip, field: _Field) -> None:
        super().__init__()
        self._add, self._field = add, field
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(add)
        row.addWidget(field)

    @override
    def sizeHint(self) -> QSize:
        if self._field.isHidden():
            return self._add.sizeHint() if not self._add.isHidden() else QSize(0, 0)
        look = theme.current()
        return QSize(look.px(148), look.height(28, "body", 4))
