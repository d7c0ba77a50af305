"""Fill an engine's data folder with many assets that share one picture.

    python -m tests.bench.seed_engine --data DIR --count 100000 [--image FILE]

No engine may work in the folder meanwhile. 100,000 assets take some ten seconds. Creation times
go back one second per asset from now; every third has tags, every tenth is a control map of an
earlier one, every fifth has a prompt.
"""

from __future__ import annotations

import argparse
import io
import json
import secrets
import sqlite3
import sys
import time
from pathlib import Path
from typing import Any

from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.context import MIGRATIONS
from scenario_desktop.engine.files import ContentFolder
from scenario_desktop.engine.folders import make_folders
from scenario_desktop.engine.keys import FILE_NAME, Keys, load_or_create
from scenario_desktop.engine.times import now_ms

_WORDS = ("harbour", "fox", "castle", "neon", "forest", "robot", "teapot", "dune", "owl", "street")
_TAGS = ("character", "prop", "environment", "sketch", "final")


def seed(data: Path, count: int, image: bytes | None = None) -> Keys:
    """Make or extend a data folder by ``count`` assets and return its keys."""
    from scenario_desktop.imaging.tasks import examine

    config = EngineConfig(data=data)
    make_folders(config)
    keys = load_or_create(data / FILE_NAME)
    image = image if image is not None else sample_image()
    examined = examine(image)
    file_id = ContentFolder(config.contents, config.staging).put(image)
    thumbnail_id = ContentFolder(config.thumbnails, config.staging).put(examined.thumbnail.data)
    template = {
        "kind": "image", "status": "success", "mime_type": examined.info.mime_type,
        "privacy": "private", "author_id": keys.user_id, "file_id": file_id,
        "thumbnail_id": thumbnail_id, "size_bytes": len(image), "width": examined.info.width,
        "height": examined.info.height, "aspect_ratio": "4:3",
    }  # fmt: skip
    connection = sqlite3.connect(config.database, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        for number, script in enumerate(MIGRATIONS[version:], version + 1):
            connection.executescript(
                f"BEGIN IMMEDIATE;\n{script};\nPRAGMA user_version = {number};\nCOMMIT;"
            )
        connection.execute("BEGIN IMMEDIATE")
        insert_assets(connection, template, count)
        connection.execute("COMMIT")
    finally:
        connection.close()
    return keys


def insert_assets(connection: sqlite3.Connection, template: dict[str, Any], count: int) -> None:
    """Insert ``count`` rows that differ in id, name, type, time, prompt and tags."""
    first = 1 + int(connection.execute("SELECT ifnull(max(key), 0) FROM assets").fetchone()[0])
    start_ms = now_ms() - count * 1000
    ids = [f"asset_{secrets.token_hex(11)}" for _ in range(count)]
    names = [*template, "key", "id", "name", "type", "source", "parent_id", "root_id"]
    names += ["metadata", "created_at", "updated_at"]
    fixed = tuple(template.values())

    def row(index: int) -> tuple[Any, ...]:
        key, at = first + index, start_ms + index * 1000
        is_map = index % 10 == 9
        kind = "detection" if is_map else "uploaded"
        parent = ids[index - 1] if is_map else None
        metadata: dict[str, Any] = {"modality": "canny"} if is_map else {}
        if index % 5 == 0:
            metadata["prompt"] = f"a {_WORDS[index % 7]} near the {_WORDS[index % 10]}"
        name = f"{_WORDS[index % 10]} {index:06d}.png"
        return (*fixed, key, ids[index], name, kind, kind, parent, parent, json.dumps(metadata),
                at, at)  # fmt: skip

    places = ", ".join("?" for _ in names)
    connection.executemany(
        f"INSERT INTO assets ({', '.join(names)}) VALUES ({places})",
        (row(index) for index in range(count)),
    )
    at = now_ms()
    connection.executemany(
        "INSERT OR IGNORE INTO tags VALUES (?, ?, ?)", [(t, at, at) for t in _TAGS]
    )
    connection.executemany(
        "INSERT INTO asset_tags (asset_key, tag) VALUES (?, ?)",
        (
            (first + index, _TAGS[(index + extra) % len(_TAGS)])
            for index in range(0, count, 3)
            for extra in range(2)
        ),
    )
    connection.execute(
        "INSERT INTO assets_text (rowid, name, tags, description, prompt) "
        "SELECT key, name, (SELECT group_concat(tag, ' ; ') FROM asset_tags WHERE asset_key = key),"
        " description, json_extract(metadata, '$.prompt') FROM assets WHERE key >= ?",
        (first,),
    )


def sample_image() -> bytes:
    """Return a small PNG with some structure in it."""
    from PIL import Image

    target = io.BytesIO()
    Image.linear_gradient("L").resize((400, 300)).convert("RGB").save(target, "PNG")
    return target.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--image", type=Path)
    options = parser.parse_args()
    begin = time.perf_counter()
    seed(options.data, options.count, options.image.read_bytes() if options.image else None)
    seconds = time.perf_counter() - begin
    sys.stdout.write(f"{options.count} assets in {seconds:.1f} s\n")


if __name__ == "__main__":
    main()
