"""Masks of layers and groups: what is seen through them, and that every step goes back."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainterPath

from scenario_desktop.canvas import document as edits
from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.format import Blend, GroupLayer, PaintLayer, Transform
from scenario_desktop.ui.panels.canvas.editor import Editor
from scenario_desktop.ui.panels.canvas.exchange import loading
from scenario_desktop.ui.panels.canvas.exchange.keeping import Keeping
from scenario_desktop.ui.panels.canvas.layers import masking, merging, several, single
from scenario_desktop.ui.panels.canvas.layers.layer_model import LayerModel, LayerRole, note_of
from scenario_desktop.ui.panels.canvas.pixels import drawing
from scenario_desktop.ui.panels.canvas.pixels.brush import Brush
from scenario_desktop.ui.panels.canvas.pixels.drawing import Pixels
from tests.widget.canvas_support import (
    BLUE,
    GREEN,
    HARD,
    RED,
    color,
    editor_of,
    paint,
    picture,
    stroke,
)

pytestmark = pytest.mark.usefixtures("qapp")
BLACK, WHITE = QColor("black"), QColor("white")


@pytest.fixture
def editor() -> Editor:
    """Return an editor of a red picture of 50 x 40 on nothing."""
    pixels = Pixels()
    made = editor_of(picture("p", RED, pixels), pixels=pixels)
    made.set_active("p")
    return made


def left_half(editor: Editor) -> None:
    path = QPainterPath()
    path.addRect(QRectF(0, 0, 25, 40))
    editor.set_selection(path)


def test_black_hides_and_the_eraser_shows_again(editor: Editor) -> None:
    masking.add(editor, "p")
    assert editor.is_on_mask
    stroke(editor, [(10, 20)], BLACK)
    assert color(editor, 10, 20).alpha() == 0
    assert color(editor, 40, 20) == RED
    stroke(editor, [(10, 20)], is_eraser=True)
    assert color(editor, 10, 20) == RED
    assert [step.name for step in editor.history.done] == [
        "Add a mask to p", "Brush on the mask of p", "Erase on the mask of p",
    ]  # fmt: skip
    assert [layer.kind for layer in editor.document.layers] == ["picture"]


def test_grey_hides_in_part_and_colours_count_as_grey(editor: Editor) -> None:
    masking.add(editor, "p")
    stroke(editor, [(10, 20)], QColor(128, 128, 128))
    assert color(editor, 10, 20).alpha() == pytest.approx(128, abs=2)
    stroke(editor, [(40, 20)], GREEN)
    assert 60 < color(editor, 40, 20).alpha() < 200


def test_a_light_stroke_on_a_mask_looks_the_same_before_and_after_its_end(editor: Editor) -> None:
    masking.add(editor, "p")
    editor.begin_stroke(Brush(20, 1.0, 0.5), BLACK)
    editor.stroke_to(10, 20)
    editor.stroke_to(30, 20)
    editor.flush_stroke()
    wet = color(editor, 20, 20).alpha()
    editor.end_stroke()
    assert wet == color(editor, 20, 20).alpha() == pytest.approx(128, abs=2)


def test_the_selection_becomes_a_mask(editor: Editor) -> None:
    left_half(editor)
    masking.add(editor, "p")
    assert color(editor, 10, 20) == RED
    assert color(editor, 40, 20).alpha() == 0
    masking.invert(editor, "p")
    assert color(editor, 10, 20).alpha() == 0
    assert color(editor, 40, 20) == RED
    editor.undo()
    assert color(editor, 10, 20) == RED


def test_a_mask_is_turned_off_and_thrown_away(editor: Editor) -> None:
    left_half(editor)
    masking.add(editor, "p")
    masking.toggle(editor, "p")
    assert color(editor, 40, 20) == RED
    editor.set_selection(None)
    refusals: list[str] = []
    editor.refused.connect(refusals.append)
    assert not editor.begin_stroke(HARD, BLACK)
    assert "is off" in refusals[0]
    masking.delete(editor, "p")
    assert not editor.is_on_mask
    editor.undo()
    editor.undo()
    assert color(editor, 40, 20).alpha() == 0


def test_applying_a_mask_changes_paint_and_can_be_undone() -> None:
    editor = editor_of(paint("a", transform=Transform(x=30)))
    stroke(editor, [(40, 50), (120, 50)], brush=HARD)
    masking.add(editor, "a")
    stroke(editor, [(60, 50)], BLACK)
    seen = color(editor, 60, 50), color(editor, 100, 50)
    masking.apply(editor, "a")
    layer = editor.document.layer("a")
    assert layer is not None
    assert layer.mask is None
    assert (color(editor, 60, 50), color(editor, 100, 50)) == seen
    assert seen[0].alpha() == 0
    editor.undo()
    editor.undo()
    assert color(editor, 60, 50) == RED


def test_applying_a_mask_makes_paint_of_a_picture(editor: Editor) -> None:
    left_half(editor)
    masking.add(editor, "p")
    masking.apply(editor, "p")
    (layer,) = editor.document.layers
    assert isinstance(layer, PaintLayer)
    assert color(editor, 10, 20) == RED
    assert color(editor, 40, 20).alpha() == 0


def test_a_mask_moves_with_its_layer_and_is_copied_with_it(editor: Editor) -> None:
    left_half(editor)
    masking.add(editor, "p")
    editor.set_selection(None)
    editor.commit("Move", "move", edits.shifted(editor.document, "p", 100, 0))
    assert color(editor, 110, 20) == RED
    assert color(editor, 140, 20).alpha() == 0
    single.duplicate(editor, "p")
    copy = editor.active
    assert copy is not None
    original = editor.document.layer("p")
    assert original is not None
    assert copy.mask is not None
    assert original.mask is not None
    assert copy.mask.id != original.mask.id
    masking.delete(editor, "p")
    masking.invert(editor, copy.id)
    masking.invert(editor, copy.id)
    assert color(editor, 110, 20) == RED


def test_a_group_is_seen_through_its_mask_and_both_move(editor: Editor) -> None:
    several.group(editor, ["p"])
    group = editor.active_id
    left_half(editor)
    masking.add(editor, group)
    editor.set_selection(None)
    assert color(editor, 10, 20) == RED
    assert color(editor, 40, 20).alpha() == 0
    editor.commit("Move", "move", edits.shifted(editor.document, group, 100, 10))
    assert color(editor, 110, 20) == RED
    assert color(editor, 140, 20).alpha() == 0
    layer = editor.document.layer(group)
    assert layer is not None
    assert "Merge the group" in masking.why_not_apply(layer)


def test_merging_a_group_applies_its_masks_and_can_be_undone(editor: Editor) -> None:
    several.group(editor, ["p"])
    group = editor.active_id
    editor.change_layer(group, "Opacity of {}", "blend", opacity=0.5, blend=Blend.MULTIPLY)
    left_half(editor)
    masking.add(editor, group)
    editor.set_selection(None)
    before = editor.document
    seen = editor.flattened()
    merging.merge_group(editor, group)
    (layer,) = editor.document.layers
    assert isinstance(layer, PaintLayer)
    assert (layer.opacity, layer.blend, layer.mask) == (0.5, Blend.MULTIPLY, None)
    assert editor.flattened() == seen
    assert editor.active_id == layer.id
    editor.undo()
    assert editor.document is before
    assert editor.flattened() == seen


def test_a_group_with_a_locked_layer_is_not_merged(editor: Editor) -> None:
    several.group(editor, ["p"])
    group = editor.active_id
    editor.change_layer("p", "Lock {}", "lock", is_locked=True)
    before, refusals = editor.document, list[str]()
    editor.refused.connect(refusals.append)
    merging.merge_group(editor, group)
    merging.merge_group(editor, "p")
    assert editor.document is before
    assert refusals == ["A layer of this group is locked."]


def test_what_is_done_with_a_mask_says_why_it_cannot_be_done(editor: Editor) -> None:
    def free() -> set[str]:
        layer = editor.document.layer("p")
        assert layer is not None
        return {deed.name for deed in masking.DEEDS if not deed.why_not(layer)}

    assert free() == {"add"}
    masking.add(editor, "p")
    assert free() == {"edit", "toggle", "invert", "apply", "delete"}
    masking.edit(editor, "p")
    assert not editor.is_on_mask
    masking.edit(editor, "p")
    assert editor.is_on_mask
    masking.toggle(editor, "p")
    assert free() == {"edit", "toggle", "invert", "delete"}


def test_a_locked_group_keeps_its_masks(editor: Editor) -> None:
    several.group(editor, ["p"])
    editor.change_layer(editor.active_id, "Lock {}", "lock", is_locked=True)
    refusals: list[str] = []
    editor.refused.connect(refusals.append)
    masking.add(editor, "p")
    editor.set_active("p")
    assert not editor.begin_stroke(HARD, BLACK)
    assert len(refusals) == 2
    layer = editor.document.layer("p")
    assert layer is not None
    assert layer.mask is None


def test_what_is_kept_with_masks_equals_drawing_everything_anew() -> None:
    pixels = Pixels()
    group = GroupLayer(id="g", opacity=0.6, blend=Blend.MULTIPLY)
    editor = editor_of(
        picture("p", BLUE, pixels), paint("a", parent="g"), paint("b", parent="g"), group,
        pixels=pixels,
    )  # fmt: skip
    editor.set_active("a")
    stroke(editor, [(5, 5), (60, 60)])
    masking.add(editor, "a")
    stroke(editor, [(20, 20)], BLACK)
    masking.add(editor, "g")
    stroke(editor, [(40, 30)], QColor(90, 90, 90), Brush(30, 0.2, 0.7))
    editor.set_active("a", is_on_mask=True)
    stroke(editor, [(30, 30)], QColor(200, 200, 200))
    shown = editor.compositor.image(editor.rect)
    fresh = drawing.render(editor.document, editor.pixels, editor.rect)
    for x in range(0, 60, 3):
        one, two = shown.pixelColor(x, x), fresh.pixelColor(x, x)
        for part in ("red", "green", "blue", "alpha"):
            assert abs(getattr(one, part)() - getattr(two, part)()) <= 2


async def test_a_mask_is_saved_and_comes_back(editor: Editor) -> None:
    masking.add(editor, "p")
    stroke(editor, [(10, 20)], BLACK)
    keeping = Keeping(editor)
    keeping.begin(editor.document, editor.pixels, {})
    drawn = await keeping.draft()
    document = canvas_format.read(drawn.text)
    blobs = {name: drawn.blobs[name] for name in document.blobs()}

    class Pictures:
        async def large(self, item: object, max_px: int) -> object:
            raise NotImplementedError

        async def large_into(self, take: object, item: object, max_px: int) -> object:
            raise NotImplementedError

        async def file(self, path: object, max_px: int) -> object:
            raise NotImplementedError

    bare = document.model_copy(
        update={"layers": tuple(edits.replaced(o, asset_id="") for o in document.layers)}
    )
    pixels, errors = await loading.load(bare, blobs, Pictures())  # type: ignore[arg-type]  # unused
    assert not errors
    (layer,) = document.layers
    assert layer.mask is not None
    assert pixels.surfaces[layer.mask.id].used_bounds().contains(10, 20)


def test_the_list_shows_a_mask_and_says_so(editor: Editor) -> None:
    model = LayerModel(editor)
    assert model.index(0).data(LayerRole.MASK) is None
    masking.add(editor, "p")
    before = model.index(0).data(LayerRole.MASK).toImage()
    assert before.pixelColor(5, 5) == WHITE
    assert model.index(0).data(LayerRole.IS_ON_MASK)
    stroke(editor, [(0, 0), (49, 39)], BLACK, Brush(80, 1.0))
    assert model.index(0).data(LayerRole.MASK).toImage().pixelColor(20, 20) == BLACK
    layer = editor.document.layer("p")
    assert layer is not None
    assert note_of(layer).endswith(", mask")


@pytest.mark.parametrize(
    ("by", "angle", "scale"),
    [
        (Transform(scale_x=2, scale_y=2, angle=90, x=5), 120.0, (2.0, 2.0)),
        (Transform(scale_x=2, scale_y=3), 30.0, (1.0, 1.0)),
    ],
    ids=["even", "would be slanted"],
)
def test_a_group_scales_and_turns_all_that_is_in_it(
    by: Transform, angle: float, scale: tuple[float, float]
) -> None:
    inner = paint("a", parent="g", transform=Transform(x=10, angle=30))
    document = editor_of(inner, GroupLayer(id="g")).document
    layer = edits.transformed(document, "g", by).layer("a")
    assert layer is not None
    assert layer.transform.angle == pytest.approx(angle)
    assert (layer.transform.scale_x, layer.transform.scale_y) == pytest.approx(scale)


def test_a_straight_layer_is_scaled_unevenly_with_its_group() -> None:
    inner = paint("a", parent="g", transform=Transform(x=10, y=20, angle=90))
    document = editor_of(inner, GroupLayer(id="g")).document
    changed = edits.transformed(document, "g", Transform(scale_x=2, scale_y=3, x=1))
    layer = changed.layer("a")
    assert layer is not None
    old = Transform(x=10, y=20, angle=90).place(7, 5)
    assert layer.transform.place(7, 5) == pytest.approx((old[0] * 2 + 1, old[1] * 3))
