"""The editors, and which kind of field gets which. A special case is a new kind in the registry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from scenario_desktop.ui import theme
from scenario_desktop.ui.forms.editor import Editor
from scenario_desktop.ui.forms.json_editor import JsonEditor
from scenario_desktop.ui.forms.marking import mark_bad
from scenario_desktop.ui.forms.picture_editors import (
    PicturedChoicesEditor,
    PictureEditor,
    PicturesEditor,
)
from scenario_desktop.ui.forms.spec import Choice, FieldKind, FieldSpec
from scenario_desktop.ui.forms.text_area import TextArea
from scenario_desktop.ui.forms.word_editors import KnownIdEditor, WordsEditor
from scenario_desktop.ui.widgets.buttons import IconButton
from scenario_desktop.ui.widgets.combo import Combo
from scenario_desktop.ui.widgets.segmented import Segmented
from scenario_desktop.ui.widgets.slider import NumberField, Slider
from scenario_desktop.ui.widgets.switch import Switch
from scenario_desktop.ui.widgets.tips import set_tip

EditorFactory = Callable[[FieldSpec], Editor]

#: What a number's field can hold: far more than any slider, so that a wrong value can be shown.
_WIDEST = 1e9
_LONG_TEXT_LINES = 3
_LEAST_SWITCH = 80  # pixels


class SwitchEditor(Editor):
    """On or off, with its title beside it."""

    has_own_title = True
    can_reset = True

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._switch = Switch(spec.title)
        self._switch.clicked.connect(self.edited)
        self._switch.setAccessibleDescription(spec.description)
        self._switch.setMinimumWidth(_LEAST_SWITCH)  # a narrow column cuts the words
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._switch, 1)
        self.setFocusProxy(self._switch)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_cut = self._switch.width() < self._switch.sizeHint().width()
        set_tip(self._switch, self.spec.title if is_cut else "")

    @override
    def value(self) -> bool:
        return self._switch.isChecked()

    @override
    def set_value(self, value: Any) -> None:
        self._switch.setChecked(bool(value))


class SliderEditor(Editor):
    """A number within bounds: a slider, and a field that also holds what the slider cannot."""

    is_prominent = True
    can_reset = True

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._least = spec.minimum or 0.0
        most = spec.maximum if spec.maximum is not None else self._least + 100 * spec.step
        self._slider = Slider(name=spec.title)
        self._slider.setRange(0, max(1, round((most - self._least) / spec.step)))
        self._slider.setPageStep(max(1, self._slider.maximum() // 10))
        self._slider.setAccessibleDescription(spec.description)
        self._field = _WideNumberField(spec, self._least, most)
        self._slider.moved_by_user.connect(self._on_slider_moved)
        self._field.edited.connect(self._on_field_edited)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._field)
        self.setFocusProxy(self._slider)

    @override
    def value(self) -> float:
        value = self._field.value()
        return int(value) if self.spec.is_integer else round(value, 6)

    @override
    def set_value(self, value: Any) -> None:
        self._field.set_value(float(value))
        self._slider.setValue(round((float(value) - self._least) / self.spec.step))

    @override
    def set_wrong(self, is_wrong: bool) -> None:
        mark_bad(self._field, is_wrong)

    def _on_slider_moved(self, position: int) -> None:
        self._field.set_value(self._least + position * self.spec.step)
        self.edited.emit()

    def _on_field_edited(self, value: float) -> None:
        self._slider.setValue(round((value - self._least) / self.spec.step))
        self.edited.emit()


class _WideNumberField(NumberField):
    """A number field that takes what is typed, right or wrong; keys and wheel keep to the range."""

    def __init__(self, spec: FieldSpec, least: float, most: float) -> None:
        super().__init__(name=spec.title, decimals=spec.decimals)
        self._least, self._most = least, most
        self.setRange(-_WIDEST, _WIDEST)
        self.setSingleStep(spec.step)
        if spec.unit:
            self.setSuffix(f"\u00a0{spec.unit}")

    @override
    def stepBy(self, steps: int) -> None:
        wanted = self.value() + steps * self.singleStep()
        self.setValue(min(self._most, max(self._least, wanted)))

    @override
    def sizeHint(self) -> QSize:
        look = theme.current()
        ends = (self.textFromValue(self._least), self.textFromValue(self._most))
        words = max(ends, key=len) + self.suffix()
        width = look.metrics("body").horizontalAdvance(words) + 24
        return QSize(max(look.px(64), width), look.height(32, "body", 6))


class TextEditor(Editor):
    """One line of text."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._input = QLineEdit()
        self._input.setPlaceholderText(spec.placeholder)
        self._input.setAccessibleName(spec.title)
        self._input.setAccessibleDescription(spec.description)
        self._input.textEdited.connect(self._on_text_edited)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(4)
        self._row.addWidget(self._input, 1)
        self.setFocusProxy(self._input)

    @override
    def value(self) -> Any:
        return self._input.text()

    @override
    def set_value(self, value: Any) -> None:
        self._input.setText(str(value))

    @override
    def set_wrong(self, is_wrong: bool) -> None:
        mark_bad(self._input, is_wrong)

    def _on_text_edited(self) -> None:
        self.edited.emit()


class NumberEditor(TextEditor):
    """A number without bounds, or none at all."""

    @override
    def value(self) -> Any:
        """Return the number, None where nothing is written, or the text that is no number."""
        text = self._input.text().strip()
        if not text:
            return None
        for kind in (int, float):
            try:
                return kind(text)
            except ValueError:
                continue
        return text

    @override
    def set_value(self, value: Any) -> None:
        self._input.setText("" if value is None else str(value))


class ConcealedEditor(TextEditor):
    """A secret: dots, with a button that shows it. Never kept in an undo list of the field."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._input.setEchoMode(QLineEdit.EchoMode.Password)
        self._reveal = IconButton("eye", f"Show {spec.title}")
        self._reveal.setCheckable(True)
        self._reveal.toggled.connect(self._on_toggled)
        self._row.addWidget(self._reveal)

    def _on_toggled(self, is_shown: bool) -> None:
        modes = QLineEdit.EchoMode
        self._input.setEchoMode(modes.Normal if is_shown else modes.Password)
        self._reveal.set_icon("eye-off" if is_shown else "eye")
        self._reveal.set_name(f"{'Hide' if is_shown else 'Show'} {self.spec.title}")


class LongTextEditor(Editor):
    """Several lines of text. Tab moves on, since a form is walked by Tab."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._input = TextArea(_LONG_TEXT_LINES, _LONG_TEXT_LINES * 2)
        self._input.setPlaceholderText(spec.placeholder)
        self._input.setAccessibleName(spec.title)
        self._input.setAccessibleDescription(spec.description)
        self._is_set_by_program = False
        self._input.textChanged.connect(self._on_text_changed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._input)
        self.setFocusProxy(self._input)

    @override
    def value(self) -> str:
        return self._input.toPlainText()

    @override
    def set_value(self, value: Any) -> None:
        self._is_set_by_program = True
        try:
            self._input.setPlainText(str(value))
        finally:
            self._is_set_by_program = False

    @override
    def set_wrong(self, is_wrong: bool) -> None:
        mark_bad(self._input, is_wrong)

    def _on_text_changed(self) -> None:
        if not self._is_set_by_program:
            self.edited.emit()


class ChoiceEditor(Editor):
    """One entry of a list that opens below."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._box = Combo(name=spec.title)
        self._box.setPlaceholderText(spec.placeholder)
        self._box.setAccessibleDescription(spec.description)
        self._box.activated.connect(self.edited)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self.setFocusProxy(self._box)
        self.set_choices(spec.choices)

    @override
    def value(self) -> str:
        return str(self._box.currentData() or "")

    @override
    def set_value(self, value: Any) -> None:
        self._box.setCurrentIndex(self._box.findData(value))

    def set_choices(self, choices: tuple[Choice, ...]) -> None:
        """Offer other entries, keeping the chosen one where it is still among them."""
        value = self.value()
        self.spec = replace(self.spec, choices=choices)
        self._box.clear()
        for choice in choices:
            self._box.addItem(choice.title, choice.value)
        self._box.setEnabled(bool(choices))
        self.set_value(value)


class SegmentedEditor(Editor):
    """One of a few entries, all in sight."""

    def __init__(self, spec: FieldSpec, parent: QWidget | None = None) -> None:
        super().__init__(spec, parent)
        self._box = Segmented([(c.value, c.title) for c in spec.choices], name=spec.title)
        self._box.chosen.connect(self.edited)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box, 1)
        self.setFocusProxy(self._box)

    @override
    def value(self) -> str:
        return self._box.value()

    @override
    def set_value(self, value: Any) -> None:
        self._box.set_value(str(value))


EDITORS: Mapping[FieldKind, EditorFactory] = {
    FieldKind.SWITCH: SwitchEditor,
    FieldKind.SLIDER: SliderEditor,
    FieldKind.NUMBER: NumberEditor,
    FieldKind.TEXT: TextEditor,
    FieldKind.LONG_TEXT: LongTextEditor,
    FieldKind.CONCEALED: ConcealedEditor,
    FieldKind.CHOICE: ChoiceEditor,
    FieldKind.SEGMENTED: SegmentedEditor,
    FieldKind.PICTURED_CHOICES: PicturedChoicesEditor,
    FieldKind.PICTURE: PictureEditor,
    FieldKind.PICTURES: PicturesEditor,
    FieldKind.KNOWN_ID: KnownIdEditor,
    FieldKind.WORDS: WordsEditor,
    FieldKind.JSON: JsonEditor,
}
