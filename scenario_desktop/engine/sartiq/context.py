"""What this half of a running engine consists of."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request

from scenario_desktop.engine.config import EngineConfig
from scenario_desktop.engine.database import Database
from scenario_desktop.engine.files import ContentFolder
from scenario_desktop.engine.keys import Keys
from scenario_desktop.engine.links import Links
from scenario_desktop.engine.sartiq.generations import GenerationStore
from scenario_desktop.engine.sartiq.inputs import Inputs
from scenario_desktop.engine.sartiq.login import Logins
from scenario_desktop.engine.sartiq.predictions import PredictionStore
from scenario_desktop.engine.sartiq.refines import RefineStore
from scenario_desktop.engine.sartiq.runner import Runner
from scenario_desktop.engine.sartiq.trials import TrialStore
from scenario_desktop.engine.sartiq.uploads import SartiqUploads
from scenario_desktop.engine.sartiq.wire import Wire
from scenario_desktop.engine.usage import UsageLog
from scenario_desktop.imaging.pool import WorkerPool


@dataclass(frozen=True, slots=True)
class Sartiq:
    """The parts, in the order in which they depend on each other."""

    logins: Logins
    wire: Wire
    inputs: Inputs
    uploads: SartiqUploads
    runner: Runner
    generations: GenerationStore
    predictions: PredictionStore
    refines: RefineStore
    trials: TrialStore

    async def start(self) -> None:
        await self.logins.start()
        await self.runner.start()

    async def stop(self) -> None:
        await self.runner.stop()


def build(
    config: EngineConfig, keys: Keys, database: Database, *, contents: ContentFolder, links: Links,
    pool: WorkerPool, usage: UsageLog,
) -> Sartiq:  # fmt: skip
    """Make the parts; nothing is read or begun before ``start``."""
    inputs = Inputs(config, database, contents=contents, links=links)
    runner = Runner(database=database, contents=contents, usage=usage, pool=pool)
    return Sartiq(
        logins=Logins(database, keys, lifetime_s=config.token_lifetime_s),
        wire=Wire(links),
        inputs=inputs,
        uploads=SartiqUploads(config, database, contents=contents, links=links, pool=pool),
        runner=runner,
        generations=GenerationStore(database, contents=contents, runner=runner),
        predictions=PredictionStore(database, contents=contents, runner=runner),
        refines=RefineStore(database, contents=contents, inputs=inputs, runner=runner),
        trials=TrialStore(database),
    )


def sartiq_of(request: Request) -> Sartiq:
    sartiq: Sartiq = request.app.state.engine.sartiq
    return sartiq
