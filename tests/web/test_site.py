"""Pages are files of the package, sent as what they are and once."""

from importlib.resources import files
from pathlib import Path

import pytest

from app.api.site import FILES
from tests.api.asking import Asking


@pytest.mark.parametrize("path", FILES)
async def test_a_file_is_sent_with_its_tag_and_may_load_nothing_from_elsewhere(api: Asking, path: str) -> None:
    async with api.client.get(path) as found:
        assert (found.status, await found.read()) == (200, files("app.web").joinpath(FILES[path]).read_bytes())
        policy = found.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert found.headers["X-Content-Type-Options"] == "nosniff"
    async with api.client.get(path, headers={"If-None-Match": found.headers["ETag"]}) as again:
        assert (again.status, await again.read()) == (304, b"")


def test_every_file_of_the_package_has_a_path() -> None:
    package = Path(str(files("app.web")))
    there = {
        str(one.relative_to(package)) for one in package.rglob("*") if one.suffix in (".html", ".css", ".js", ".svg")
    }
    assert there == set(FILES.values())
