"""Published packages, at exact versions, in a folder of their own below .venv: never part of the project."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from scripts.journeys.errors import JourneyError

_FOLDER = Path(__file__).parents[2] / ".venv" / "clients"

CAL_MCP = "@calcom/cal-mcp@0.0.6"
SDK = "@calcom/sdk@1.0.1"
ATOMS = "@calcom/atoms@2.11.0"
AGNO = "agno==3.1.10"
UNIVERSAL_MCP = "universal-mcp-cal-com-v2==0.1.4"
CALCOM_MCP = "iflow-mcp-danielpeter-99-calcom-mcp==0.1.1"
CUSTOMERS_MCP = "calcom-mcp-for-customers==1.7.0"

# What a client needs beside itself, at versions that it worked with when it was published. For atoms also what a page
# brings along, and jsdom and esbuild, which stand for a browser and a page's build.
_PAGE = ("react@18.3.1", "react-dom@18.3.1", "jsdom@26.1.0", "esbuild@0.25.10")
_ATOMS_PEERS = (
    "@stripe/react-stripe-js@2.9.0",
    "@stripe/stripe-js@2.4.0",
    "@tanstack/react-query@5.90.2",
    "framer-motion@10.12.8",
    "use-sync-external-store@1.6.0",
    "zustand@4.5.2",
)
_NPM = {"sdk": (SDK,), "cal-mcp": (CAL_MCP,), "atoms": (ATOMS, *_PAGE, *_ATOMS_PEERS)}
_PYPI = {
    "agno": (AGNO, "requests==2.34.2", "pytz"),
    "universal-mcp": (UNIVERSAL_MCP, "universal-mcp==0.1.23", "pydantic==2.11.7"),
    "calcom-mcp": (CALCOM_MCP, CUSTOMERS_MCP, "fastmcp==4.2.3"),
}
_UNUSED_ENVIRONMENT = ("PYTHONPATH", "NODE_PATH", "NODE_OPTIONS")


def npm(name: str) -> Path:
    """Return the folder of an npm installation, which is made if need be."""
    folder = _FOLDER / name
    packages = _NPM[name]
    if not _is_installed(folder, packages):
        folder.mkdir(parents=True)
        (folder / "package.json").write_text('{"private": true, "type": "module"}')
        _run(_npm_program(), "install", "--no-audit", "--no-fund", "--loglevel=error", *packages, folder=folder)
        _mark_installed(folder, packages)
    return folder


def pypi(name: str) -> Path:
    """Return the folder with the programs of a Python environment, which is made if need be."""
    folder = _FOLDER / name
    packages = _PYPI[name]
    if not _is_installed(folder, packages):
        _run(sys.executable, "-m", "venv", str(folder))
        install = ("-m", "pip", "install", "-qq", "--no-input", "--disable-pip-version-check", *packages)
        _run(str(folder / "bin" / "python"), *install)
        _mark_installed(folder, packages)
    return folder / "bin"


def environment() -> dict[str, str]:
    """Return the environment for programs of others, without what is meant for ours."""
    return {name: value for name, value in os.environ.items() if name not in _UNUSED_ENVIRONMENT}


def _is_installed(folder: Path, packages: tuple[str, ...]) -> bool:
    """Say so, or clear away what another version, or a run that was cut off, left."""
    stamp = folder / "installed"
    if stamp.exists() and stamp.read_text() == "\n".join(packages):
        return True
    shutil.rmtree(folder, ignore_errors=True)
    return False


def _mark_installed(folder: Path, packages: tuple[str, ...]) -> None:
    (folder / "installed").write_text("\n".join(packages))


def _npm_program() -> str:
    found = shutil.which("npm")
    if found is None or shutil.which("node") is None:
        raise JourneyError("Node 20 or later with npm must be on the PATH for clients from npm")
    return found


def _run(*command: str, folder: Path | None = None) -> None:
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)  # noqa: S603 - package managers, at versions named above
    if done.returncode:
        raise JourneyError(f"{' '.join(command)}: {done.stderr.strip()[-2_000:]}")
