"""What is put in order when an engine starts: orphaned files, the trash, old exports."""

from __future__ import annotations

import os
from pathlib import Path

from scenario_desktop.engine.folders import EXPORT_LIFETIME_S
from tests.contract.engine_support import Local, local_engine, picture
from tests.support import until


def make_old(path: Path, seconds: float = 3600.0) -> None:
    at = path.stat().st_mtime - seconds
    os.utime(path, (at, at))


async def test_files_nobody_names_are_removed_and_others_kept(tmp_path: Path) -> None:
    async with local_engine(tmp_path) as local:
        asset = await local.upload()
        kept = await local.engine.assets.original_path(asset["id"])
        orphan = local.engine.contents.path(local.engine.contents.put(picture()))
        staged = local.engine.assets.new_staged()
        staged.write_bytes(b"half")
        make_old(kept)
        make_old(orphan)
    async with local_engine(tmp_path) as local:
        await until(lambda: not orphan.exists())
        assert kept.exists()
        assert not staged.exists()
        assert (await local.http.get(asset["thumbnail"]["url"])).status_code == 200


async def test_the_trash_is_emptied_of_what_cannot_come_back(tmp_path: Path) -> None:
    async with local_engine(tmp_path) as local:
        old, new = await local.upload(), await local.upload()
        file = await local.engine.assets.original_path(old["id"])
        make_old(file)
        await local.ok("DELETE", "/assets", json={"assetIds": [old["id"], new["id"]]})
        await local.engine.database.run(
            lambda c: c.execute("UPDATE assets SET deleted_at = 1 WHERE id = ?", (old["id"],))
        )
    async with local_engine(tmp_path) as local:
        await until(lambda: not file.exists())
        ids = [old["id"], new["id"]]
        answer = await local.ok("POST", "/assets/restore", json={"assetIds": ids})
        assert answer["restoredAssetIds"] == [new["id"]]
        assert answer["skippedAssets"][0]["reason"] == "not-found"


async def test_exports_are_kept_for_a_day(tmp_path: Path) -> None:
    async def convert(local: Local, wanted: str) -> str:
        path = f"/assets/{asset['id']}/download"
        answer = await local.ok("POST", path, json={"targetFormat": wanted})
        url: str = answer["url"]
        return url

    async with local_engine(tmp_path) as local:
        asset = await local.upload()
        urls = [await convert(local, wanted) for wanted in ("webp", "gif")]
        for file in local.engine.config.exports.glob("*.gif"):
            make_old(file, EXPORT_LIFETIME_S + 1)
    async with local_engine(tmp_path) as local:
        assert [(await local.http.get(url)).status_code for url in urls] == [200, 404]
        assert (await local.http.get(await convert(local, "gif"))).status_code == 200
