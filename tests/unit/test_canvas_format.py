"""The canvas format: what is written is read again, and what is damaged is told clearly."""

from __future__ import annotations

import json
from typing import Any

import pytest

from scenario_desktop.canvas import format as canvas_format
from scenario_desktop.canvas.blobs import blob_key
from scenario_desktop.canvas.format import (
    Blend,
    Document,
    ForeignCanvas,
    GroupLayer,
    LaterCanvas,
    Mask,
    PaintLayer,
    PictureLayer,
    ShapeLayer,
    TextLayer,
    Tile,
    Transform,
)
from scenario_desktop.errors import BadInput


def whole() -> Document:
    return Document(
        width=1920,
        height=1200,
        background="#ffffff",
        layers=(
            PictureLayer(
                id="lake", name="Lake", is_locked=True, asset_id="asset_1", width=800, height=600
            ),
            PaintLayer(
                id="clouds",
                parent="sky",
                opacity=0.8,
                blend=Blend.SCREEN,
                transform=Transform(x=10, y=-5.5, scale_x=0.5, angle=30),
                tiles=(Tile(x=-4, y=8, width=16, height=32, asset_id="asset_2"),),
            ),
            GroupLayer(id="sky", name="Sky"),
            TextLayer(id="title", text="Ember\nValley", weight=700, is_italic=True),
            ShapeLayer(id="box", width=40, height=20, fill="#ff000080", stroke="#00ff00"),
        ),
    )


def stored(**changes: Any) -> str:
    return json.dumps({**json.loads(canvas_format.dump(whole())), **changes})


def layer(**values: Any) -> dict[str, Any]:
    return {"kind": "paint", "id": "a", "name": "Sky", **values}


def test_what_is_written_is_read_again() -> None:
    assert canvas_format.read(canvas_format.dump(whole())) == whole()


def test_unknown_keys_and_blend_modes_are_forgiven() -> None:
    text = stored(rulers=[1], layers=[layer(blend="hue", mood="calm")])
    found = canvas_format.read(text)
    assert found.layers[0].blend is Blend.NORMAL


def test_layers_of_an_unknown_kind_are_counted() -> None:
    found = canvas_format.read(stored(layers=[layer(), {"kind": "hologram", "id": "h"}]))
    assert (len(found.layers), found.left_out) == (1, 1)


def test_a_file_without_a_version_is_the_first() -> None:
    body = json.loads(stored())
    del body["version"]
    assert canvas_format.read(json.dumps(body)) == whole()


def test_another_format_is_told_apart() -> None:
    with pytest.raises(ForeignCanvas, match="another program"):
        canvas_format.read('{"shapes": []}')
    assert not canvas_format.is_ours('{"shapes": []}')
    assert not canvas_format.is_ours("no JSON")
    assert not canvas_format.is_ours(stored(version=99))
    assert canvas_format.is_ours(stored())


def test_a_later_version_is_told_apart() -> None:
    with pytest.raises(LaterCanvas, match="later version"):
        canvas_format.read(stored(version=3))


GROUP = {"kind": "group", "name": "G"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("[]", "not a JSON object"),
        (stored(version="x"), "which version"),
        (stored(version=True), "which version"),
        (stored(width=0), "damaged"),
        (stored(width=16_000, height=16_000), "too large"),
        (stored(layers={}), "not a list"),
        (stored(layers=[layer(id=f"{i}") for i in range(1001)]), "1,001 layers"),
        (stored(layers=[layer(transform={"x": float("nan")})]), "“Sky” is damaged"),
        (stored(layers=[layer(transform={"angle": float("inf")})]), "“Sky” is damaged"),
        (stored(layers=[layer(transform={"scale_x": 0})]), "“Sky” is damaged"),
        (stored(layers=[layer(opacity=2)]), "“Sky” is damaged"),
        (stored(layers=[layer(), layer()]), "same id"),
        (stored(layers=[layer(parent="b")]), "missing"),
        (
            stored(
                layers=[{**GROUP, "id": "a", "parent": "b"}, {**GROUP, "id": "b", "parent": "a"}]
            ),
            "contain each other",
        ),
        (stored(layers=[{**GROUP, "id": "a", "parent": "a"}]), "contain each other"),
    ],
)
def test_damage_is_told_clearly(text: str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        canvas_format.read(text)


def test_a_huge_text_is_refused_before_it_is_parsed() -> None:
    with pytest.raises(BadInput, match=r"50.MB"):
        canvas_format.read(" " * (50 * 2**20))


def test_a_thousand_layers_are_read() -> None:
    assert (
        len(canvas_format.read(stored(layers=[layer(id=f"{i}") for i in range(1000)])).layers)
        == 1000
    )


def test_uploaded_blobs_become_assets() -> None:
    tile = Tile(width=4, height=4, blob="b1")
    picture = PictureLayer(id="p", blob="b2", width=4, height=4)
    document = Document(width=8, height=8, layers=(PaintLayer(id="a", tiles=(tile,)), picture))
    assert document.blobs() == {"b1", "b2"}
    sent = document.with_assets({"b1": "asset_1", "b2": "asset_2"})
    assert (sent.blobs(), sent.asset_ids()) == (frozenset(), {"asset_1", "asset_2"})


def test_a_transform_places_points() -> None:
    turned = Transform(x=100, y=50, scale_x=2, angle=90)
    x, y = turned.place(10, 5)
    assert (round(x, 6), round(y, 6)) == (95.0, 70.0)


def test_pixels_are_named_by_their_bytes() -> None:
    assert blob_key(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def masked() -> Document:
    mask = Mask(
        id="m", is_enabled=False, shows_rest=False,
        tiles=(Tile(x=1, y=2, width=3, height=4, asset_id="asset_3"),),
    )  # fmt: skip
    first, *rest = whole().layers
    return whole().model_copy(update={"layers": (first.model_copy(update={"mask": mask}), *rest)})


def test_masks_are_read_again_and_make_it_version_2() -> None:
    text = canvas_format.dump(masked())
    assert json.loads(text)["version"] == 2
    assert canvas_format.read(text) == masked()
    assert "asset_3" in masked().asset_ids()


def test_a_canvas_without_masks_can_be_read_by_the_first_version() -> None:
    body = json.loads(canvas_format.dump(whole()))
    assert body["version"] == 1
    assert all("mask" not in layer for layer in body["layers"])


def test_the_first_version_knew_no_masks() -> None:
    text = stored(layers=[layer(mask={"id": 7, "strange": True})])
    assert canvas_format.read(text).layers[0].mask is None


@pytest.mark.parametrize(
    "layers",
    [
        [layer(mask={"id": "m"}), layer(id="b", mask={"id": "m"})],
        [layer(mask={"id": "b"}), layer(id="b")],
    ],
    ids=["two masks", "a mask and a layer"],
)
def test_a_mask_has_an_id_of_its_own(layers: list[dict[str, Any]]) -> None:
    with pytest.raises(BadInput, match="same id"):
        canvas_format.read(stored(version=2, layers=layers))


def test_uploaded_pixels_of_a_mask_become_assets() -> None:
    tile = Tile(x=0, y=0, width=4, height=4, blob="aa")
    document = masked().with_tiles({"m": (tile,), "clouds": (tile,)})
    assert document.blobs() == {"aa"}
    sent = document.with_assets({"aa": "asset_9"})
    assert {tiles[0].asset_id for _, tiles in sent.painted()} == {"asset_9"}
    assert sent.blobs() == frozenset()


def test_a_lock_holds_for_all_that_is_in_a_group() -> None:
    document = whole()
    clouds, sky = document.layer("clouds"), document.layer("sky")
    assert clouds is not None
    assert sky is not None
    assert not document.is_locked(clouds)
    locked = tuple(
        one.model_copy(update={"is_locked": True}) if one is sky else one for one in document.layers
    )
    assert document.model_copy(update={"layers": locked}).is_locked(clouds)
