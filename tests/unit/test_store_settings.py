"""Settings: saved late, whole and private; wrong values cost only themselves."""

from __future__ import annotations

import json
import os
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import ValidationError

from scenario_desktop.errors import NewerFile, StoreFailed
from scenario_desktop.store.settings import (
    Settings,
    SettingsStore,
    Spending,
    SpendingMode,
    WorkspaceRecord,
)
from tests.support import until


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


async def test_changes_are_saved_soon(path: Path) -> None:
    store = SettingsStore(path, delay_s=0.01)
    store.update(theme="dark")
    store.update(text_scale=1.5)
    await until(path.exists)
    again = SettingsStore(path).settings
    assert (again.theme, again.text_scale) == ("dark", 1.5)
    await store.aclose()


async def test_closing_saves_at_once(path: Path) -> None:
    store = SettingsStore(path, delay_s=1000)
    record = WorkspaceRecord(id="w1", name="Studio", base_url="https://api.example/v1")
    spending = Spending(mode=SpendingMode.NEVER, ask_above=Decimal("2.5"))
    store.update(workspaces=(record,), spending=spending, drafts={"detect": {"x": [1]}})
    await store.aclose()
    again = SettingsStore(path).settings
    assert again.workspaces == (record,)
    assert again.spending == spending
    assert again.drafts == {"detect": {"x": [1]}}


async def test_a_wrong_value_changes_nothing(path: Path) -> None:
    store = SettingsStore(path)
    with pytest.raises(ValidationError):
        store.update(text_scale=9)
    with pytest.raises(TypeError):
        store.update(no_such_thing=1)
    assert store.settings == Settings()
    await store.aclose()
    assert not path.exists()


async def test_changes_are_told(path: Path) -> None:
    store = SettingsStore(path, delay_s=1000)
    told: list[Settings] = []
    store.changed = told.append
    store.update(theme="light")
    store.update(theme="light")
    assert [settings.theme for settings in told] == ["light"]
    await store.aclose()


def test_a_bad_key_falls_back_alone(path: Path) -> None:
    content = {
        "version": 1, "theme": "plaid", "text_scale": 1.25,
        "gallery": {"cell_px": "huge", "sort": "name"},
        "workspaces": [{"id": "../../etc"}, {"id": "good"}],
    }  # fmt: skip
    path.write_text(json.dumps(content))
    store = SettingsStore(path)
    settings = store.settings
    assert (settings.theme, settings.text_scale) == ("system", 1.25)
    assert (settings.gallery.cell_px, settings.gallery.sort) == (120, "name")
    assert [record.id for record in settings.workspaces] == ["good"]
    assert store.notice is not None
    assert json.loads((path.parent / "settings.json.bad").read_text()) == content


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_an_unreadable_file_is_kept_as_a_copy(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    store = SettingsStore(path)
    assert store.settings == Settings()
    assert store.notice is not None
    assert (path.parent / "settings.json.bad").read_bytes() == content


async def test_unknown_keys_survive(path: Path) -> None:
    path.write_text(json.dumps({"version": 1, "later": {"a": 1}, "gallery": {"colour": "red"}}))
    store = SettingsStore(path)
    store.update(theme="dark")
    await store.aclose()
    content = json.loads(path.read_text())
    assert content["later"] == {"a": 1}
    assert content["gallery"]["colour"] == "red"
    assert store.notice is None


def test_a_newer_file_is_refused(path: Path) -> None:
    path.write_text('{"version": 99}')
    with pytest.raises(NewerFile):
        SettingsStore(path)
    assert path.read_text() == '{"version": 99}'


async def test_a_failed_save_keeps_the_old_file_and_tries_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = SettingsStore(path, delay_s=0)
    store.update(theme="dark")
    await until(path.exists)
    failures: list[StoreFailed] = []
    store.failed = failures.append

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        store.update(theme="light")
        await until(lambda: failures)
    assert SettingsStore(path).settings.theme == "dark"
    assert sorted(os.listdir(path.parent)) == ["settings.json"]
    await store.aclose()
    assert SettingsStore(path).settings.theme == "light"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps permissions elsewhere")
async def test_only_the_owner_can_read_it(path: Path) -> None:
    store = SettingsStore(path)
    store.update(theme="dark")
    await store.aclose()
    assert path.stat().st_mode & 0o777 == 0o600
