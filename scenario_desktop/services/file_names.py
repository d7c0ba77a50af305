"""File names from names that came from outside, good on Linux, Windows and macOS alike.

One function decides, so that no remote text ever becomes a path by another road.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

#: Bytes in UTF-8. Below the 255 of most file systems, so that " (99)" and ".part" still fit.
MAX_NAME_BYTES = 200

_FORBIDDEN = str.maketrans(dict.fromkeys('<>:"/\\|?*', "-"))
_RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "conin$", "conout$"}
    | {f"{port}{digit}" for port in ("com", "lpt") for digit in "0123456789¹²³"}
)
# Writing-direction controls can make "gpj.exe" read as "exe.jpg"; joiners stay, emoji need them.
_DIRECTION_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\ufeff") | {
    chr(code) for code in range(0x2066, 0x206A)
}
_JOINERS = frozenset("\u200d\ufe0f\ufe0e") | {chr(code) for code in range(0x1F3FB, 0x1F400)}

_SUFFIXES = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/tiff": ".tif",
    "image/bmp": ".bmp",
    "image/avif": ".avif",
    "image/svg+xml": ".svg",
    "video/mp4": ".mp4",
    "video/webm": ".webm",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "model/gltf-binary": ".glb",
    "application/json": ".json",
    "application/zip": ".zip",
}
_SAME_SUFFIX = {".jpeg": ".jpg", ".jpe": ".jpg", ".tiff": ".tif"}


def suffix_for(mime_type: str) -> str:
    """Return the file suffix with its dot, or nothing for a type we do not know."""
    return _SUFFIXES.get(mime_type.partition(";")[0].strip().lower(), "")


def safe_file_name(name: str, *, suffix: str = "", fallback: str = "picture") -> str:
    """Return a name for one file: no folder parts, no reserved word, at most 200 bytes.

    Args:
        suffix: what the name must end with, such as ".png"; a suffix of the same kind that the
            name already has is kept, another one stays part of the name.
        fallback: used when nothing of the name is left.
    """
    text = name.encode("utf-8", "replace").decode("utf-8")
    text = unicodedata.normalize("NFC", text)
    text = "".join(
        " " if ch in "\t\r\n\v\f\u2028\u2029" else ch
        for ch in text
        if ch not in _DIRECTION_CONTROLS
        and (unicodedata.category(ch) not in ("Cc", "Cs") or ch in "\t\r\n\v\f")
    )
    text = _trim(" ".join(text.translate(_FORBIDDEN).split()))
    suffix = suffix.translate(_FORBIDDEN)
    stem, own = os.path.splitext(text)  # noqa: PTH122 - a name, not a path
    if suffix and _canonical(own) == _canonical(suffix):
        suffix = own
    elif suffix or len(own) > 12 or " " in own:
        stem = text
    else:
        suffix = own
    stem = _cut(stem, MAX_NAME_BYTES - len(suffix.encode())) or fallback
    if stem.partition(".")[0].rstrip().lower() in _RESERVED:
        stem = f"_{stem}"
    return stem + suffix


def numbered(name: str) -> Iterator[str]:
    """Yield the name itself, then "name (2).png", "name (3).png", … without end."""
    yield name
    stem, suffix = os.path.splitext(name)  # noqa: PTH122 - a name, not a path
    number = 2
    while True:
        yield f"{stem} ({number}){suffix}"
        number += 1


def free_name(folder: Path, name: str, *, taken: frozenset[str] = frozenset()) -> str:
    """Return the first numbered name that nothing in the folder has, whatever its case.

    Args:
        taken: names promised to others already, in lower case ("case folded").

    Raises:
        OSError: the folder cannot be read.
    """
    there = {entry.name.casefold() for entry in os.scandir(folder)} | taken
    return next(n for n in numbered(name) if n.casefold() not in there)


def publish(part: Path, folder: Path, name: str) -> Path:
    """Give a finished file its final name, at once and whole; never over another file.

    Returns:
        The path it got: numbered when somebody else has taken the name.

    Raises:
        OSError: the folder does not take it.
    """
    while True:
        target = folder / free_name(folder, name)
        try:
            _rename_new(part, target)
        except FileExistsError:  # taken between looking and renaming: look again
            continue
        return target


def _rename_new(source: Path, target: Path) -> None:
    """Rename; raise FileExistsError instead of replacing."""
    if sys.platform == "win32":
        source.rename(target)
        return
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: hold the name, then replace our own stump
        with target.open("xb"):
            pass
        source.replace(target)
    else:
        source.unlink()


def _trim(text: str) -> str:
    """Drop what Windows drops silently at the end, and dots that hide a file at its start."""
    return text.strip(" .")


def _canonical(suffix: str) -> str:
    lower = suffix.lower()
    return _SAME_SUFFIX.get(lower, lower)


def _cut(text: str, max_bytes: int) -> str:
    """Shorten to so many bytes without leaving half of a character that people see."""
    if len(text.encode()) <= max_bytes:
        return _trim(text)
    cut = text.encode()[:max_bytes].decode("utf-8", "ignore")
    rest = text[len(cut) :]
    while cut and rest and _continues(rest[0], cut[-1]):
        rest, cut = cut[-1] + rest, cut[:-1]
    return _trim(cut)


def _continues(next_character: str, last: str) -> bool:
    return (
        unicodedata.combining(next_character) != 0
        or next_character in _JOINERS
        or last == "\u200d"
        or (last in _JOINERS and next_character == "\u200d")
    )
