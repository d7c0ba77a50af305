"""Forms: editors from specs, drafts in and out, errors, resets, pairs."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest
from pydantic import BaseModel, Field, ValidationError
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDoubleSpinBox, QLabel, QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from scenario_desktop.ui.forms.editors import ConcealedEditor
from scenario_desktop.ui.forms.form import FieldRow, Form
from scenario_desktop.ui.forms.picture_editors import PicturedChoicesEditor, PicturesEditor
from scenario_desktop.ui.forms.spec import Choice, fields_of_model, fields_of_schema
from scenario_desktop.ui.forms.tiles import Tile, TileGrid
from scenario_desktop.ui.theme import Theme
from scenario_desktop.ui.widgets.buttons import IconButton
from scenario_desktop.ui.widgets.slider import Slider
from scenario_desktop.ui.widgets.switch import Switch

PROPERTIES: dict[str, Any] = {
    "low": {"type": "integer", "minimum": 0, "maximum": 255, "initial": 100, "below": "high"},
    "high": {"type": "integer", "minimum": 0, "maximum": 255, "initial": 200},
    "share": {"type": "number", "minimum": 0, "maximum": 1, "initial": 0.3},
    "flag": {"type": "boolean"},
    "seed": {"type": "integer"},
    "name": {"type": "string"},
    "prompt": {"type": "string", "display": "long_text"},
    "key": {"type": "string", "display": "concealed"},
    "model": {"type": "string", "enum": ["a", "b"]},
    "mode": {"type": "string", "enum": ["x", "y"], "display": "segmented"},
    "maps": {"type": "array", "items": {"enum": ["canny", "depth", "pose"]}},
    "pictures": {"type": "array", "items": {"type": "string"}, "display": "pictures"},
}
VALUES: dict[str, Any] = {
    "low": 72, "high": 168, "share": 0.45, "flag": True, "seed": 7, "name": "n",
    "prompt": "two\nlines", "key": "s", "model": "b", "mode": "y", "maps": ["canny", "pose"],
    "pictures": ["p1", "p2"],
}  # fmt: skip


@pytest.fixture
def form(qtbot: QtBot) -> Form:
    made = Form(fields_of_schema({"properties": PROPERTIES}))
    qtbot.addWidget(made)
    made.resize(360, 1400)
    return made


def edits(form: Form) -> list[str]:
    found: list[str] = []
    form.edited.connect(found.append)
    return found


W = TypeVar("W", bound=QWidget)


def part(form: Form, name: str, kind: type[W]) -> W:
    return form.editor(name).findChildren(kind)[0]


def row(form: Form, name: str) -> FieldRow:
    return next(r for r in form.findChildren(FieldRow) if r.editor is form.editor(name))


def test_a_draft_goes_in_and_comes_out_the_same_without_a_signal(form: Form) -> None:
    told = edits(form)
    form.set_draft(VALUES)
    assert form.draft() == VALUES
    assert told == []


def test_unknown_keys_and_values_of_another_type_are_skipped(form: Form) -> None:
    form.set_draft({"low": "12", "flag": 1, "maps": ["of tomorrow"], "gone": 3, "high": 201})
    assert form.draft()["low"] == 100
    assert form.draft()["high"] == 201
    assert form.draft()["maps"] == []


def test_a_value_out_of_range_is_kept_so_that_it_can_be_told(form: Form) -> None:
    form.set_draft({"high": 300})
    assert form.draft()["high"] == 300
    assert part(form, "high", Slider).value() == 255


def test_slider_and_field_follow_each_other(form: Form) -> None:
    told = edits(form)
    slider = part(form, "share", Slider)
    field = part(form, "share", QDoubleSpinBox)
    slider.moved_by_user.emit(10)
    assert field.value() == pytest.approx(0.5)
    field.setValue(0.8)
    assert slider.value() == 16
    assert told == ["share", "share"]


def test_stepping_keeps_to_the_range_though_typing_need_not(form: Form) -> None:
    field = part(form, "high", QDoubleSpinBox)
    field.stepBy(500)
    assert form.draft()["high"] == 255


def test_a_pair_is_pushed_along_and_told_as_one_edit(form: Form) -> None:
    told = edits(form)
    part(form, "low", QDoubleSpinBox).setValue(230)
    assert (form.draft()["low"], form.draft()["high"]) == (230, 231)
    assert told == ["low"]


def test_every_editor_tells_of_the_users_edit(form: Form) -> None:
    told = edits(form)
    part(form, "flag", Switch).click()
    QTest.keyClicks(part(form, "name", QLineEdit), "a")
    QTest.keyClicks(part(form, "seed", QLineEdit), "4")
    part(form, "prompt", QPlainTextEdit).setPlainText("hello")
    assert told == ["flag", "name", "seed", "prompt"]
    assert form.draft()["seed"] == 4


def test_what_is_no_number_stays_for_the_validator(form: Form) -> None:
    QTest.keyClicks(part(form, "seed", QLineEdit), "4x")
    assert form.draft()["seed"] == "4x"


def test_a_changed_value_has_a_way_back(form: Form) -> None:
    told = edits(form)
    form.set_draft({"low": 72})
    assert row(form, "low").is_changed
    row(form, "low").reset_requested.emit()
    assert form.draft()["low"] == 100
    assert not row(form, "low").is_changed
    assert told == ["low"]


def test_reset_goes_to_what_the_context_says(form: Form) -> None:
    form.set_initial({"flag": True})
    assert row(form, "flag").is_changed
    row(form, "flag").reset_requested.emit()
    assert form.draft()["flag"] is True


def test_hidden_fields_keep_their_value_and_leave_the_draft(form: Form) -> None:
    form.set_draft({"low": 72})
    form.set_shown(lambda spec: spec.name != "low")
    assert "low" not in form.draft()
    form.set_shown(lambda spec: True)
    assert form.draft()["low"] == 72


class Model(BaseModel):
    size: int = Field(ge=1, le=8, title="Size", description="1–8.")
    name: str = Field("", title="Name", max_length=3, json_schema_extra={"group": "More"})


def test_errors_stand_under_their_fields_and_go_again(qtbot: QtBot) -> None:
    form = Form(fields_of_model(Model), folded=("More",))
    qtbot.addWidget(form)
    form.set_draft({"size": 12, "name": "long"})
    with pytest.raises(ValidationError) as caught:
        Model.model_validate(form.draft())
    form.show_errors(caught.value)
    assert row(form, "size").error_text() == "12 is above the highest value, 8."
    assert row(form, "name").isVisibleTo(form)  # its group was folded
    form.show_messages({})
    assert not row(form, "size").has_error


def test_a_folded_group_still_counts(qtbot: QtBot) -> None:
    form = Form(fields_of_model(Model), folded=("More",))
    qtbot.addWidget(form)
    form.set_draft({"size": 2, "name": "ok"})
    assert form.draft() == {"size": 2, "name": "ok"}
    assert not row(form, "name").isVisibleTo(form)


def test_choices_may_come_later(form: Form) -> None:
    form.set_choices("model", [Choice("b", "Bee"), Choice("c", "Cee")])
    form.set_draft({"model": "c"})
    assert form.draft()["model"] == "c"
    form.set_draft({"model": "a"})
    assert form.draft()["model"] == "c"


def test_a_secret_is_dots_until_it_is_shown(form: Form) -> None:
    editor = form.editor("key")
    assert isinstance(editor, ConcealedEditor)
    field, button = part(form, "key", QLineEdit), part(form, "key", IconButton)
    assert field.echoMode() is QLineEdit.EchoMode.Password
    button.click()
    assert field.echoMode() is QLineEdit.EchoMode.Normal
    assert button.accessibleName() == "Hide Key"


def test_help_from_outside_is_plain_text(qtbot: QtBot) -> None:
    schema = {"properties": {"x": {"type": "string", "title": "<b>x</b>", "description": "<i>"}}}
    form = Form(fields_of_schema(schema))
    qtbot.addWidget(form)
    formats = {label.textFormat() for label in form.findChildren(QLabel)}
    assert formats == {Qt.TextFormat.PlainText}


def test_every_control_has_a_name(form: Form) -> None:
    for kind in (QLineEdit, QDoubleSpinBox, Slider, QPlainTextEdit, Tile):
        for widget in form.findChildren(kind):
            if widget.objectName() != "qt_spinbox_lineedit":
                assert widget.accessibleName(), widget


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_form_fits_its_column(form: Form, look: Theme, scale: float) -> None:
    look.set_scale(scale)
    form.resize(320, 2000)
    form.show()
    for field in form.findChildren(FieldRow):
        assert field.minimumSizeHint().width() <= 320
    form.hide()


# Pictured choices


@pytest.fixture
def maps(form: Form) -> PicturedChoicesEditor:
    editor = form.editor("maps")
    assert isinstance(editor, PicturedChoicesEditor)
    editor.set_value(["canny"])
    return editor


def tile(editor: PicturedChoicesEditor | PicturesEditor, key: str) -> Tile:
    return next(t for t in editor.findChildren(Tile) if t.key == key)


def test_a_click_chooses_one_alone(maps: PicturedChoicesEditor) -> None:
    tile(maps, "pose").picked.emit(False)
    assert (maps.value(), maps.current) == (["pose"], "pose")


def test_ctrl_adds_and_takes_away_but_never_the_last(maps: PicturedChoicesEditor) -> None:
    tile(maps, "pose").picked.emit(True)
    assert (maps.value(), maps.current) == (["canny", "pose"], "pose")
    tile(maps, "pose").picked.emit(True)
    assert (maps.value(), maps.current) == (["canny"], "canny")
    tile(maps, "canny").picked.emit(True)
    assert maps.value() == ["canny"]


def test_a_click_on_one_of_several_looks_at_it(maps: PicturedChoicesEditor) -> None:
    maps.set_value(["canny", "pose"])
    maps.set_current("pose")
    edited: list[int] = []
    looked: list[str] = []
    maps.edited.connect(lambda: edited.append(1))
    maps.current_changed.connect(looked.append)
    tile(maps, "canny").picked.emit(False)
    assert (maps.value(), maps.current) == (["canny", "pose"], "canny")
    assert (edited, looked) == ([], ["canny"])


def test_arrows_move_the_stop_of_tab(maps: PicturedChoicesEditor) -> None:
    grid = maps.findChildren(TileGrid)[0]
    stops = [t for t in grid.tiles if t.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert [t.key for t in stops] == ["canny"]
    tile(maps, "canny").moved.emit(1, 0)
    stops = [t for t in grid.tiles if t.focusPolicy() & Qt.FocusPolicy.TabFocus]
    assert [t.key for t in stops] == ["depth"]


def test_ten_tiles_make_two_full_rows(qtbot: QtBot) -> None:
    grid = TileGrid()
    qtbot.addWidget(grid)
    grid.set_tiles([Tile(str(n), str(n)) for n in range(10)])
    grid.resize(328, 10)
    grid.show()
    columns = {t.x() for t in grid.tiles}
    assert len(columns) == 5
    assert grid.heightForWidth(328) < grid.heightForWidth(200)


# Pictures


@pytest.fixture
def pictures(form: Form) -> PicturesEditor:
    editor = form.editor("pictures")
    assert isinstance(editor, PicturesEditor)
    editor.set_value(["p1", "p2", "p3"])
    return editor


def test_a_picture_can_be_taken_out(pictures: PicturesEditor) -> None:
    looked: list[str] = []
    pictures.current_changed.connect(looked.append)
    tile(pictures, "p1").remove_requested.emit()
    assert (pictures.value(), pictures.current, looked) == (["p2", "p3"], "p2", ["p2"])


def test_looking_at_a_picture_is_no_edit(pictures: PicturesEditor) -> None:
    edited: list[int] = []
    pictures.edited.connect(lambda: edited.append(1))
    tile(pictures, "p2").picked.emit(False)
    assert (pictures.current, edited) == ("p2", [])


def test_many_pictures_are_counted(pictures: PicturesEditor) -> None:
    pictures.set_value([f"p{n}" for n in range(40)])
    assert pictures.hidden_count == 17
    assert len(pictures.value()) == 40
    pictures.set_value(["p1"])
    assert pictures.hidden_count == 0


def test_a_thumbnail_brings_the_name(pictures: PicturesEditor) -> None:
    pixmap = QPixmap(4, 4)
    pixmap.fill(QColor("#808080"))
    pictures.set_picture("p1", pixmap, "<b>meadow</b>")
    pictures.set_picture("gone", pixmap, "x")
    assert tile(pictures, "p1").accessibleName() == "<b>meadow</b>"
    assert "<b>" not in tile(pictures, "p1").toolTip()
