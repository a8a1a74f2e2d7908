"""The clients, a module each; beside some of them the program that drives their code."""

from scripts.journeys.clients.agno import Agno
from scripts.journeys.clients.atoms import Atoms
from scripts.journeys.clients.cal_mcp import CalMcp
from scripts.journeys.clients.community_mcp import CalcomMcp, CustomersMcp
from scripts.journeys.clients.sdk import Sdk
from scripts.journeys.clients.universal_mcp import UniversalMcp
from scripts.journeys.journey import Client

CLIENTS: dict[str, type[Client]] = {
    "atoms": Atoms,
    "sdk": Sdk,
    "cal-mcp": CalMcp,
    "agno": Agno,
    "universal-mcp": UniversalMcp,
    "calcom-mcp": CalcomMcp,
    "customers-mcp": CustomersMcp,
}
"""By the names that the command takes."""
