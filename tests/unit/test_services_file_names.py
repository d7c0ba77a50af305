"""Names from outside become names of files."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenario_desktop.services.file_names import (
    MAX_NAME_BYTES,
    free_name,
    numbered,
    publish,
    safe_file_name,
    suffix_for,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "-..-etc-passwd.png"),
        ("C:\\boot", "C--boot.png"),
        ("\\\\host\\share", "--host-share.png"),
        ("NUL", "_NUL.png"),
        ("com1.tar", "_com1.tar.png"),
        ("a.", "a.png"),
        ("a ", "a.png"),
        ("x:y", "x-y.png"),
        ("two\nlines\tand tabs", "two lines and tabs.png"),
        ("photo\u202egpj.exe", "photogpj.exe.png"),
        ("lone \ud800 half", "lone - half.png"),
        ("", "picture.png"),
        ("...", "picture.png"),
        ("Rocket.PNG", "Rocket.PNG"),
        ("zero\0byte", "zerobyte.png"),
        ("family 👨‍👩‍👧", "family 👨‍👩‍👧.png"),
    ],
)
def test_hostile_names_become_plain_ones(name: str, expected: str) -> None:
    assert safe_file_name(name, suffix=".png") == expected


def test_a_jpeg_keeps_its_own_spelling() -> None:
    assert safe_file_name("a.jpeg", suffix=".jpg") == "a.jpeg"


def test_without_a_wanted_suffix_the_own_one_stays() -> None:
    assert safe_file_name("scene.glb") == "scene.glb"


def test_a_long_name_is_cut_before_its_suffix_and_between_characters() -> None:
    family = "👨‍👩‍👧"
    name = safe_file_name(family * 40, suffix=".png")
    assert name.endswith(".png")
    assert name.removesuffix(".png").replace(family, "") == ""
    assert len(name.encode()) <= MAX_NAME_BYTES


@given(name=st.text(max_size=400), suffix=st.sampled_from(["", ".png", ".jpg"]))
def test_every_name_is_safe_on_all_three_systems(name: str, suffix: str) -> None:
    safe = safe_file_name(name, suffix=suffix)
    inside = (Path("/folder") / safe).resolve()
    assert inside.parent == Path("/folder")
    assert len(safe.encode()) <= MAX_NAME_BYTES + 8
    assert not set(safe) & set('<>:"/\\|?*')
    assert all(ord(ch) >= 32 and ord(ch) != 127 for ch in safe)
    assert safe == safe.strip()
    assert not safe.endswith(".")
    assert safe.partition(".")[0].strip().lower() not in {"con", "nul", "aux", "prn", "com1"}
    assert safe.lower().endswith(suffix) or safe.lower().endswith((".jpeg", ".jpe"))


def test_numbers_start_at_two() -> None:
    names = numbered("a.png")
    assert [next(names) for _ in range(3)] == ["a.png", "a (2).png", "a (3).png"]


def test_names_that_differ_in_case_only_count_as_taken(tmp_path: Path) -> None:
    (tmp_path / "Rocket.png").touch()
    assert free_name(tmp_path, "rocket.png") == "rocket (2).png"


def test_publishing_never_replaces_a_file(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"old")
    part = tmp_path / "x.part"
    part.write_bytes(b"new")
    assert publish(part, tmp_path, "a.png") == tmp_path / "a (2).png"
    assert (tmp_path / "a.png").read_bytes() == b"old"
    assert not part.exists()


def test_publishing_works_without_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(source: Path, target: Path) -> None:
        raise PermissionError

    monkeypatch.setattr("os.link", refuse)
    part = tmp_path / "x.part"
    part.write_bytes(b"new")
    assert publish(part, tmp_path, "a.png").read_bytes() == b"new"


def test_suffixes_follow_the_type() -> None:
    assert suffix_for("image/JPEG; charset=x") == ".jpg"
    assert suffix_for("application/unknown") == ""
