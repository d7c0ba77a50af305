"""The search field and the gallery's query, and what the field offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from scenario_desktop.items import ItemQuery, Source, TagCount
from scenario_desktop.ui.widgets.search_box import SearchBox, Token, parse_token
from scenario_desktop.ui.widgets.suggestions import Suggestions
from scenario_desktop.ui.workbench.searching import Searching, tokens_of, with_tokens
from tests.support import until

TAGS = (TagCount("environment", 12), TagCount("env", 3))


class Field(QObject):
    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.window = parent
        self.box = SearchBox()
        QVBoxLayout(parent).addWidget(self.box)
        self.queries: list[ItemQuery] = []
        self.searching = Searching(
            self.box, lambda: {"c1": "Ember Valley"}, self, complete_tags=self._tags
        )
        self.searching.query_wanted.connect(self.queries.append)

    async def _tags(self, prefix: str) -> Sequence[TagCount]:
        return [tag for tag in TAGS if tag.name.startswith(prefix)]

    def type(self, text: str) -> None:
        QTest.keyClicks(self.box.field, text)

    def press(self, key: Qt.Key) -> None:
        QTest.keyClick(self.box.field, key)


@pytest.fixture
def field(qtbot: QtBot) -> Field:
    window = QWidget()
    window.resize(600, 400)
    qtbot.addWidget(window)
    made = Field(window)
    window.show()
    made.box.field.setFocus()
    return made


async def test_a_tag_is_completed_from_the_keyboard(qt_loop: Any, field: Field) -> None:
    field.type("red tag:env")
    await until(lambda: field.box.offered() == ["environment", "env"])
    field.press(Qt.Key.Key_Down)
    field.press(Qt.Key.Key_Up)
    field.press(Qt.Key.Key_Return)
    assert field.box.tokens() == (Token("tag", "environment"),)
    assert field.box.text() == "red"
    assert not field.box.offered()
    await until(lambda: field.queries)
    assert field.queries[-1].tags == ("environment",)
    assert field.queries[-1].text == "red"


async def test_collections_kinds_and_types_are_offered(qt_loop: Any, field: Field) -> None:
    field.type("in:em")
    await until(lambda: field.box.offered() == ["Ember Valley"])
    field.press(Qt.Key.Key_Tab)
    await until(lambda: field.queries)
    assert field.queries[-1].collection_id == "c1"
    field.type("-kind:im")
    await until(lambda: "image" in field.box.offered())


async def test_typing_on_keeps_the_rows_of_the_list_in_sight(qt_loop: Any, field: Field) -> None:
    rows = [("ember", "3"), ("env", "2")]
    field.type("tag:e")
    field.box.offer("tag", "e", rows)
    (offered,) = field.box.window().findChildren(Suggestions)
    before = offered.height()
    field.type("n")
    field.box.offer("tag", "en", rows)
    assert field.box.offered() == ["ember", "env"]
    assert offered.height() == before


async def test_escape_closes_the_list_and_keeps_the_text(qt_loop: Any, field: Field) -> None:
    field.type("tag:e")
    await until(field.box.offered)
    field.press(Qt.Key.Key_Escape)
    assert not field.box.offered()
    assert field.box.field.text() == "tag:e"


async def test_a_late_answer_is_left_out(qt_loop: Any, field: Field) -> None:
    field.type("tag:e")
    field.box.offer("tag", "en", [("env", "3")])
    assert not field.box.offered()


def test_the_second_service_has_tokens_of_its_own() -> None:
    query = ItemQuery(
        sources=(Source.SARTIQ,), group_id="3f2a9c10-5d1e-4b7a", shots=("front_full_body",)
    )
    tokens = tokens_of(query, lambda collection: "")
    assert [(token.word, token.shown) for token in tokens] == [
        ("generation", "3f2a9c10"),
        ("source", "Sartiq"),
        ("shot", "front_full_body"),
    ]
    assert with_tokens(ItemQuery(), tokens, lambda name: "") == query
    typed = parse_token("source:Sartiq")
    assert typed is not None
    assert with_tokens(ItemQuery(), [typed], lambda name: "").sources == (Source.SARTIQ,)
    assert with_tokens(query, [], lambda name: "") == ItemQuery()


async def test_sources_are_offered(qt_loop: Any, field: Field) -> None:
    field.type("source:sa")
    await until(lambda: field.box.offered() == ["sartiq"])
