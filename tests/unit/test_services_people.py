"""Names of the people of a project: asked for once, and nobody where they may not be known."""

from __future__ import annotations

import pytest

from scenario_desktop.api.models.accounts import Project, ProjectPage
from scenario_desktop.errors import Forbidden
from scenario_desktop.services.people import People, Person

ANN, BEN = Person("apiu_1", "Ann's key", is_you=True), Person("user_2", "ben@studio.example")


def project(name: str = "one") -> Project:
    return Project.model_validate(
        {
            "id": name,
            "users": [{"id": "user_2", "email": "ben@studio.example"}],
            "keys": [{"id": "apiu_1", "apiKeyId": "api_ann", "name": "Ann's key"}],
        }
    )


class Server:
    """Knows two pages of projects."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_forbidden = False
        self.pages = {
            None: ProjectPage(projects=(Project(id="zero"),), next_pagination_token="next"),
            "next": ProjectPage(projects=(project(),)),
        }

    async def list_projects(
        self, *, team_id: str | None = None, page_size: int = 100, token: str | None = None
    ) -> ProjectPage:
        self.asked.append(f"page {token}")
        if self.is_forbidden:
            raise Forbidden("These keys may not.")
        return self.pages[token]

    async def get_project(self, project_id: str) -> Project:
        self.asked.append(project_id)
        return project(project_id)


async def test_people_and_keys_are_named_and_the_own_keys_known() -> None:
    server = Server()
    people = People(server, key="api_ann", clock=lambda: 0.0)
    assert await people.named(["apiu_1", "user_2"]) == {"apiu_1": ANN, "user_2": BEN}
    assert server.asked == ["page None", "page next"]
    assert await people.named(["user_2", ""]) == {"user_2": BEN}
    assert len(server.asked) == 2


async def test_only_the_project_that_is_open_is_asked_for() -> None:
    server = Server()
    people = People(server, project_id="one", clock=lambda: 0.0)
    assert (await people.named(["apiu_1"]))["apiu_1"].is_you is False
    assert server.asked == ["one"]


async def test_a_stranger_is_asked_for_again_after_a_while_only() -> None:
    now_s = 0.0
    server = Server()
    people = People(server, clock=lambda: now_s)
    for _ in range(3):
        assert await people.named(["user_9"]) == {}
    assert len(server.asked) == 2
    now_s = 300.0
    await people.named(["user_9"])
    assert len(server.asked) == 4


async def test_keys_that_may_not_know_are_told_nobody() -> None:
    server = Server()
    server.is_forbidden = True
    people = People(server, clock=lambda: 0.0)
    assert await people.named(["apiu_1"]) == {}
    assert await people.named(["apiu_1"]) == {}
    assert server.asked == ["page None"]


@pytest.mark.parametrize("users", [None, 5, [None, 7, {"email": "x"}, {"id": 3}]])
def test_a_project_is_good_without_its_people(users: object) -> None:
    found = Project.model_validate({"id": "one", "users": users, "keys": users})
    assert (found.users, found.keys) == ((), ())


def test_a_person_without_an_address_is_still_one() -> None:
    found = Project.model_validate({"id": "one", "users": [{"id": "u", "email": None}]})
    assert [user.id for user in found.users] == ["u"]


async def test_somebody_who_is_also_a_key_is_called_by_the_address() -> None:
    both = {"id": "u", "email": "ann@studio.example", "apiKeyId": "api_ann", "name": "A key"}
    server = Server()
    server.pages = {
        None: ProjectPage(
            projects=(Project.model_validate({"id": "one", "users": [both], "keys": [both]}),)
        )
    }
    found = await People(server, key="api_ann", clock=lambda: 0.0).named(["u"])
    assert found["u"] == Person("u", "ann@studio.example", is_you=True)
