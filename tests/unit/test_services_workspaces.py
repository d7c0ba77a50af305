"""Records lie in the settings, keys in the keyring, and a test claims what it has proved."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from scenario_desktop.api.models.accounts import Project, Team
from scenario_desktop.api.models.assets import Asset
from scenario_desktop.api.sartiq.login import Token
from scenario_desktop.errors import (
    AppError,
    BadInput,
    CredentialsUnavailable,
    Forbidden,
    NotFound,
    Offline,
    Refused,
    Unauthorised,
)
from scenario_desktop.items import Source
from scenario_desktop.services.credentials import Credentials, Keeping, Secret, class_name
from scenario_desktop.services.halves import halves_of
from scenario_desktop.services.sartiq.tokens import token_reference
from scenario_desktop.services.workspaces import LOCAL, Workspaces, new_record
from scenario_desktop.store.settings import SettingsStore
from tests.fakes import FakeAccount, FakeKeyring

SECRET = Secret("api_canary_key", "canary-secret")


class World:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "settings.json"
        self.settings = SettingsStore(self.path, delay_s=0)
        self.keyring = FakeKeyring()
        self.credentials = Credentials(lambda: self.keyring, known=[class_name(self.keyring)])
        self.account = FakeAccount(projects=[Project(id="p1", name="Ember Valley")])
        self.forgotten: list[str] = []
        self.workspaces = Workspaces(
            self.settings, self.credentials, self.account.client, forget=self.forget
        )

    async def forget(self, workspace_id: str) -> None:
        self.forgotten.append(workspace_id)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    yield world
    await world.settings.aclose()


async def test_the_local_workspace_is_always_there(world: World) -> None:
    assert world.workspaces.records == (LOCAL,)
    assert world.workspaces.active == LOCAL


async def test_an_account_is_added_opened_and_kept(world: World) -> None:
    heard: list[Any] = []
    world.workspaces.changed.connect(heard.append)
    world.workspaces.active_changed.connect(heard.append)
    record, state = await world.workspaces.add(new_record("Northlight Games"), SECRET)
    world.workspaces.activate(record.id)
    assert state.keeping is Keeping.KEYRING
    assert heard == [(LOCAL, record), record]
    await world.settings.aclose()
    again = SettingsStore(world.path)
    reopened = Workspaces(again, world.credentials, world.account.client)
    assert reopened.active == record
    assert await reopened.secret(record) == SECRET


async def test_an_edit_may_leave_the_keys_alone(world: World) -> None:
    record, _ = await world.workspaces.add(new_record("A"), SECRET, team_secret=SECRET)
    edited, state = await world.workspaces.add(record.model_copy(update={"name": "B"}), None)
    assert state.keeping is Keeping.KEYRING
    assert world.workspaces.records == (LOCAL, edited)
    assert await world.workspaces.secret(edited) == SECRET
    assert await world.workspaces.team_secret(edited) == SECRET


async def test_a_new_account_needs_a_key(world: World) -> None:
    with pytest.raises(BadInput):
        await world.workspaces.add(new_record("A"), None)


async def test_keys_are_in_the_keyring_only(world: World) -> None:
    await world.workspaces.add(new_record("A"), SECRET, team_secret=Secret("t", "canary-team"))
    await world.settings.aclose()
    assert "canary" not in world.path.read_text()
    assert len(world.keyring.kept) == 2


async def test_without_a_keyring_it_says_so_and_works_for_the_session(world: World) -> None:
    world.keyring.error = OSError("no bus")
    record, state = await world.workspaces.add(new_record("A"), SECRET)
    assert state.keeping is Keeping.SESSION_ONLY
    assert await world.workspaces.secret(record) == SECRET


async def test_a_lost_key_has_to_be_entered_again(world: World) -> None:
    record, _ = await world.workspaces.add(new_record("A"), SECRET)
    world.keyring.kept.clear()
    with pytest.raises(CredentialsUnavailable, match="“A”"):
        await world.workspaces.secret(record)


async def test_removing_forgets_keys_and_files_and_returns_home(world: World) -> None:
    record, _ = await world.workspaces.add(new_record("A"), SECRET)
    world.workspaces.activate(record.id)
    await world.workspaces.remove(record.id)
    assert world.workspaces.active == LOCAL
    assert world.keyring.kept == {}
    assert world.forgotten == [record.id]


async def test_the_local_workspace_stays(world: World) -> None:
    with pytest.raises(Refused):
        await world.workspaces.remove(LOCAL.id)
    with pytest.raises(NotFound):
        world.workspaces.activate("nowhere")


def test_names_make_safe_ids() -> None:
    record = new_record("  Ünï/../<b>✨ " + "x" * 300)
    assert "/" not in record.id
    assert len(record.name) == 80
    with pytest.raises(BadInput):
        new_record("   ")


async def test_a_good_test_says_what_it_proved_and_what_not(world: World) -> None:
    world.account.assets = [Asset(id="a1")]
    report = await world.workspaces.test("", " key ", "secret\n", None)
    assert report.is_good
    assert [s.replace("\u00a0", " ") for s in report.sentences] == [
        "api.cloud.scenario.com answers, and the key is accepted.",
        "The key sees 1 project: “Ember Valley”.",
        "The library of “Ember Valley” can be read. There is at least one item in it.",
        "Not tried, because it may cost: whether the key may start jobs.",
    ]
    assert world.account.made[-1] == ("https://api.cloud.scenario.com/v1", "key", "secret", "p1")
    assert world.account.open == 0


async def test_a_key_of_one_project_need_not_list_projects(world: World) -> None:
    world.account.errors["list_projects"] = Forbidden("The keys do not allow this.")
    report = await world.workspaces.test("https://example.com/v1", "key", "secret")
    assert report.is_good
    assert "may not list projects" in report.sentences[0]
    assert report.sentences[1] == "The key’s own library can be read. It is empty so far."


@pytest.mark.parametrize("error", [Unauthorised("The keys were refused."), Offline("No net.")])
async def test_a_bad_test_claims_nothing(world: World, error: AppError) -> None:
    world.account.errors["list_projects"] = error
    report = await world.workspaces.test("", "key", "secret")
    assert not report.is_good
    assert report.sentences == (error.message,)
    assert report.error is error
    assert world.account.open == 0


async def test_a_key_without_its_library_proves_the_key_only(world: World) -> None:
    world.account.errors["list_assets"] = Forbidden("The keys do not allow this.")
    report = await world.workspaces.test("", "key", "secret", "p1")
    assert not report.is_good
    assert len(report.sentences) == 3
    assert report.projects[0].id == "p1"


async def test_a_team_key_is_tried_too(world: World) -> None:
    world.account.teams = [Team(id="t", name="Northlight")]
    report = await world.workspaces.test("", "key", "secret", team_secret=Secret("t", "s"))
    assert "The team key is accepted and sees “Northlight”." in report.sentences


async def test_endless_pages_of_projects_end(world: World) -> None:
    world.account.token = "again"
    report = await world.workspaces.test("", "key", "secret")
    assert report.is_good
    assert world.account.calls.count("list_projects") == 2


def test_records_survive_a_file_of_a_later_hand(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"workspaces": [{"id": "local", "name": "Fake"}, {"id": "../x"}]}))
    workspaces = Workspaces(SettingsStore(path), Credentials(lambda: None), FakeAccount().client)
    assert workspaces.records == (LOCAL,)


# the second service

LOGIN = Secret("ada", "canary-password")
URL = "https://sartiq.example.com/api/v1"


async def test_a_workspace_may_have_the_second_service_only(world: World) -> None:
    fresh = new_record("A", base_url="", sartiq_url=URL, organisation_id="o1")
    record, _ = await world.workspaces.add(fresh, None, sartiq_secret=LOGIN)
    assert (record.has_scenario, record.has_sartiq, record.base_url) == (False, True, "")
    halves = await halves_of(record, world.workspaces)
    assert halves.scenario is None
    assert halves.sartiq is not None
    assert (halves.sartiq.base_url, halves.sartiq.username) == (URL, "ada")
    assert halves.sartiq.organisation_id == "o1"
    assert halves.left == frozenset({Source.SCENARIO})
    assert "canary" not in repr(halves)
    await world.settings.aclose()
    assert "canary" not in world.path.read_text()


async def test_a_new_login_needs_a_password(world: World) -> None:
    with pytest.raises(BadInput, match="password"):
        await world.workspaces.add(new_record("A", base_url="", sartiq_url=URL), None)


async def test_a_lost_key_leaves_the_other_half(world: World) -> None:
    fresh = new_record("A", sartiq_url=URL)
    record, _ = await world.workspaces.add(fresh, SECRET, sartiq_secret=LOGIN)
    await world.credentials.delete(record.sartiq_credentials_ref)
    halves = await halves_of(record, world.workspaces)
    assert halves.scenario is not None
    assert halves.sartiq is None
    assert [type(trouble) for trouble in halves.troubles] == [CredentialsUnavailable]
    assert halves.left == frozenset()  # it is there, only out of reach
    world.keyring.kept.clear()
    with pytest.raises(CredentialsUnavailable):
        await halves_of(record, world.workspaces)


async def test_a_token_is_kept_beside_its_password_and_goes_with_it(world: World) -> None:
    fresh = new_record("A", sartiq_url=URL)
    record, _ = await world.workspaces.add(fresh, SECRET, sartiq_secret=LOGIN)
    ends = datetime(2027, 1, 1, tzinfo=UTC)
    await world.workspaces.tokens(record).save(Token("canary-token", ends))
    assert await world.workspaces.tokens(record).load() == Token("canary-token", ends)
    assert len(world.keyring.kept) == 3
    await world.workspaces.add(record, None, sartiq_secret=Secret("bob", "other"))
    assert await world.workspaces.tokens(record).load() is None
    await world.workspaces.tokens(record).save(Token("t", None))
    assert await world.workspaces.tokens(record).load() == Token("t", None)
    await world.workspaces.remove(record.id)
    assert world.keyring.kept == {}


async def test_a_token_of_a_session_password_is_for_the_session_too(world: World) -> None:
    fresh = new_record("A", sartiq_url=URL)
    record, state = await world.workspaces.add(
        fresh, SECRET, sartiq_secret=LOGIN, is_session_only=True
    )
    await world.workspaces.tokens(record).save(Token("canary-token"))
    assert state.keeping is Keeping.SESSION_ONLY
    assert world.keyring.kept == {}
    assert await world.workspaces.tokens(record).load() == Token("canary-token")


async def test_a_token_that_is_no_token_is_asked_for_anew(world: World) -> None:
    fresh = new_record("A", sartiq_url=URL)
    record, _ = await world.workspaces.add(fresh, SECRET, sartiq_secret=LOGIN)
    reference = token_reference(record.sartiq_credentials_ref)
    world.keyring.kept["scenario-desktop", reference] = "not ours"
    assert await world.workspaces.tokens(record).load() is None
    await world.credentials.save(reference, Secret("never", "t"))
    assert await world.workspaces.tokens(record).load() == Token("t", None)


async def test_signing_out_forgets_password_and_token(world: World) -> None:
    fresh = new_record("A", sartiq_url=URL)
    record, _ = await world.workspaces.add(fresh, SECRET, sartiq_secret=LOGIN)
    tokens = world.workspaces.tokens(record)
    await tokens.save(Token("canary-token"))
    out = await world.workspaces.sign_out(record.id)
    assert [name for _, name in world.keyring.kept] == [record.credentials_ref]
    await tokens.save(Token("canary-token"))  # of a request that was under way
    assert await tokens.load() is None
    halves = await halves_of(out, world.workspaces)
    assert halves.scenario is not None
    assert "signed out of Sartiq" in halves.troubles[0].message
    assert halves.left == frozenset()  # its library stays
    renamed = out.model_copy(update={"name": "B"})
    assert (await world.workspaces.add(renamed, None))[0].is_signed_out
    again, _ = await world.workspaces.add(out, None, sartiq_secret=LOGIN)
    assert not again.is_signed_out
    assert (await halves_of(again, world.workspaces)).sartiq is not None


async def test_a_keyring_that_does_not_answer_forgets_nothing(world: World) -> None:
    fresh = new_record("A", sartiq_url=URL)
    record, _ = await world.workspaces.add(fresh, SECRET, sartiq_secret=LOGIN)
    world.keyring.error = RuntimeError("locked")
    with pytest.raises(CredentialsUnavailable, match="still in it"):
        await world.workspaces.sign_out(record.id)
    kept = world.workspaces.find(record.id)
    assert kept is not None
    assert not kept.is_signed_out


async def test_a_failed_login_says_why(world: World) -> None:
    report = await world.workspaces.test_sartiq(URL, "ada", "pw")
    assert not report.is_good
    assert report.sentences == ("Sartiq cannot be reached from here.",)


async def test_records_of_the_first_version_are_read_as_they_were(world: World) -> None:
    record, _ = await world.workspaces.add(new_record("A"), SECRET)
    await world.settings.aclose()
    values = json.loads(world.path.read_text())
    for name in list(values["workspaces"][0]):
        if "sartiq" in name or name == "organisation_id":
            del values["workspaces"][0][name]
    world.path.write_text(json.dumps(values))
    (_, again) = Workspaces(
        SettingsStore(world.path), world.credentials, world.account.client
    ).records
    assert again == record
    assert (again.has_scenario, again.has_sartiq) == (True, False)
