"""Names of the files in an archive, made from a template such as ``<prompt>/<id>``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from scenario_desktop.engine.failures import Invalid

TOKENS = ("seed", "num", "prompt", "generator", "id", "description")

_MAX_NAME = 128
_MAX_FOLDER = 64
#: What file systems bound: bytes of one name, less some for "(2)".
_MAX_BYTES = 240
_MAX_WORDS = 8
_TOKEN = re.compile(r"<([a-z]+)>")
_PARTS = re.compile(r"([^<]*)<([a-z]+)>|(.+?)(?=$|<)", re.DOTALL)
_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?$", re.IGNORECASE)
_FUNCTION_WORDS = {
    "a", "an", "and", "are", "as", "at", "be", "by", "for", "from", "in", "into", "is", "it", "its",
    "of", "on", "or", "over", "that", "the", "their", "to", "under", "was", "were", "with",
    "without",
}  # fmt: skip


def check_template(template: str) -> None:
    """Refuse a template that says nothing or knows other tokens.

    Raises:
        Invalid: it does.
    """
    unknown = [name for name in _TOKEN.findall(template) if name not in TOKENS]
    if unknown or not template.strip("/. "):
        problem = f"<{unknown[0]}> is not known" if unknown else "is empty"
        raise Invalid(f"The name template {problem}.", {"options.fileNameTemplate": problem})


def archive_name(template: str, values: Mapping[str, str], extension: str, *, is_flat: bool) -> str:
    """Return a safe relative path with ``/`` between folders.

    A token without a value, or one that was used before, falls away with what stands before it.
    Prompt and description are cut first when a name is too long.

    Args:
        values: what each token stands for.
        is_flat: puts ``-`` where the template makes a folder.
    """
    room = _MAX_NAME - len(extension) - 1
    text = template.strip("/")
    segments = [text.replace("/", "-")] if is_flat else [part for part in text.split("/") if part]
    seen: set[str] = set()
    names: list[str] = []
    for index, segment in enumerate(segments):
        limit = room if index == len(segments) - 1 else _MAX_FOLDER
        name = _filled(segment, values, seen, limit)
        if name or index == len(segments) - 1:
            names.append(safe_segment(name or values["id"], limit))
    return "/".join(names) + f".{extension}"


def unique_names(names: Iterable[str]) -> list[str]:
    """Number those that occur more than once, whatever their case: ``cat (2).png``."""
    used: set[str] = set()
    result: list[str] = []
    for name in names:
        stem, _, extension = name.rpartition(".")
        candidate, number = name, 2
        while candidate.casefold() in used:
            candidate, number = f"{stem} ({number}).{extension}", number + 1
        used.add(candidate.casefold())
        result.append(candidate)
    return result


def safe_segment(text: str, limit: int = _MAX_NAME) -> str:
    """Return a name that every system takes: no separators, control or direction signs, not
    reserved, no dot or blank at its ends, at most ``limit`` characters and 240 bytes."""
    name = _UNSAFE.sub("_", text)[:limit]
    name = name.encode("utf-8", "replace")[:_MAX_BYTES].decode("utf-8", "ignore").strip(". ")
    if not name or _RESERVED.match(name):
        name = f"_{name}"
    return name


def slug(text: str) -> str:
    """Return the first words that carry meaning, in small letters: ``cat_dancing``."""
    words = [word for word in re.findall(r"\w+", text.lower()) if word not in _FUNCTION_WORDS]
    return "_".join(words[:_MAX_WORDS])


def _filled(segment: str, values: Mapping[str, str], seen: set[str], limit: int) -> str:
    long_tokens = {"prompt", "description"}
    fixed = sum(
        len(values[name]) for name in set(_TOKEN.findall(segment)) - long_tokens if name not in seen
    ) + len(_TOKEN.sub("", segment))
    left = max(8, limit - fixed)
    name = ""
    for match in _PARTS.finditer(segment):
        separator, token, rest = match.groups()
        if token is None:
            name += rest
            continue
        value = "" if token in seen else values[token]
        seen.add(token)
        if token in long_tokens:
            value = value[:left].rstrip("_")
            left = max(0, left - len(value))
        if value:
            name += separator + value
    return name.strip("-_ ")
