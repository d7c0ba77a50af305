"""Words on the canvas, and the options they are set in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Document, TextLayer
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.layers import single
from scenario_desktop.ui.panels.canvas.page import CanvasPage
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.tools.settings import TextStyle, ToolId, ToolSettings
from scenario_desktop.ui.panels.canvas.tools.text_actions import TextActions
from scenario_desktop.ui.panels.canvas.tools.text_options import families
from scenario_desktop.ui.panels.canvas.tools.writing import TextBox
from tests.widget.canvas_support import drag, editor_of

WORDS = TextLayer(id="t", name="Ember", text="Ember\nValley", size=20)


class Desk:
    def __init__(self) -> None:
        self.editor: Editor = editor_of(WORDS, size=(400, 300))
        self.settings = ToolSettings()
        self.page = CanvasPage(self.editor, self.settings)
        self.editor.setParent(self.page)
        self.settings.setParent(self.page)
        self.stage, self.options = self.page.stage, self.page.options.text
        self.actions = TextActions(self.editor, self.page.options, self.stage, self.settings)
        self.page.resize(1100, 600)
        self.page.show()
        self.page.show_canvas()

    @property
    def layer(self) -> TextLayer:
        layer = self.editor.active
        assert isinstance(layer, TextLayer)
        return layer

    def write(self, words: str, at: tuple[float, float] = (200, 200)) -> TextBox:
        self.settings.set_tool(ToolId.TEXT)
        drag(self.stage, at)
        box = self.stage.text_box
        assert box is not None
        box.setPlainText(words)
        return box


def is_inked(editor: Editor) -> bool:
    """Whether anything is seen on the canvas."""
    return any(bytes(editor.compositor.image(editor.rect).constBits()))


@pytest.fixture
def desk(qapp: QApplication) -> Iterator[Desk]:
    made = Desk()
    qapp.processEvents()
    yield made
    made.page.close()
    made.page.deleteLater()


def test_the_chosen_layer_shows_its_style_and_takes_another(desk: Desk) -> None:
    assert desk.options.isVisible()
    assert desk.options.size_field.value() == 20
    assert not desk.options.bold.isChecked()
    desk.options.bold.click()
    desk.options.italic.click()
    desk.options.aligns["right"].click()
    desk.options.edited.emit({"line_spacing": 1.5})
    layer = desk.layer
    assert (layer.weight, layer.is_italic, layer.align, layer.line_spacing) == (
        600, True, "right", 1.5,
    )  # fmt: skip
    assert [step.name for step in desk.editor.history.done] == [
        "Weight of Ember", "Slant of Ember", "Align Ember", "Spacing of Ember",
    ]  # fmt: skip
    desk.editor.undo()
    assert desk.options.spacing.value() == 100


def test_the_style_is_kept_in_the_format(desk: Desk) -> None:
    desk.options.edited.emit({"line_spacing": 1.25, "family": "Some Font", "is_italic": True})
    again = canvas_format.read(canvas_format.dump(desk.editor.document))
    assert again.layers == desk.editor.document.layers


def test_a_canvas_without_spacing_is_read_as_single() -> None:
    text = canvas_format.dump(Document(width=10, height=10, layers=(WORDS,)))
    old = text.replace('"line_spacing":1.0', '"unknown":1')
    layer = canvas_format.read(old).layers[0]
    assert isinstance(layer, TextLayer)
    assert layer.line_spacing == 1.0


def test_wider_lines_make_a_higher_box() -> None:
    wide = WORDS.model_copy(update={"line_spacing": 2.0})
    assert drawing.text_box(wide).height() > drawing.text_box(WORDS).height() * 1.3
    bottoms = [drawing.text_path(layer).boundingRect().bottom() for layer in (WORDS, wide)]
    assert bottoms[1] > bottoms[0] * 1.3


def test_next_words_are_written_in_what_was_chosen(desk: Desk) -> None:
    desk.settings.set_tool(ToolId.BRUSH)
    assert not desk.options.isVisible()
    single.delete(desk.editor, "t")
    desk.settings.set_tool(ToolId.TEXT)
    desk.options.edited.emit({"size": 40.0})
    desk.options.edited.emit({"color": "#ff0000"})
    desk.write("New")
    desk.stage.finish_writing()
    assert (desk.layer.size, desk.layer.color, desk.layer.text) == (40.0, "#ff0000", "New")
    remembered = ToolSettings()
    remembered.load(desk.settings.to_dict())
    assert remembered.text == TextStyle(size=40.0)


def test_centred_words_stay_around_the_click(desk: Desk) -> None:
    desk.write("Some words", at=(200, 200))
    desk.options.edited.emit({"align": "center"})
    desk.stage.finish_writing()
    box = drawing.bounds_of(desk.layer, desk.editor.pixels)
    assert box.center().x() == pytest.approx(200, abs=0.6)


def test_another_alignment_while_writing_moves_nothing(desk: Desk) -> None:
    before = drawing.bounds_of(WORDS, desk.editor.pixels)
    desk.stage.write(WORDS, is_new=False)
    desk.options.edited.emit({"align": "right"})
    desk.stage.finish_writing()
    assert desk.layer.align == "right"
    assert drawing.bounds_of(desk.layer, desk.editor.pixels).left() == pytest.approx(before.left())


def test_keys_make_words_bold_while_they_are_written(desk: Desk) -> None:
    desk.settings.set(text=TextStyle(weight=400))
    box = desk.write("Loud")
    QTest.keyClick(box, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(box, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    desk.stage.finish_writing()
    assert (desk.layer.weight, desk.layer.is_italic) == (600, True)
    assert len(desk.editor.history.done) == 1


def test_words_being_written_wear_their_colour(desk: Desk) -> None:
    box = desk.write("Words", at=(20, 200))
    desk.options.edited.emit({"color": "#00ff00"})
    QApplication.processEvents()
    image = box.grab().toImage()
    greens = sum(
        image.pixelColor(x, y).green() > 200 and image.pixelColor(x, y).red() < 60
        for x in range(image.width())
        for y in range(image.height())
    )
    assert greens > 20


def test_a_font_that_is_not_here_stays_named(desk: Desk) -> None:
    desk.options.edited.emit({"family": "No Such Font"})
    assert desk.options.family.currentText() == "No Such Font (not installed)"
    assert desk.layer.family == "No Such Font"
    desk.options.edited.emit({"family": "Inter"})
    assert desk.options.family.count() == len(families())
    assert desk.options.family.currentText() == "Inter"


def test_a_locked_layer_keeps_its_style(desk: Desk) -> None:
    told: list[str] = []
    desk.editor.refused.connect(told.append)
    desk.editor.change_layer("t", "Lock {}", "lock", is_locked=True)
    desk.options.italic.click()
    assert not desk.layer.is_italic
    assert not desk.options.italic.isChecked()
    assert "locked" in told[0]


def test_the_options_go_on_in_a_second_line(desk: Desk, qtbot: QtBot) -> None:
    height = desk.page.options.height()
    desk.page.resize(460, 600)
    qtbot.waitUntil(lambda: desk.page.options.height() > height, timeout=10_000)
    qtbot.waitUntil(
        lambda: desk.stage.rect().contains(desk.page.options.geometry()), timeout=10_000
    )


def test_a_remembered_style_that_does_not_fit_is_left() -> None:
    settings = ToolSettings()
    settings.load({"text": {"size": -4, "family": "Inter"}})
    assert settings.text == TextStyle()


def test_words_are_kept_while_they_are_written(desk: Desk) -> None:
    edits: list[int] = []
    desk.editor.edited.connect(lambda: edits.append(1))
    desk.write("Not done yet")
    assert edits
    kept = desk.editor.kept
    assert [layer.name for layer in kept.layers] == ["Ember", "Not done yet"]
    assert len(desk.editor.document.layers) == 1
    desk.stage.finish_writing()
    assert [layer.id for layer in desk.editor.document.layers] == [one.id for one in kept.layers]
    assert desk.editor.kept == desk.editor.document


def test_a_layer_whose_words_are_changed_is_hidden_from_the_screen_alone(desk: Desk) -> None:
    assert is_inked(desk.editor)
    desk.stage.write(WORDS, is_new=False)
    assert not is_inked(desk.editor)
    assert desk.layer.is_visible
    assert desk.editor.kept.layers == (WORDS,)
    box = desk.stage.text_box
    assert box is not None
    box.setPlainText("Other")
    written = desk.editor.kept.layers[0]
    assert isinstance(written, TextLayer)
    assert (written.text, written.is_visible) == ("Other", True)
    box.setPlainText(WORDS.text)
    assert desk.editor.kept.layers == (WORDS,)


def test_another_state_of_the_canvas_closes_the_field_without_its_words(desk: Desk) -> None:
    desk.write("Gone")
    other = Document(width=400, height=300, layers=(WORDS,))
    desk.editor.open(other, desk.editor.pixels)
    assert desk.stage.text_box is None
    assert desk.editor.document is other
    assert desk.editor.kept is other
    assert not desk.editor.history.can_undo


def test_words_that_cannot_be_put_on_the_canvas_are_kept_still(desk: Desk) -> None:
    desk.write("Mine")
    desk.editor.set_read_only("Somebody has it")
    desk.stage.finish_writing()
    assert len(desk.editor.document.layers) == 1
    assert [layer.name for layer in desk.editor.kept.layers] == ["Ember", "Mine"]
