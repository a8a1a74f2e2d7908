"""Pages are files of the package, sent as what they are and once."""

from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from app.api.site import FILES, PageOwners, add_site
from app.welcome import offering_demo
from tests.api.asking import Asking
from tests.api.world import event_type


@pytest.fixture(scope="module")
async def site() -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application()
    add_site(app, PageOwners(("ana",), (50,)))
    async with TestClient(TestServer(app)) as started:
        yield started


@pytest.mark.parametrize("path", FILES)
async def test_a_file_is_sent_with_its_tag_and_may_load_nothing_from_elsewhere(
    site: TestClient[Any, Any], path: str
) -> None:
    async with site.get(path) as found:
        assert (found.status, await found.read()) == (200, files("app.web").joinpath(FILES[path]).read_bytes())
        policy = found.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert found.headers["X-Content-Type-Options"] == "nosniff"
        # Kept, but never shown without asking: its imports are of one version with it.
        assert found.headers["Cache-Control"] == "no-cache"
    tag = found.headers["ETag"]
    for known in (tag, f'"another", {tag}', "*"):
        async with site.get(path, headers={"If-None-Match": known}) as again:
            assert (again.status, await again.read()) == (304, b"")
            assert (again.headers["ETag"], again.headers["Cache-Control"]) == (tag, "no-cache")
    async with site.get(path, headers={"If-None-Match": '"another"'}) as newer:
        assert (newer.status, newer.headers["ETag"]) == (200, tag)


def test_every_file_of_the_package_has_a_path() -> None:
    package = Path(str(files("app.web")))
    there = {
        str(one.relative_to(package)) for one in package.rglob("*") if one.suffix in (".html", ".css", ".js", ".svg")
    }
    assert there == set(FILES.values())


async def test_the_page_is_told_whose_event_types_it_offers(site: TestClient[Any, Any]) -> None:
    async with site.get("/site/offered.json") as found:
        assert await found.json() == {"usernames": ["ana"], "teamIds": [50]}


async def test_another_world_is_not_taken_for_the_demo_world(api: Asking) -> None:
    """Not even one where somebody is called Ada."""
    ada = {"id": 900, "username": "ada", "email": "ada@example.com", "timeZone": "UTC"}
    await api.add(users=[ada], eventTypes=[event_type(901, "intro", ownerId=900)])
    assert await offering_demo(api.settings, api.urls) == api.settings
