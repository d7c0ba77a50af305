"""Connecting, editing, opening and removing accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget

from scenario_desktop.api.models.accounts import Project, ProjectPage, Team
from scenario_desktop.api.models.assets import AssetPage
from scenario_desktop.api.models.sartiq.answers import GenerationsPublic
from scenario_desktop.errors import AppError, Offline, Unauthorised
from scenario_desktop.services import credentials as credentials_module
from scenario_desktop.services.credentials import Credentials, Secret
from scenario_desktop.services.workspaces import WorkspaceRecord, Workspaces, new_record
from scenario_desktop.store.settings import SettingsStore
from scenario_desktop.ui.dialogs import Dialog
from scenario_desktop.ui.panels.workspaces.connect_view import ConnectDialog
from scenario_desktop.ui.panels.workspaces.controller import (
    WorkspacePorts,
    WorkspacesController,
)
from scenario_desktop.ui.panels.workspaces.list_view import WorkspaceList
from scenario_desktop.ui.panels.workspaces.state import Half
from scenario_desktop.ui.widgets.banner import Banner
from scenario_desktop.ui.widgets.labels import PlainLabel
from tests.fakes import FakeKeyring, FakeNotices
from tests.support import until


@dataclass
class FakeServer:
    """What every client of the tests reaches."""

    projects: tuple[Project, ...] = (
        Project(id="p1", name="Ember Valley"),
        Project(id="p2", name="Key art"),
    )
    error: AppError | None = None
    sartiq_error: AppError | None = None
    asked: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    logins: list[tuple[str, str, str, str | None, str | None]] = field(default_factory=list)

    def client(self, url: str, key: str, secret: str, project: str | None) -> FakeClient:
        self.asked.append((url, key, secret, project))
        return FakeClient(self)

    def sartiq(
        self, url: str, user: str, password: str, token_url: str | None, organisation: str | None
    ) -> FakeSartiqClient:
        self.logins.append((url, user, password, token_url, organisation))
        return FakeSartiqClient(self)


@dataclass
class FakeSartiqClient:
    server: FakeServer

    async def list_generations(self, *, skip: int = 0, limit: int = 100) -> GenerationsPublic:
        if self.server.sartiq_error is not None:
            raise self.server.sartiq_error
        return GenerationsPublic()

    async def aclose(self) -> None:
        pass


@dataclass
class FakeClient:
    server: FakeServer

    async def list_projects(
        self, *, team_id: str | None = None, page_size: int = 10, token: str | None = None
    ) -> ProjectPage:
        if self.server.error is not None:
            raise self.server.error
        return ProjectPage(projects=self.server.projects)

    async def list_teams(self) -> list[Team]:
        return [Team(id="t1", name="Northlight")]

    async def list_assets(self, *, page_size: int = 10) -> AssetPage:
        return AssetPage()

    async def aclose(self) -> None:
        pass


class Room:
    """A window with a list of workspaces, over the real services and a keyring in memory."""

    def __init__(self, folder: Path, keyring: FakeKeyring | None) -> None:
        self.server = FakeServer()
        self.messages = FakeNotices()
        self.keyring = keyring
        known = [credentials_module.class_name(keyring)]
        self.credentials = Credentials(lambda: self.keyring, known=known)
        self.store = SettingsStore(folder / "settings.json")
        self.service = Workspaces(
            self.store, self.credentials, self.server.client, make_sartiq=self.server.sartiq
        )
        self.window = QWidget()
        self.window.resize(1200, 900)
        self.list = WorkspaceList(self.window)
        self.list.resize(500, 500)
        self.window.show()
        ports = WorkspacePorts(self.service, self.credentials, self.messages)
        self.controller = WorkspacesController(self.window, ports)
        self.controller.attach(self.list)

    async def add(self, name: str = "Northlight") -> WorkspaceRecord:
        fresh = new_record(name, project_id="p1", project_name="Ember Valley")
        record, _ = await self.service.add(fresh, Secret("key1", "secret1"))
        return record

    def found(self, workspace_id: str) -> WorkspaceRecord:
        record = self.service.find(workspace_id)
        assert record is not None
        return record

    async def dialog(self) -> ConnectDialog:
        await until(lambda: self.window.findChildren(ConnectDialog))
        return self.window.findChildren(ConnectDialog)[0]

    def texts(self) -> list[str]:
        labels = self.window.findChildren(PlainLabel)
        return [label.text() for label in labels if label.isVisible()]

    def press(self, name: str) -> None:
        buttons = self.window.findChildren(QAbstractButton)
        found = [b for b in buttons if name in (b.text(), b.accessibleName()) and b.isVisible()]
        found[-1].click()


@pytest.fixture
def make_room(qapp: object, tmp_path: Path) -> Iterator[Callable[[FakeKeyring | None], Room]]:
    made: list[Room] = []

    def make(keyring: FakeKeyring | None) -> Room:
        made.append(Room(tmp_path, keyring))
        return made[-1]

    yield make
    for room in made:
        room.window.close()
        room.window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


MakeRoom = Callable[[FakeKeyring | None], Room]
FINE = {"key": "k", "secret": "s"}
LOGIN = {"sartiq_url": "https://api.example.com/api/v1", "username": "ada", "password": "pw"}
ORGANISATION = "3f2a9c10-5d1e-4b7a-9c52-0123456789ab"


async def test_errors_stand_under_the_fields(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    room.controller.connect_account()
    dialog = await room.dialog()
    dialog.set_draft({"base_url": "http://api.example.com"})
    room.press("Connect")
    texts = room.texts()
    assert texts.count("This is needed.") == 2
    assert "Use https://: without it anybody on the way can read the keys." in texts
    assert room.server.asked == []
    dialog.reject()
    await until(lambda: not room.controller._connecting.is_busy)


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "new"])
async def test_the_half_that_is_wanted_is_in_front_and_typed_into(
    qt_loop: Any, make_room: MakeRoom, is_kept: bool
) -> None:
    room = make_room(FakeKeyring())
    if is_kept:
        login = new_record("Studio", base_url="", sartiq_url=LOGIN["sartiq_url"])
        record, _ = await room.service.add(login, None, sartiq_secret=Secret("ada", "pw"))
        room.controller.edit(record.id, Half.SARTIQ)
    else:
        room.controller.connect_account(Half.SARTIQ)
    dialog = await room.dialog()
    assert dialog.half is Half.SARTIQ
    field = "password" if is_kept else "sartiq_url"
    wanted = dialog.sartiq_form.editor(field)
    await until(lambda: wanted.isAncestorOf(dialog.focusWidget() or dialog))
    dialog.reject()
    await until(lambda: not room.controller._connecting.is_busy)


async def test_a_test_says_what_it_proved_and_offers_projects(
    qt_loop: Any, make_room: MakeRoom
) -> None:
    room = make_room(FakeKeyring())
    room.controller.connect_account()
    dialog = await room.dialog()
    dialog.set_draft(FINE)
    room.press("Test")
    await until(lambda: "The key’s own library can be read. It is empty so far." in room.texts())
    assert any("2\u00a0projects" in text for text in room.texts())
    dialog.set_draft({"project_id": "p2"})
    assert dialog.draft(Half.SCENARIO)["project_id"] == "p2"
    assert room.service.records[1:] == ()
    dialog.reject()


async def test_an_edit_takes_the_report_back(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    room.controller.connect_account()
    dialog = await room.dialog()
    dialog.set_draft(FINE)
    room.press("Test")
    proved = "The key’s own library can be read. It is empty so far."
    await until(lambda: proved in room.texts())
    dialog.form.editor("key").edited.emit()
    assert proved not in room.texts()
    dialog.reject()


async def test_connecting_tests_first_and_keeps_the_keys(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    connected: list[str] = []
    room.controller.connected.connect(connected.append)
    room.server.projects = room.server.projects[:1]
    room.controller.connect_account()
    dialog = await room.dialog()
    dialog.set_draft(FINE)
    room.press("Connect")
    await until(lambda: connected)
    record = room.found(connected[0])
    assert (record.name, record.project_id) == ("Ember Valley", "p1")
    assert await room.service.secret(record) == Secret("k", "s")
    assert room.messages.toasts == ["“Ember Valley” connected"]
    assert "s" not in room.store.settings.model_dump_json().split('"')
    await room.store.aclose()


async def test_refused_keys_are_not_kept_unless_wanted(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    room.server.error = Unauthorised("The keys were refused.", hint="Check both.")
    room.controller.connect_account()
    dialog = await room.dialog()
    dialog.set_draft({**FINE, "name": "Later"})
    room.press("Connect")
    await until(lambda: "The keys were refused. Check both." in room.texts())
    assert room.service.records[1:] == ()
    room.press("Save anyway")
    await until(lambda: room.service.records[1:])
    assert room.service.records[1].name == "Later"
    await room.store.aclose()


async def test_without_a_keyring_it_says_so_and_can_look_again(
    qt_loop: Any, make_room: MakeRoom
) -> None:
    room = make_room(None)
    room.controller.connect_account()
    dialog = await room.dialog()
    banner = dialog.findChildren(Banner)[0]
    await until(lambda: "no system keyring" in banner.text())
    assert "Keep the keys for this session only" not in room.texts()
    room.press("Look again")
    dialog.set_draft({**FINE, "name": "Here"})
    room.press("Connect")
    await until(lambda: room.messages.toasts)
    assert room.messages.toasts == ["“Here” connected. Its keys are kept for this session"]
    await room.store.aclose()


async def test_an_edit_keeps_the_kept_keys(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    record = await room.add()
    edited: list[str] = []
    room.controller.edited.connect(edited.append)
    room.controller.edit(record.id)
    dialog = await room.dialog()
    assert dialog.draft(Half.SCENARIO)["key"] == ""
    dialog.set_draft({"name": "Renamed"})
    room.press("Save")
    await until(lambda: room.found(record.id).name == "Renamed")
    await until(lambda: edited == [record.id])
    assert room.server.asked[0][1:3] == ("key1", "secret1")
    kept = room.found(record.id)
    assert await room.service.secret(kept) == Secret("key1", "secret1")
    assert kept.project_id == "p1"
    await room.store.aclose()


async def test_a_lost_key_is_told_when_editing(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    record = await room.add()
    await room.credentials.delete(record.credentials_ref)
    room.controller.edit(record.id)
    dialog = await room.dialog()
    room.press("Save")
    await until(lambda: any("is not kept on this computer" in text for text in room.texts()))
    dialog.reject()
    await room.store.aclose()


async def test_removing_names_the_consequences(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    record = await room.add()
    room.controller.remove(record.id)
    await until(lambda: any("its assets stay" in text for text in room.texts()))
    room.press("Cancel")
    await until(lambda: not room.window.findChildren(Dialog))
    assert room.service.find(record.id) is not None
    room.controller.remove(record.id)
    await until(lambda: any("its assets stay" in text for text in room.texts()))
    room.press("Remove workspace")
    await until(lambda: room.service.find(record.id) is None)
    assert room.keyring is not None
    assert room.keyring.kept == {}
    await room.store.aclose()


async def test_the_list_follows_and_opens(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    await until(lambda: "The engine of this computer. Nothing leaves it." in room.texts())
    record = await room.add("Marketing <b>")
    await until(lambda: "Marketing <b>" in room.texts())
    assert "Scenario · Ember Valley" in room.texts()
    room.press("Open Marketing <b>")
    assert room.service.active.id == record.id
    await room.store.aclose()


async def test_a_list_that_is_gone_is_left_alone(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    room.list.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    await room.add()
    assert room.messages.errors == []
    await room.store.aclose()


async def test_closing_the_dialog_stops_the_test(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    room.server.error = Offline("No connection.")
    room.controller.connect_account()
    dialog = await room.dialog()
    dialog.set_draft(FINE)
    room.press("Test")
    dialog.reject()
    await until(lambda: not room.controller._connecting.is_busy)
    assert room.messages.errors == []


async def both(room: Room) -> WorkspaceRecord:
    fresh = new_record("Northlight", project_id="p1", sartiq_url=LOGIN["sartiq_url"])
    record, _ = await room.service.add(
        fresh, Secret("key1", "secret1"), sartiq_secret=Secret("ada", "pw")
    )
    return record


async def test_a_login_is_tested_and_kept_without_keys(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    connected: list[str] = []
    room.controller.connected.connect(connected.append)
    room.controller.connect_account()
    dialog = await room.dialog()
    room.press("Sartiq")
    dialog.set_draft({**LOGIN, "organisation_id": ORGANISATION, "token_url": "/token"})
    room.press("Test")
    proved = "The organisation’s generations can be read. There are none so far."
    await until(lambda: proved in room.texts())
    room.press("Connect")
    await until(lambda: connected)
    assert room.server.logins == [
        (LOGIN["sartiq_url"], "ada", "pw", "/token", ORGANISATION),
    ]  # tested once: nothing was changed since
    assert room.server.asked == []
    record = room.found(connected[0])
    assert (record.name, record.has_scenario, record.has_sartiq) == ("Sartiq", False, True)
    assert (record.sartiq_username, record.organisation_id) == ("ada", ORGANISATION)
    assert await room.service.sartiq_secret(record) == Secret("ada", "pw")
    assert "pw" not in room.store.settings.model_dump_json().split('"')
    await until(lambda: "Sartiq · ada · api.example.com" in room.texts())
    await room.store.aclose()


async def test_both_halves_are_tested_and_the_bad_one_is_shown(
    qt_loop: Any, make_room: MakeRoom
) -> None:
    room = make_room(FakeKeyring())
    room.server.sartiq_error = Unauthorised("The password was refused.", hint="Sign in again.")
    room.controller.connect_account()
    dialog = await room.dialog()
    dialog.set_draft({**FINE, **LOGIN, "name": "Studio"})
    room.press("Connect")
    await until(lambda: "The password was refused. Correct it, then try again." in room.texts())
    assert dialog.half is Half.SARTIQ
    assert room.service.records[1:] == ()
    room.server.sartiq_error = None
    room.press("Connect")
    await until(lambda: room.service.records[1:])
    record = room.service.records[1]
    assert (record.name, record.has_scenario, record.has_sartiq) == ("Studio", True, True)
    await room.store.aclose()


async def test_half_a_login_is_told_under_its_fields(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    room.controller.connect_account()
    dialog = await room.dialog()
    dialog.set_draft({**FINE, "sartiq_url": "http://api.example.com", "organisation_id": "x"})
    room.press("Connect")
    assert dialog.half is Half.SARTIQ
    texts = room.texts()
    assert texts.count("This is needed.") == 2
    assert "Use https://: without it anybody on the way can read the keys." in texts
    assert any(text.startswith("This is not an id") for text in texts)
    assert room.server.asked == []
    dialog.reject()


async def test_a_kept_password_is_used_but_goes_to_no_other_server(
    qt_loop: Any, make_room: MakeRoom
) -> None:
    room = make_room(FakeKeyring())
    record = await both(room)
    room.controller.edit(record.id, Half.SARTIQ)
    dialog = await room.dialog()
    assert dialog.half is Half.SARTIQ
    assert dialog.draft(Half.SARTIQ)["password"] == ""
    dialog.set_draft({"sartiq_url": "https://evil.example.com"})
    room.press("Save")
    assert "Enter the password again: it would go to another server." in room.texts()
    dialog.set_draft({"sartiq_url": LOGIN["sartiq_url"], "username": "bob"})
    room.press("Save")
    assert "Another user needs another password." in room.texts()
    assert room.server.logins == []
    dialog.set_draft({"username": "ada", "organisation_id": ORGANISATION})
    room.press("Save")
    await until(lambda: room.found(record.id).organisation_id == ORGANISATION)
    assert room.server.logins[0][2] == "pw"
    assert room.found(record.id).sartiq_username == "ada"
    await room.store.aclose()


async def editing_sartiq(room: Room) -> tuple[WorkspaceRecord, list[str]]:
    """Open the Sartiq half of an account, and return that and the ids told as edited."""
    record = await both(room)
    edited: list[str] = []
    room.controller.edited.connect(edited.append)
    room.controller.edit(record.id, Half.SARTIQ)
    await room.dialog()
    return record, edited


async def test_one_half_can_be_disconnected(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    record, edited = await editing_sartiq(room)
    room.press("Disconnect Sartiq…")
    await until(lambda: any("Its keys are forgotten" in text for text in room.texts()))
    room.press("Disconnect")
    await until(lambda: edited == [record.id])
    kept = room.found(record.id)
    assert (kept.has_scenario, kept.has_sartiq, kept.sartiq_username) == (True, False, "")
    assert room.keyring is not None
    assert [name for _, name in room.keyring.kept] == [f"{record.id}/key"]
    await room.store.aclose()


async def test_the_user_can_sign_out_and_in_again(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    record, edited = await editing_sartiq(room)
    room.press("Sign out of Sartiq…")
    await until(lambda: any("until you sign in again" in text for text in room.texts()))
    room.press("Sign out")
    await until(lambda: edited == [record.id])
    assert room.keyring is not None
    assert [name for _, name in room.keyring.kept] == [f"{record.id}/key"]
    assert any("Sartiq · signed out" in text for text in room.texts())
    assert room.messages.toasts[-1] == "Signed out of Sartiq in “Northlight”"
    await until(lambda: not room.controller._connecting.is_busy)
    room.controller.edit(record.id, Half.SARTIQ)
    dialog = await room.dialog()
    password = dialog.sartiq_form.editor("password").findChild(QLineEdit)
    assert password is not None
    assert password.placeholderText() == "You are signed out."
    names = [button.text() for button in dialog.findChildren(QAbstractButton)]
    assert "Sign out of Sartiq…" not in names
    dialog.set_draft({"password": "pw"})
    room.press("Save")
    await until(lambda: len(edited) == 2)
    assert not room.found(record.id).is_signed_out
    assert room.found(record.id).has_sartiq
    await room.store.aclose()


async def test_the_only_half_cannot_be_disconnected(qt_loop: Any, make_room: MakeRoom) -> None:
    room = make_room(FakeKeyring())
    record = await room.add()
    room.controller.edit(record.id)
    dialog = await room.dialog()
    names = [button.text() for button in dialog.findChildren(QAbstractButton)]
    assert not any("Disconnect" in name for name in names)
    dialog.reject()
    await room.store.aclose()
