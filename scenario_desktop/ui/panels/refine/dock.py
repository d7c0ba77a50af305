"""The form at the right of the refine page: size, prompt, model, what will happen, the button."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QSizePolicy, QVBoxLayout, QWidget

from scenario_desktop.ui import theme
from scenario_desktop.ui.forms.form import NOT_USED
from scenario_desktop.ui.forms.suggest_field import SuggestField, Suggestion
from scenario_desktop.ui.panels.refine.state import PlanLine, RefineDraft, Size
from scenario_desktop.ui.panels.request.dock import EDGE, DockHead, lay_out
from scenario_desktop.ui.panels.request.footer import Footer, FooterView
from scenario_desktop.ui.widgets.banner import Banner, Tone
from scenario_desktop.ui.widgets.buttons import IconButton
from scenario_desktop.ui.widgets.labels import IconLabel, PlainLabel
from scenario_desktop.ui.widgets.segmented import Segmented
from scenario_desktop.ui.widgets.slider import NumberField
from scenario_desktop.ui.widgets.surface import Card, Surface

_PROMPT_LINES = 3
_MAX_PROMPT = 20_000
_MAX_SIDE = 99_999


class RefineDock(Surface):
    """Shows a draft and what follows from it; tells what the user does with it.

    Signals:
        edited: a field changed; see ``draft``.
        width_edited, height_edited: a side was typed, the other one may follow.
        add_requested: the widget below which to offer what can be added.
        clear_requested: all inputs should go.
        submit_requested: the button was pressed.
        settings_requested: the user wants to change the spending limit.
        login_requested, retry_requested: ways out where the service is not to be had.
        results_requested: what was made should be shown in the library.
        reset_requested: every field should go back.
        close_requested: the cross in the header.
        tasks_requested: the server's own list of refines is wanted.
        forget_requested: the id of a model that should not be offered any more.

    Attributes:
        has_tasks: the server has such a list.
    """

    edited = Signal()
    width_edited = Signal()
    height_edited = Signal()
    add_requested = Signal(object)
    clear_requested = Signal()
    submit_requested = Signal()
    settings_requested = Signal()
    login_requested = Signal()
    retry_requested = Signal()
    results_requested = Signal()
    reset_requested = Signal()
    close_requested = Signal()
    tasks_requested = Signal()
    forget_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("panel", edges=Qt.Edge.LeftEdge, parent=parent)
        self.setAccessibleName("Refine")
        self.size_choice = Segmented([(size.value, size.text) for size in Size], name="Result size")
        self.sides = _Sides()
        self._note = PlainLabel("", "small", "text_3", wrap=True)
        self.prompt = _Prompt()
        self.model = SuggestField(name="Model id")
        self.model.setPlaceholderText("Sartiq’s own choice")
        self._model_note = PlainLabel("", "small", "text_3", wrap=True)
        self._prompt_hint = PlainLabel("Optional", "small", "text_3")
        self._model_hint = PlainLabel("", "small", "text_3")
        self.plan = _PlanCard()
        self.footer = FooterView("Refine")
        self.banner = Banner()
        self.banner.hide()
        self._inputs: tuple[str, ...] = ()
        self.has_tasks = False
        self._build()
        self._connect()

    def _build(self) -> None:
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(EDGE, 12, EDGE, EDGE)
        column.setSpacing(EDGE)
        column.addWidget(self.banner)
        column.addLayout(_group("Result size", self.size_choice, self.sides, self._note))
        column.addLayout(_group("Prompt", self.prompt, note=self._prompt_hint))
        column.addLayout(_group("Model id", self.model, self._model_note, note=self._model_hint))
        column.addWidget(self.plan)
        column.addStretch(1)
        self._head = DockHead(PlainLabel("Refine", "label_strong"))
        self._head.more_requested.connect(self._on_more)
        self._head.close_requested.connect(self.close_requested)
        lay_out(self, self._head, content, self.footer)

    def _connect(self) -> None:
        self.size_choice.chosen.connect(self._on_size)
        self.sides.width_field.edited.connect(self._on_width)
        self.sides.height_field.edited.connect(self._on_height)
        self.sides.link.clicked.connect(self._on_width)
        self.prompt.textChanged.connect(self._on_prompt)
        self.model.changed_by_user.connect(self.edited)
        self.model.can_forget = True
        self.model.forget_requested.connect(self.forget_requested)
        self.footer.button.clicked.connect(self.submit_requested)
        self.footer.settings_requested.connect(self.settings_requested)
        self.footer.login_requested.connect(self.login_requested)
        self.footer.retry_requested.connect(self.retry_requested)
        self.footer.results_requested.connect(self.results_requested)

    # What the user has entered

    def draft(self, inputs: Sequence[str] = ()) -> RefineDraft:
        """Return what is typed, with the keys of the inputs."""
        return RefineDraft(
            Size(self.size_choice.value()),
            round(self.sides.width_field.value()),
            round(self.sides.height_field.value()),
            self.sides.link.isChecked(),
            self.prompt.toPlainText(),
            self.model.value(),
            tuple(inputs),
        )

    # What is shown

    def show_draft(self, draft: RefineDraft) -> None:
        """Show a draft; ``edited`` stays silent."""
        self.size_choice.set_value(draft.size.value)
        self.sides.width_field.set_value(draft.width)
        self.sides.height_field.set_value(draft.height)
        self.sides.link.setChecked(draft.is_linked)
        self.sides.setVisible(draft.size is Size.SIDES)
        self.prompt.set_text(draft.prompt)
        self.model.set_value(draft.model_id)

    def show_sizes(self, note: str, refused: dict[Size, str]) -> None:
        """Say how large it gets; scales with a reason cannot be chosen.

        The one that is chosen stays so: what is wrong with it stands above the button.
        """
        self._note.setText(note)
        self._note.setVisible(bool(note))
        for size in Size:
            is_set = self.size_choice.value() == size.value
            reason = refused.get(size, "")
            self.size_choice.set_enabled(size.value, is_set or not reason, reason)

    def show_unused(self) -> None:
        """Say that prompt and model change nothing: the work is done here, without a model."""
        for hint in (self._prompt_hint, self._model_hint):
            hint.setText(NOT_USED)
        for editor in (self.prompt, self.model):
            editor.setAccessibleDescription(NOT_USED)

    def show_models(
        self, known: Sequence[tuple[str, str]], note: str, *, is_wrong: bool = False
    ) -> None:
        """Offer ids that were used before, and say of the one typed how often it was."""
        self.model.set_entries([Suggestion(one, one, note) for one, note in known])
        self.model.set_wrong(is_wrong)
        self._model_note.set_tone("danger" if is_wrong else "text_3")
        self._model_note.setText(note)
        self._model_note.setVisible(bool(note))

    def show_plan(self, lines: Sequence[PlanLine]) -> None:
        self.plan.show_lines(lines)

    def show_banner(self, text: str, tone: Tone = Tone.WARNING) -> None:
        """Say what keeps it from being sent now; an empty text takes it away."""
        self.banner.setVisible(bool(text))
        if text:
            self.banner.set_message(text, tone)

    def show_footer(self, footer: Footer) -> None:
        self.footer.show_state(footer)

    def _on_size(self, value: str) -> None:
        self.sides.setVisible(value == Size.SIDES.value)
        self.edited.emit()

    def _on_width(self) -> None:
        self.width_edited.emit()

    def _on_height(self) -> None:
        self.height_edited.emit()

    def _on_prompt(self) -> None:
        if not self.prompt.is_set_by_program:
            self.edited.emit()

    def _on_more(self) -> None:
        menu = self._head.menu("Refine")
        menu.add("Reset the form", self.reset_requested.emit, icon="rotate-ccw")
        menu.add("Take out all inputs", self.clear_requested.emit, icon="x")
        if self.has_tasks:
            menu.addSeparator()
            menu.add("Refine tasks…", self.tasks_requested.emit, icon="history")
        self._head.open(menu)


class _Prompt(QPlainTextEdit):
    """Several lines of text. Tab moves on, since a form is walked by Tab."""

    def __init__(self) -> None:
        super().__init__()
        self.is_set_by_program = False
        self.setTabChangesFocus(True)
        self.setPlaceholderText("What to bring out, what to leave alone")
        self.setAccessibleName("Prompt, optional")
        theme.current().changed.connect(self._on_theme_changed)
        self._on_theme_changed()

    def set_text(self, text: str) -> None:
        """Show a text; what is there already stays, with its cursor."""
        if text == self.toPlainText():
            return
        self.is_set_by_program = True
        try:
            self.setPlainText(text[:_MAX_PROMPT])
        finally:
            self.is_set_by_program = False

    def _on_theme_changed(self) -> None:
        self.setFixedHeight(theme.current().line() * _PROMPT_LINES + 18)


class _Sides(QWidget):
    """Width and height, and whether one follows the other."""

    def __init__(self) -> None:
        super().__init__()
        self.width_field = NumberField(name="Width, pixels")
        self.height_field = NumberField(name="Height, pixels")
        for side in (self.width_field, self.height_field):
            side.setRange(0, _MAX_SIDE)
            side.setSpecialValueText("–")
            side.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.link = IconButton("link-2", "Keep the shape of the picture shown")
        self.link.setCheckable(True)
        self.link.setChecked(True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self.width_field, 1)
        row.addWidget(PlainLabel("×", "body", "text_3"))
        row.addWidget(self.height_field, 1)
        row.addWidget(PlainLabel("px", "small", "text_3"))
        row.addWidget(self.link)
        self.hide()


class _PlanCard(Card):
    """What will happen, a line for each part."""

    def __init__(self) -> None:
        super().__init__("raised", line="line_subtle")
        self.setAccessibleName("What will happen")
        self._rows: list[_PlanRow] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(14, 12, 14, 12)
        self._column.setSpacing(8)
        self._column.addWidget(PlainLabel("What will happen", "body_strong"))
        self.hide()

    def show_lines(self, lines: Sequence[PlanLine]) -> None:
        while len(self._rows) < len(lines):
            self._rows.append(_PlanRow())
            self._column.addWidget(self._rows[-1])
        for row, line in zip_longest(self._rows, lines):
            row.show_line(line)
        self.setAccessibleDescription("\n".join(line.text for line in lines))
        self.setVisible(bool(lines))

    @property
    def texts(self) -> list[str]:
        return self.accessibleDescription().split("\n") if not self.isHidden() else []


class _PlanRow(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._sign = IconLabel("upload", "accent_text", 16)
        self._text = PlainLabel("", "small", "text", wrap=True)
        sign = QVBoxLayout()
        sign.addWidget(self._sign)
        sign.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addLayout(sign)
        row.addWidget(self._text, 1)

    def show_line(self, line: PlanLine | None) -> None:
        self.setVisible(line is not None)
        if line is not None:
            self._sign.set_icon(line.icon, "accent_text")
            self._text.setText(line.text)


def _group(title: str, *widgets: QWidget, note: QWidget | None = None) -> QVBoxLayout:
    """Return a head and what belongs to it."""
    head = QHBoxLayout()
    head.setSpacing(8)
    head.addWidget(PlainLabel(title, "small", "text_2"), 1)
    if note is not None:
        head.addWidget(note)
    column = QVBoxLayout()
    column.setSpacing(8)
    column.addLayout(head)
    for widget in widgets:
        column.addWidget(widget)
    return column
