"""Filling the database: from world files, and from Cal.com."""

from dataclasses import dataclass

from app.application.clock import now
from app.application.stores import StoreUrls, open_stores
from app.settings import Settings
from app.storage.calcom.reading import CalcomReader
from app.storage.calcom.report import Findings
from app.storage.calcom.source import open_source
from app.storage.holds.redis_holds import RedisHolds
from app.storage.postgres.calcom import ImportReport, import_calcom
from app.storage.postgres.load import LoadReport, Mode, Progress, load_world
from app.storage.postgres.migrate import migrate
from app.storage.world_files.checks import WorldProblem, WorldRefusedError
from app.storage.world_files.format import World
from app.storage.world_files.holds import HoldsToLoad


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a world file brought."""

    report: LoadReport
    holds: HoldsToLoad


async def load(
    settings: Settings, urls: StoreUrls, world: World, mode: Mode, on_progress: Progress | None = None
) -> Loaded:
    """Load a world into the database, then its live reservations as holds.

    Everything is checked before anything is written. The database comes first, in one transaction: should the store of
    holds go away in just that moment, loading again with "replace" mends it.

    Raises
    ------
    HoldfastError
        If anything is wrong; then nothing is changed.
    """
    await migrate(urls.database, timeout_s=settings.migration_deadline_s)
    async with open_stores(settings, urls) as stores:
        await _check_uids(stores.holds, world, mode)
        holds = HoldsToLoad(world, now())
        report = await load_world(urls.database, world, mode=mode, on_progress=on_progress, before_commit=holds.resolve)
        if mode == "replace":
            await stores.holds.clear()
        await stores.holds.load(holds.live)
        return Loaded(report, holds)


async def _check_uids(holds: RedisHolds, world: World, mode: Mode) -> None:
    """Make sure, before anything is written, that the store of holds answers and lacks what the file brings."""
    await holds.ping()
    if mode == "merge":
        taken = await holds.any_live([reservation.uid for reservation in world.reservations])
        if taken is not None:
            raise WorldRefusedError([WorldProblem("reservations", f"uid {taken}", "uid", "is there already")])


@dataclass(frozen=True, slots=True)
class Imported:
    """What Cal.com's database brought, and what of it has no place here."""

    report: ImportReport
    findings: Findings


async def import_from_calcom(
    settings: Settings, urls: StoreUrls, source_url: str, on_progress: Progress | None = None
) -> Imported:
    """Bring the database to what a Cal.com's says at this moment, beside what was made here.

    Raises
    ------
    HoldfastError
        If anything is wrong; then nothing is changed.
    """
    await migrate(urls.database, timeout_s=settings.migration_deadline_s)
    async with open_source(source_url) as source:
        reader = CalcomReader(source)
        return Imported(await import_calcom(urls.database, reader, on_progress), reader.findings)
