"""The catalogue against a plain list, through long random histories of changes."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.models.assets import Asset
from scenario_desktop.errors import StoreFailed
from scenario_desktop.items import ItemQuery, Section, SortField
from scenario_desktop.store import catalogue_index
from scenario_desktop.store.catalogue import Catalogue
from scenario_desktop.store.text import name_key

START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ["dragon", "castle", "Äpfel", "map 2", "map 10", "dragonfly", "sea"]
TAGS = ["red", "green", "blue", "Grün"]


@dataclass
class Model:
    """What the catalogue should hold, by the simplest means."""

    assets: dict[str, Asset] = field(default_factory=dict)
    keys: dict[str, int] = field(default_factory=dict)
    favourites: set[str] = field(default_factory=set)

    def shown(self) -> list[Asset]:
        return [a for a in self.assets.values() if a.deleted_at is None and not a.is_hidden]

    def order(self, assets: list[Asset], by_name: bool = False) -> list[int]:
        def rank(asset: Asset) -> Any:
            key = self.keys[asset.id]
            return (name_key(asset.name), key) if by_name else (asset.created_at, key)

        return [self.keys[a.id] for a in sorted(assets, key=rank, reverse=True)]


def _asset(chance: random.Random, number: int, version: int) -> Asset:
    words = " ".join(chance.choices(WORDS, k=2))
    return Asset.model_validate({
        "id": f"a{number}",
        "kind": chance.choice(["image", "video"]),
        "status": "success",
        "createdAt": START + timedelta(seconds=number * 7 % 40),
        "updatedAt": START + timedelta(hours=version),
        "tags": chance.sample(TAGS, chance.randrange(3)),
        "collectionIds": chance.sample(["c1", "c2"], chance.randrange(2)),
        "isHidden": chance.random() < 0.05,
        "metadata": {
            "name": words,
            "type": chance.choice(["uploaded", "detection", "txt2img", "canvas"]),
            "parentId": f"a{chance.randrange(10)}",
        },
    })  # fmt: skip


async def _step(chance: random.Random, catalogue: Catalogue, model: Model, version: int) -> None:
    some = chance.sample(sorted(model.assets), min(len(model.assets), 3))
    match chance.randrange(8):
        case 0 | 1 | 2:
            page = [_asset(chance, chance.randrange(60), version) for _ in range(5)]
            await catalogue.upsert_assets(page)
            model.assets |= {asset.id: asset for asset in page}
        case 3:
            await catalogue.apply_tags(some, add=["red", "new"], remove=["blue"])
            for i in some:
                tags = [t for t in model.assets[i].tags if t != "blue"]
                tags += [t for t in ("red", "new") if t not in tags]
                model.assets[i] = model.assets[i].model_copy(update={"tags": tuple(tags)})
        case 4:
            at = chance.choice([START, None])
            await catalogue.mark_deleted(some, at)
            for i in some:
                model.assets[i] = model.assets[i].model_copy(update={"deleted_at": at})
        case 5:
            await catalogue.purge(some[:1])
            for i in some[:1]:
                del model.assets[i]
        case 6:
            value = chance.random() < 0.6
            await catalogue.set_favourite((await catalogue.keys_by_ids(some)).values(), value)
            model.favourites = model.favourites | set(some) if value else (
                model.favourites - set(some)
            )  # fmt: skip
        case 7:
            with pytest.raises(StoreFailed):
                await catalogue._database.run(lambda c: c.execute("NOT SQL").close())
    model.keys = await catalogue.keys_by_ids(model.assets)


async def _compare(catalogue: Catalogue, model: Model) -> None:
    async def keys(**query: Any) -> list[int]:
        return list(await catalogue.ordered_keys(ItemQuery(**query)))

    shown = model.shown()
    counts = await catalogue.counts()
    assert {t.name: t.count for t in counts.tags} == Counter(t for a in shown for t in a.tags)
    favourites = [a for a in shown if a.id in model.favourites]
    trash = [a for a in model.assets.values() if a.deleted_at is not None]
    maps = [a for a in shown if a.type == "detection"]
    for section, expected in [
        (Section.ALL, shown), (Section.FAVOURITES, favourites), (Section.TRASH, trash),
        (Section.CONTROL_MAPS, maps),
    ]:  # fmt: skip
        assert await keys(section=section) == model.order(expected), section
        assert counts.sections[section] == len(expected), section
    assert await keys(sort=SortField.NAME) == model.order(shown, by_name=True)
    for tag in ("red", "Grün", "new"):
        assert await keys(tags=(tag,)) == model.order([a for a in shown if tag in a.tags])
    inside = [a for a in shown if "c1" in a.collection_ids and a.kind == "image"]
    assert await keys(collection_id="c1", kinds=("image",)) == model.order(inside)
    found = [a for a in shown if "dragon" in a.name]
    assert await keys(text="drag") == model.order(found)
    rest = [a for a in found if "red" not in a.tags]
    assert await keys(text="drag", without_tags=("red",)) == model.order(rest)


@pytest.mark.parametrize("seed", range(6))
async def test_any_history_ends_where_a_plain_list_does(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogue_index, "_MOST_WAITING", [1, 10, 1000][seed % 3])
    chance = random.Random(seed)
    catalogue, model = Catalogue(tmp_path / "w.sqlite"), Model()
    await catalogue.open()
    for version in range(60):
        await _step(chance, catalogue, model, version)
        if version % 10 == 9:
            await _compare(catalogue, model)
        if version % 25 == 24:  # close, or end as if killed
            await (catalogue._database if chance.random() < 0.5 else catalogue).aclose()
            catalogue = Catalogue(tmp_path / "w.sqlite")
            await catalogue.open()
            model.keys = await catalogue.keys_by_ids(model.assets)
    await _compare(catalogue, model)
    await catalogue.aclose()
