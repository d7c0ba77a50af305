"""The start script, the locks and the documents say the same as the code."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-build.lock")


def _pins(lock: str) -> dict[str, str]:
    text = (ROOT / "packaging" / lock).read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", text, re.MULTILINE))


def test_the_start_script_needs_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "packaging/start.py").read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {n.module or "" for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_version_has_a_hash(lock: str) -> None:
    text = (ROOT / "packaging" / lock).read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9-]+==)", text, flags=re.MULTILINE)[1:]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[><=]", name)[0].lower() for name in project["dependencies"]}
    assert wanted <= set(_pins("requirements.lock"))


def test_both_locks_agree() -> None:
    assert _pins("requirements.lock").items() <= _pins("requirements-dev.lock").items()


def test_pyside_stays_below_the_release_that_aborts() -> None:
    version = _pins("requirements.lock")["pyside6-essentials"]
    assert tuple(int(part) for part in version.split(".")[:2]) < (6, 12)


def test_the_readme_names_every_folder_of_the_package() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    folders = [
        p.name for p in (ROOT / "scenario_desktop").iterdir() if (p / "__init__.py").exists()
    ]
    assert [name for name in folders if f"{name}/" not in readme] == []


def test_the_top_level_keeps_its_fixed_layout() -> None:
    known = {
        "LICENSE", "README.md", "packaging", "pyproject.toml", "resources", "scenario_desktop",
        "tests",
    }  # fmt: skip
    generated = {"scenario_desktop.egg-info", "tour", "build", "dist"}
    found = {p.name for p in ROOT.iterdir() if not p.name.startswith(".")}
    assert found - generated <= known
