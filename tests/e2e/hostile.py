"""Files and names that have done harm to other programs."""

from __future__ import annotations

import io
import os
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

RED, GREEN, BLUE = (220, 30, 30), (30, 200, 30), (30, 30, 220)

#: Names as a server or another computer may send them; file systems do not take all of them.
NAMES = {
    "html": "<b>bold</b><img src='file:///etc/passwd'><h1>FAILED</h1>",
    "qt": "<qt>gone</qt>",
    "link": "<a href='https://evil.example/'>Update now</a>",
    "rtl": "שלום עולם صورة",
    "override": "photo\u202egpj.exe",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈🚀",
    "path": "../../../etc/passwd",
    "windows": "C:\\Windows\\system32\\con",
    "ampersand": "R&D & %1 {} [*]",
    "lines": "first\nsecond\tthird",
    "long": "n" * 300,
    "quotes": "\"'%_\\';--",
}


def halves(size: tuple[int, int] = (80, 60), left: Any = RED, right: Any = BLUE) -> Image.Image:
    """Return a picture whose left half has another colour than its right one."""
    picture = Image.new("RGB", size, right)
    picture.paste(left, (0, 0, size[0] // 2, size[1]))
    return picture


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    target = io.BytesIO()
    picture.save(target, kind, **options)
    return target.getvalue()


def noise(seed: int, size: tuple[int, int] = (64, 64)) -> Image.Image:
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(pixels)


def bomb() -> bytes:
    """Return a few hundred bytes of PNG that say 60,000 times 60,000 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + check

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(bytes(9000))), chunk(b"IEND", b""))
    )


def good_files(folder: Path) -> dict[str, tuple[int, int]]:
    """Write unusual pictures that are sound.

    Returns:
        Their names without suffix, and the pixels each has once it stands upright. In all of them
        the left half is red and the right half blue, but for the gray one.
    """
    turned = Image.Exif()
    turned[0x0112] = 6  # stored lying on its side; shown turned by a quarter
    side = halves().transpose(Image.Transpose.ROTATE_90)
    gray = Image.fromarray(np.full((60, 80), 117 * 257, dtype=np.uint16))
    frames = [halves(), halves(left=GREEN), halves(right=GREEN)]
    gif = io.BytesIO()
    frames[0].save(gif, "GIF", save_all=True, append_images=frames[1:], duration=40, loop=0)
    files = {
        "animated.gif": gif.getvalue(),
        "cmyk.jpg": encoded(halves((82, 60)).convert("CMYK"), "JPEG", quality=95),
        "deep-gray.png": encoded(gray),
        "mislabelled.png": encoded(halves((84, 60)), "JPEG", quality=95),
        "turned.jpg": encoded(side, "JPEG", quality=95, exif=turned),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return {
        "animated": (80, 60), "cmyk": (82, 60), "deep-gray": (80, 60), "mislabelled": (84, 60),
        "turned": (80, 60),
    }  # fmt: skip


def bad_files(folder: Path) -> dict[str, str]:
    """Write files that cannot come in.

    Returns:
        For each name a part of the reason that the user must be told.
    """
    png, jpeg = encoded(noise(1)), encoded(noise(2), "JPEG")
    files: dict[str, tuple[bytes, str]] = {
        "bomb.png": (bomb(), "too large to open"),
        "cut.png": (png[: len(png) // 2], "cut off"),
        "cut.jpg": (jpeg[: len(jpeg) // 2], "cut off"),
        "empty.png": (b"", "empty"),
        "page.jpg": (b"<!doctype html><html><b>Sign in</b></html>", "not a picture"),
        "drawing.png": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        "script.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not a picture"),
        "archive.gif": (b"PK\x03\x04" + bytes(99), "not a picture"),
        "<h1>FAILED<br>.png": (b"", "empty"),
        "photo\u202egpj.exe": (b"MZ" + bytes(99), "not a picture"),
        "🚀" * 60 + ".png": (b"", "empty"),
    }
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    reasons = {name: reason for name, (_, reason) in files.items()}
    if os.name != "nt":
        (folder / "dangling.png").symlink_to(folder / "nowhere")
        os.mkfifo(folder / "pipe.png")
        (folder / "circle.png").symlink_to(folder / "circle.png")
        reasons |= {"dangling.png": "no longer there", "pipe.png": "device", "circle.png": "read"}
    return reasons
