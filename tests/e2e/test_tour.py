"""The tour: the whole main job, as a user on a machine without a display would start it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from scenario_desktop.tour import WINDOW
from tests.e2e.desk import ROOT
from tests.e2e.hostile import bad_files, good_files


def tour(out: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k != "QT_QPA_PLATFORM"}
    if sys.platform != "linux":
        environment["QT_QPA_PLATFORM"] = "offscreen"
    environment.pop("DISPLAY", None)
    environment.pop("WAYLAND_DISPLAY", None)
    return subprocess.run(
        [sys.executable, "-m", "scenario_desktop", "tour", "--out", str(out), *arguments],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip


def assert_good(done: subprocess.CompletedProcess[str], out: Path) -> None:
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    report = json.loads((out / "tour.json").read_text(encoding="utf-8"))
    assert report["ok"]
    steps = report["steps"]
    assert all(step["ok"] and step["says"] for step in steps)
    pictures = [name for step in steps for name in step["pictures"]]
    assert pictures
    assert sorted(pictures) == sorted(file.name for file in out.glob("*.png"))
    for name in pictures:
        with Image.open(out / name) as picture:
            picture.load()
            ratio = picture.width / WINDOW[0]
            assert picture.size == (WINDOW[0] * ratio, WINDOW[1] * ratio), name
            assert len(picture.convert("L").getcolors() or [0] * 99) > 8, name  # not one blank


@pytest.mark.timeout(300)
def test_every_step_does_what_it_says(tmp_path: Path) -> None:
    assert_good(tour(tmp_path), tmp_path)


@pytest.mark.timeout(300)
def test_it_works_with_pictures_of_the_user(tmp_path: Path) -> None:
    """Also where most of the files of a folder cannot come in."""
    folder, out = tmp_path / "mine", tmp_path / "out"
    folder.mkdir()
    good_files(folder)
    bad_files(folder)
    assert_good(tour(out, "--images", str(folder)), out)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = tour(tmp_path / "out", "--images", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "is not a folder" in done.stderr
