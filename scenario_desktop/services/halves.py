"""What the halves of a workspace are reached by: addresses from its record, keys from the keyring.

One half whose key is lost does not keep the other one from opening.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenario_desktop.errors import AppError, BadInput
from scenario_desktop.items import Source
from scenario_desktop.services.session import Connection
from scenario_desktop.services.workspaces import Workspaces
from scenario_desktop.store.settings import WorkspaceRecord

if TYPE_CHECKING:  # loads the second service's client, which takes some 100 ms
    from scenario_desktop.services.engine_process import EngineAddress
    from scenario_desktop.services.sartiq.half import SartiqConnection


@dataclass(frozen=True, slots=True)
class Halves:
    """How a workspace is reached.

    Attributes:
        scenario: None without a Scenario half, or without its key; ``sartiq`` likewise.
        troubles: why a half that should be there is not.
        left: services that the workspace does not have.
    """

    scenario: Connection | None
    sartiq: SartiqConnection | None
    troubles: tuple[AppError, ...] = ()
    left: frozenset[Source] = frozenset()


def local_halves(address: EngineAddress) -> Halves:
    """Return how the engine of this computer is reached: it serves both halves."""
    from scenario_desktop.services.sartiq.half import SartiqConnection

    return Halves(
        Connection(address.scenario_url, address.api_key, address.api_secret),
        SartiqConnection(address.sartiq_url, address.username, address.password, is_local=True),
    )


async def halves_of(record: WorkspaceRecord, workspaces: Workspaces) -> Halves:
    """Return how an account is reached.

    Raises:
        CredentialsUnavailable: no half has its key.
        BadInput: it has no half at all.
    """
    troubles: list[AppError] = []
    scenario: Connection | None = None
    sartiq: SartiqConnection | None = None
    if record.has_scenario:
        try:
            scenario = await _scenario(record, workspaces)
        except AppError as error:
            troubles.append(error)
    if record.has_sartiq:
        try:
            sartiq = await _sartiq(record, workspaces)
        except AppError as error:
            troubles.append(error)
    if scenario is None and sartiq is None:
        if troubles:
            raise troubles[0]
        raise BadInput(
            f"“{record.name}” has no account.", hint="Edit it in the settings and add one."
        )
    has = {Source.SCENARIO: record.has_scenario, Source.SARTIQ: record.has_sartiq}
    left = frozenset(source for source, is_there in has.items() if not is_there)
    return Halves(scenario, sartiq, tuple(troubles), left)


async def _scenario(record: WorkspaceRecord, workspaces: Workspaces) -> Connection:
    secret = await workspaces.secret(record)
    team = await workspaces.team_secret(record)
    return Connection(
        record.base_url,
        secret.key,
        secret.secret,
        record.project_id,
        team_key=team.key if team is not None else "",
        team_secret=team.secret if team is not None else "",
    )


async def _sartiq(record: WorkspaceRecord, workspaces: Workspaces) -> SartiqConnection:
    from scenario_desktop.services.sartiq.half import SartiqConnection

    secret = await workspaces.sartiq_secret(record)
    return SartiqConnection(
        record.sartiq_url,
        secret.key,
        secret.secret,
        token_url=record.sartiq_token_url or None,
        organisation_id=record.organisation_id or None,
        tokens=workspaces.tokens(record),
    )
