"""Editors of open words, remembered ids, JSON and single pictures; search and changes in a form."""

from __future__ import annotations

from typing import Any, TypeVar

import pytest
from pydantic import ValidationError
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget
from pytestqt.qtbot import QtBot

from scenario_desktop.api.models.sartiq.base import Group
from scenario_desktop.api.models.sartiq.requests import (
    ExperimentalTaskCreate,
    GenerationCreate,
)
from scenario_desktop.services.sartiq.pictures import slots_of
from scenario_desktop.ui.forms.form import FieldRow, Form
from scenario_desktop.ui.forms.json_editor import JsonEditor, parse_object
from scenario_desktop.ui.forms.picture_editors import PictureEditor
from scenario_desktop.ui.forms.spec import FieldKind, fields_of_model, fields_of_schema
from scenario_desktop.ui.forms.suggest_field import SuggestField
from scenario_desktop.ui.forms.word_editors import KnownEntry, KnownIdEditor
from scenario_desktop.ui.widgets.drags import put_keys

ONE = "3f2a9c10-5d1e-4b7a-9c52-0123456789ab"
TWO = "3f2a9c10-5d1e-4b7a-9c52-0123456789ac"
PROPERTIES: dict[str, Any] = {
    "style": {"type": "string", "display": "known_id", "of": "style", "default": None,
              "group": "look"},
    "tool": {"type": "string", "display": "words", "known": ["EDIT", "SUBJECT_SWAP"],
             "titles": {"EDIT": "Edit", "SUBJECT_SWAP": "Subject swap"}, "group": "look"},
    "payload": {"type": "object", "display": "json", "group": "more"},
    "picture": {"type": "string", "display": "picture", "group": "more"},
    "strength": {"anyOf": [{"type": "number"}, {"type": "null"}], "minimum": 0, "maximum": 1,
                 "default": None, "group": "more"},
}  # fmt: skip
W = TypeVar("W", bound=QWidget)


@pytest.fixture
def form(qtbot: QtBot) -> Form:
    made = Form(
        fields_of_schema({"properties": PROPERTIES}),
        headings={"look": "Look", "more": "More"},
        folded=("more",),
        is_marked=True,
    )
    qtbot.addWidget(made)
    made.resize(360, 900)
    made.show()
    return made


def part(form: Form, name: str, kind: type[W]) -> W:
    return form.editor(name).findChildren(kind)[0]


def row(form: Form, name: str) -> FieldRow:
    return next(r for r in form.findChildren(FieldRow) if r.editor is form.editor(name))


def edits(form: Form) -> list[str]:
    found: list[str] = []
    form.edited.connect(found.append)
    return found


def known(form: Form) -> KnownIdEditor:
    editor = form.editor("style")
    assert isinstance(editor, KnownIdEditor)
    editor.set_known([KnownEntry(ONE, "Harbour", 14), KnownEntry(TWO)])
    return editor


def test_every_field_of_the_largest_form_gets_its_editor() -> None:
    specs = {spec.name: spec for spec in fields_of_model(GenerationCreate)}
    assert len(specs) == len(GenerationCreate.model_fields)
    assert specs["style_id"].kind is FieldKind.KNOWN_ID
    assert specs["style_id"].of == "style"
    assert specs["tool"].kind is FieldKind.WORDS
    assert specs["config"].kind is FieldKind.JSON
    assert specs["product_image"].kind is FieldKind.PICTURE
    assert specs["reference_images_paths"].initial == []
    assert {spec.group for spec in specs.values()} <= {str(group) for group in Group}


def test_a_number_that_may_be_left_out_is_no_slider(form: Form) -> None:
    assert form.draft()["strength"] is None
    specs = {spec.name: spec for spec in fields_of_model(GenerationCreate)}
    assert specs["reference_image_strength"].kind is FieldKind.NUMBER
    assert specs["product_lora_weight"].kind is FieldKind.SLIDER


def test_an_untouched_form_asks_for_nothing(qtbot: QtBot) -> None:
    pictures = slots_of(GenerationCreate)
    form = Form(fields_of_model(GenerationCreate, leave_out=pictures))
    qtbot.addWidget(form)
    request = GenerationCreate.of_draft(form.draft())
    assert request.only_changed() == {}


def test_a_known_word_is_read_by_its_title_and_any_other_as_typed(form: Form) -> None:
    told = edits(form)
    field = part(form, "tool", SuggestField)
    form.set_draft({"tool": "SUBJECT_SWAP"})
    assert field.text() == "Subject swap"
    assert form.draft()["tool"] == "SUBJECT_SWAP"
    assert told == []
    field.clear()
    QTest.keyClicks(field, "OF_TOMORROW")
    assert form.draft()["tool"] == "OF_TOMORROW"
    assert told[-1] == "tool"


def test_typing_offers_the_words_that_fit_and_enter_takes_one(form: Form) -> None:
    field = part(form, "tool", SuggestField)
    field.setFocus()
    QTest.keyClicks(field, "swa")
    assert field.offered == ["Subject swap"]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert form.draft()["tool"] == "SUBJECT_SWAP"
    assert field.offered == []


def test_an_id_used_before_is_shown_by_its_name(form: Form) -> None:
    editor = known(form)
    form.set_draft({"style": ONE})
    assert part(form, "style", SuggestField).text() == "Harbour"
    assert form.draft()["style"] == ONE
    assert editor.note() == f"{ONE} · Used 14\u00a0times here"


def test_delete_forgets_the_marked_entry_and_else_takes_text_away(form: Form) -> None:
    editor = known(form)
    gone: list[str] = []
    editor.forget_requested.connect(gone.append)
    field = part(form, "style", SuggestField)
    field.setFocus()
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert field.offered == ["Harbour", TWO]
    QTest.keyClick(field, Qt.Key.Key_Down)
    QTest.keyClick(field, Qt.Key.Key_Delete)
    assert gone == [TWO]
    assert field.offered == []
    field.clear()
    QTest.keyClicks(field, "Harb")
    QTest.keyClick(field, Qt.Key.Key_Home)
    QTest.keyClick(field, Qt.Key.Key_Delete)
    assert (field.text(), gone) == ("arb", [TWO])


def test_a_pasted_id_loses_its_quotes_and_can_be_named(form: Form) -> None:
    editor = known(form)
    given: list[tuple[str, str]] = []
    editor.name_given.connect(lambda i, name: given.append((i, name)))
    field = part(form, "style", SuggestField)
    field.setText(f'  "{TWO}" ')
    field.changed_by_user.emit()
    assert form.draft()["style"] == TWO
    editor._rename.click()
    line = next(i for i in editor.findChildren(QLineEdit) if i is not field)
    assert line.isVisible()
    QTest.keyClicks(line, "Quiet shore")
    QTest.keyClick(line, Qt.Key.Key_Return)
    assert given == [(TWO, "Quiet shore")]
    assert not line.isVisible()


def test_two_ids_of_one_name_are_told_apart(form: Form) -> None:
    editor = known(form)
    editor.set_known([KnownEntry(ONE, "Harbour"), KnownEntry(TWO, "Harbour")])
    form.set_draft({"style": TWO})
    assert form.draft()["style"] == TWO


def test_json_says_where_it_is_wrong(form: Form) -> None:
    text = part(form, "payload", QPlainTextEdit)
    text.setPlainText('{\n  "steps": 4\n  "size": 2\n}')
    assert isinstance(form.draft()["payload"], str)
    form.show_messages({"payload": "Input should be a valid dictionary."})
    assert row(form, "payload").error_text() == "Line 3, column 3: expecting ',' delimiter."
    text.setPlainText('{"steps": 4}')
    assert form.draft()["payload"] == {"steps": 4}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[1]", "An object is needed"),
        ('{"a": NaN}', "NaN is no number"),
        ('{"a": 1', "Line 1, column 8"),
        ("{" * 3, "Line 1"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_object_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_object(text)


def test_json_is_tidied_up_on_request(form: Form) -> None:
    editor = form.editor("payload")
    assert isinstance(editor, JsonEditor)
    text = part(form, "payload", QPlainTextEdit)
    text.setPlainText('{"b":1,"a":[]}')
    editor._tidy.click()
    assert text.toPlainText() == '{\n  "b": 1,\n  "a": []\n}'


def test_a_blank_payload_is_missing_rather_than_wrong(qtbot: QtBot) -> None:
    form = Form(fields_of_model(ExperimentalTaskCreate, leave_out=("image",)))
    qtbot.addWidget(form)
    form.set_draft({"fal_app_id": "fal-ai/flux"})
    with pytest.raises(ValidationError) as caught:
        ExperimentalTaskCreate.of_draft(form.draft())
    form.show_errors(caught.value)
    assert row(form, "payload").error_text() == "This is needed."


def test_a_place_for_one_picture_holds_the_last_one(form: Form) -> None:
    form.set_draft({"picture": ["item:a", "item:b"]})
    assert form.draft()["picture"] == ["item:b"]


def test_items_of_the_gallery_can_be_dropped(form: Form) -> None:
    editor = form.editor("picture")
    assert isinstance(editor, PictureEditor)
    found: list[object] = []
    editor.keys_dropped.connect(found.append)
    data = QMimeData()
    put_keys(data, [4, 7])
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(5, 5), copy, data, left, none)
    editor.dragEnterEvent(enter)
    assert enter.isAccepted()
    editor.dropEvent(QDropEvent(QPointF(5, 5), copy, data, left, none))
    assert found == [(4, 7)]


def test_a_group_counts_its_changes_also_while_it_is_closed(form: Form) -> None:
    assert form._groups["more"].changes_text() == ""
    form.set_draft({"payload": {"a": 1}, "strength": 0.5, "tool": "EDIT"})
    assert form._groups["more"].changes_text() == "2 changed"
    assert form._groups["look"].changes_text() == "1 changed"
    assert sorted(form.changed()) == ["payload", "strength", "tool"]
    assert not row(form, "payload").isVisible()


def test_every_field_can_be_reset_where_the_form_marks_them(form: Form) -> None:
    form.set_draft({"tool": "EDIT"})
    row(form, "tool").reset_requested.emit()
    assert form.draft()["tool"] == ""
    assert form.changed() == []


def test_a_search_opens_what_it_finds_and_loses_nothing(form: Form) -> None:
    form.set_draft({"tool": "EDIT", "strength": 0.5})
    assert form.search("stren") == 1
    assert row(form, "strength").isVisible()
    assert not row(form, "tool").isVisible()
    assert form.draft()["tool"] == "EDIT"
    assert form.search("look") == 2  # by the name of their group
    assert form.search("nothing of the kind") == 0
    assert form.search("") == len(PROPERTIES)
    assert row(form, "tool").isVisible()
    assert not row(form, "strength").isVisible()
