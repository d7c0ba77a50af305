"""Who is behind the ids that the server tells: the people and keys of the project, by name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Protocol

from scenario_desktop.api.models.accounts import Project, ProjectPage
from scenario_desktop.errors import AppError

#: An id that nobody has is asked for again after so long: somebody may have joined. Seconds.
_AGAIN_S = 300.0
#: Projects beyond this many pages are not looked through.
_PAGES = 10


class ProjectReader(Protocol):
    """What is needed of the client."""

    async def list_projects(
        self, *, team_id: str | None = None, page_size: int = 100, token: str | None = None
    ) -> ProjectPage: ...

    async def get_project(self, project_id: str) -> Project: ...


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody, or a key, of the project.

    Attributes:
        name: a key's name or a person's address, as the server gives it.
        is_you: whether the id is that of the keys that are used here.
    """

    id: str
    name: str
    is_you: bool = False


class People:
    """The people of one workspace. Asks when an unknown id comes, and seldom again."""

    def __init__(
        self,
        client: ProjectReader,
        *,
        key: str = "",
        project_id: str = "",
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """
        Args:
            key: the public half of the keys that are used here.
            project_id: "" to look through all projects that they reach.
        """
        self._client, self._key, self._project_id = client, key, project_id
        self._clock = clock
        self._known: dict[str, Person] = {}
        self._asked_s: float | None = None
        self._asking = asyncio.Lock()

    async def named(self, ids: Collection[str]) -> Mapping[str, Person]:
        """Return those of them that are known; nobody where the keys may not know it."""
        async with self._asking:
            now_s = self._clock()
            is_due = self._asked_s is None or now_s - self._asked_s >= _AGAIN_S
            if is_due and not {*ids, ""} - {""} <= self._known.keys():
                self._asked_s = now_s
                await self._ask()
        return {one: self._known[one] for one in ids if one in self._known}

    async def _ask(self) -> None:
        try:
            projects = await self._projects()
        except AppError:
            return  # project keys often may not: ids are shown then
        for project in projects:
            for key in project.keys:
                is_you = bool(self._key) and key.api_key_id == self._key
                self._known[key.id] = Person(key.id, key.name or key.id, is_you)
            for user in project.users:  # a person is told better by the address than by their key
                known = self._known.get(user.id, Person(user.id, user.id))
                self._known[user.id] = replace(known, name=user.email or known.name)

    async def _projects(self) -> list[Project]:
        if self._project_id:
            return [await self._client.get_project(self._project_id)]
        found: list[Project] = []
        token: str | None = None
        for _ in range(_PAGES):
            page = await self._client.list_projects(token=token)
            found += page.projects
            token = page.next_pagination_token
            if not token:
                break
        return found
