"""Edits of a canvas and their history."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas.format import Document, GroupLayer, Layer, PaintLayer
from scenario_desktop.canvas.history import STEP_BYTES, History, Step
from scenario_desktop.errors import BadInput

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def paint(layer_id: str, parent: str = "") -> PaintLayer:
    return PaintLayer(id=layer_id, name=layer_id, parent=parent)


def of(*layers: Layer) -> Document:
    return Document(width=100, height=80, layers=layers)


def ids(document: Document) -> str:
    return " ".join(layer.id for layer in document.layers)


def three() -> Document:
    return of(paint("a"), paint("b"), paint("c"))


def grouped() -> Document:
    return of(
        paint("a"), paint("b", "g"), paint("c", "g"), GroupLayer(id="g", name="g"), paint("d")
    )


def test_a_layer_comes_right_above_the_chosen_one() -> None:
    assert ids(edits.add(three(), paint("x"), "a")) == "a x b c"
    assert ids(edits.add(three(), paint("x"))) == "a b c x"


def test_a_layer_joins_the_group_of_the_one_below() -> None:
    added = edits.add(grouped(), paint("x"), "b").layer("x")
    assert added is not None
    assert added.parent == "g"


def test_a_group_goes_with_what_is_in_it() -> None:
    assert ids(edits.remove(grouped(), ["g"])) == "a d"


def test_values_are_checked() -> None:
    changed = edits.change(three(), "b", opacity=0.5, is_visible=False).layer("b")
    assert changed is not None
    assert (changed.opacity, changed.is_visible) == (0.5, False)
    with pytest.raises(ValueError, match="opacity"):
        edits.change(three(), "b", opacity=3)
    with pytest.raises(KeyError):
        edits.change(three(), "z", opacity=1)


@pytest.mark.parametrize(
    ("layer_id", "index", "order"),
    [("a", 2, "b c a"), ("c", 0, "c a b"), ("b", 1, "a b c"), ("a", 99, "b c a")],
)
def test_layers_are_reordered(layer_id: str, index: int, order: str) -> None:
    assert ids(edits.move(three(), layer_id, index)) == order


def test_a_layer_moves_into_a_group_and_out() -> None:
    inside = edits.move(grouped(), "a", 0, "g")
    assert [layer.id for layer in inside.children("g")] == ["a", "b", "c"]
    outside = edits.move(inside, "a", 9)
    assert [layer.id for layer in outside.children()] == ["g", "d", "a"]


def test_a_group_never_moves_into_itself() -> None:
    assert edits.move(grouped(), "g", 0, "g") == grouped()


def test_a_copy_of_a_group_has_its_own_layers() -> None:
    copied, new_ids = edits.duplicate(grouped(), "g")
    assert len(copied.layers) == 8
    assert {layer.parent for layer in copied.layers if layer.id in new_ids.values()} == {
        "",
        new_ids["g"],
    }


def test_layers_are_grouped_and_set_free() -> None:
    made, group_id = edits.group(three(), ["a", "b"], "Pair")
    assert [layer.id for layer in made.children(group_id)] == ["a", "b"]
    assert ids(edits.ungroup(made, group_id)) == "a b c"


def test_cropping_moves_the_layers_along() -> None:
    cut = edits.resize(three(), 10, 20, 50, 40)
    assert (cut.width, cut.height) == (50, 40)
    assert (cut.layers[0].transform.x, cut.layers[0].transform.y) == (-10, -20)


def test_sizes_have_limits() -> None:
    with pytest.raises(BadInput, match="too large"):
        edits.blank(20_000, 10)
    with pytest.raises(BadInput, match="too large"):
        edits.resize(three(), 0, 0, 16_000, 16_000)


def test_a_list_shows_the_highest_first() -> None:
    shown = edits.shown(grouped(), lambda _: True)
    assert [layer.id for layer in shown] == ["d", "g", "c", "b", "a"]
    assert [layer.id for layer in edits.shown(grouped(), lambda _: False)] == ["d", "g", "a"]


def test_names_are_free() -> None:
    document = edits.add(three(), PaintLayer(id="x", name="Layer 1"))
    assert edits.free_name(document, "Layer") == "Layer 2"


@dataclass
class Pixels:
    size_bytes: int = 1000
    calls: list[str] = field(default_factory=list)

    def undo(self) -> None:
        self.calls.append("undo")

    def redo(self) -> None:
        self.calls.append("redo")


def step(name: str, pixels: Pixels | None = None) -> Step:
    return Step(name, "brush", NOW, three(), of(), pixels)


def test_steps_are_taken_back_and_done_again() -> None:
    history, pixels = History(), Pixels()
    history.push(step("Brush", pixels))
    assert history.undo().before == three()
    assert (history.can_undo, history.can_redo) == (False, True)
    assert history.redo().after == of()
    assert pixels.calls == ["undo", "redo"]


def test_a_new_step_forgets_what_was_undone() -> None:
    history = History()
    history.push(step("a"))
    history.undo()
    history.push(step("b"))
    assert [s.name for s in history.done] == ["b"]
    assert (history.can_redo, history.size_bytes) == (False, STEP_BYTES)


def test_the_oldest_steps_give_way_to_the_limit() -> None:
    history = History(max_bytes=3 * (STEP_BYTES + 1000))
    for number in range(10):
        history.push(step(str(number), Pixels()))
    assert [s.name for s in history.done] == ["7", "8", "9"]
    assert history.forgotten == 7


def test_one_step_larger_than_the_limit_stays() -> None:
    history = History(max_bytes=10)
    history.push(step("large", Pixels()))
    assert history.can_undo


def test_a_step_may_grow() -> None:
    history = History()
    history.push(step("a"))
    history.replace_last(step("b"))
    assert [s.name for s in history.done] == ["b"]
    assert history.size_bytes == STEP_BYTES
