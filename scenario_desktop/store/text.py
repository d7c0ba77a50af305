"""Texts as the store needs them: safe to bind, comparable, searchable."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_DIGITS: Final = re.compile(r"\d+")
#: Scripts written without spaces: each of their characters is searched as a word of its own.
_UNSPACED: Final = re.compile(
    "([\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003134f])"
)
_NAME_KEY_LENGTH: Final = 64
_SEARCHED_LENGTH: Final = 4_000


def cleaned(text: str) -> str:
    """Return a text that SQLite keeps whole: without NUL and without half surrogate pairs."""
    if "\0" in text:
        text = text.replace("\0", "")
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode("utf-8")
    return text


def folded(text: str) -> str:
    """Return a text without case and accents, for comparing."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", cleaned(text))
    return "".join(c for c in plain if not unicodedata.combining(c)).casefold()


def name_key(name: str) -> str:
    """Return what names are ordered by: without case and accents, "map 2" before "map 10"."""
    key = folded(name[:_NAME_KEY_LENGTH])
    return _DIGITS.sub(_padded, key)


def _padded(match: re.Match[str]) -> str:
    return match[0].zfill(8)


def searchable(text: str) -> str:
    """Return a text as it goes into the word index."""
    text = text[:_SEARCHED_LENGTH]
    if text.isascii():
        return text
    return _UNSPACED.sub(r" \1 ", folded(text))


def search_words(text: str) -> list[str]:
    """Return the words of a search as they stand in the word index."""
    return _WORD.findall(searchable(text).lower())
