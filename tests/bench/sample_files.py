"""Picture files of any number and size for benchmarks, made from the samples that we ship."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from PIL import Image

from scenario_desktop import paths


def samples() -> list[Path]:
    return sorted(paths.resource("samples").glob("*.jpg"))


def make_files(folder: Path, count: int, side_px: int, *, distinct: int = 0) -> list[Path]:
    """Write JPEG files with a long side of so many pixels.

    Args:
        distinct: only so many have pixels of their own; the others are the same files under other
            names. 0 makes all of them different.
    """
    folder.mkdir(parents=True, exist_ok=True)
    sources = samples()
    made: list[Path] = []
    for number in range(count):
        path = folder / f"picture {number:04d}.jpg"
        if distinct and number >= distinct:
            _repeat(made[number % distinct], path)
        else:
            with Image.open(sources[number % len(sources)]) as sample:
                shift = number // len(sources)
                box = (shift, shift, *sample.size)
                scale = side_px / max(sample.size)
                size = (round(sample.width * scale), round(sample.height * scale))
                sample.convert("RGB").resize(size, box=box).save(path, "JPEG", quality=88)
        made.append(path)
    return made


def _repeat(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copy(source, target)
