"""Settings, from the environment: `HOLDFAST_` and the field's name in capitals, but for the two that everyone knows."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, PositiveInt, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

IPNetwork: TypeAlias = IPv4Network | IPv6Network
_HIGHEST_PORT = 65_535


def _networks(written: object) -> object:
    return (
        tuple(ip_network(part.strip()) for part in written.split(",") if part.strip())
        if isinstance(written, str)
        else written
    )


def _names(written: object) -> object:
    return tuple(part.strip() for part in written.split(",") if part.strip()) if isinstance(written, str) else written


class Settings(BaseSettings):
    """Everything that can be set. What is not set works on one's own machine."""

    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", frozen=True, extra="ignore")

    database_url: Annotated[SecretStr | None, Field(validation_alias="DATABASE_URL")] = None
    """PostgreSQL; without it an embedded server is started."""
    redis_url: Annotated[SecretStr | None, Field(validation_alias="REDIS_URL")] = None
    """Redis or Valkey, 7 or later, alone, behind Sentinel or as a cluster; without it an embedded server is started."""
    data_dir: Path = Path(".data")
    """Where embedded servers keep their data."""
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=_HIGHEST_PORT)] = 8080
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """Processes that serve; one a core is plenty."""
    database_pool_size: Annotated[int, Field(ge=1, le=200)] = 10
    """Connections to PostgreSQL of each process."""
    database_prepared_statements: bool = True
    """False where a PgBouncer that does not keep prepared statements stands between."""
    listen_url: SecretStr | None = None
    """PostgreSQL without a pooler between, to hear of changes; without it DATABASE_URL is tried."""
    remembered_items: Annotated[int, Field(ge=0, le=10_000_000)] = 100_000
    """How many bookings, hours and slots each process remembers; 0: none. A thousand take about a megabyte."""
    store_deadline_s: Annotated[float, Field(gt=0, le=60)] = 2.0
    """How long a store may take to answer before a request is refused."""
    migration_deadline_s: Annotated[float, Field(gt=0, le=3_600)] = 120.0
    """How long a starting process waits for the schema, its own or another's migration included."""
    reservation_max_minutes: Annotated[int, Field(ge=1, le=1_440)] = 1_440
    """The longest that anybody may keep a slot at once."""
    renewal_max_minutes: Annotated[int, Field(ge=1, le=1_440)] = 60
    """How long somebody without credentials may keep a reservation in all, moves and renewals included."""
    holds_per_client: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    """Live reservations of one network address without credentials; 0: any number."""
    holds_per_event_type: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """Live reservations of one event type by all without credentials; 0: any number."""
    idempotency_keys_per_client: Annotated[int, Field(ge=0, le=1_000_000)] = 10_000
    """Requests with a new Idempotency-Key of one network address without credentials in a day; 0: any number."""
    streams: Annotated[int, Field(ge=0, le=1_000_000)] = 5_000
    """Open streams of changes of each process."""
    streams_per_client: Annotated[int, Field(ge=0, le=1_000_000)] = 100
    """Of these, those of one network address without credentials; 0: any number."""
    trusted_proxies: Annotated[tuple[IPNetwork, ...], NoDecode, BeforeValidator(_networks)] = ()
    """Whose X-Forwarded-For is believed: addresses and networks with commas between."""
    webhook_private_addresses: bool = False
    """Whether webhooks and calendar feeds may lead to addresses that are not of the public internet, such as the own
    network's."""
    feed_refresh_minutes: Annotated[int, Field(ge=1, le=10_080)] = 15
    """From one reading of a calendar feed to the next; they become more while it cannot be read."""
    dead_feed_hours: Annotated[int, Field(ge=0, le=8_760)] = 24
    """How long a calendar feed may not be readable before it counts as dead."""
    dead_feeds: Literal["open", "closed"] = "open"
    """Whether the last known busy times of a dead feed stand, or its owner is busy throughout."""
    page_usernames: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names), Field(max_length=20)] = ()
    """Whose event types the page at / offers, with commas between."""
    page_team_ids: Annotated[tuple[PositiveInt, ...], NoDecode, BeforeValidator(_names), Field(max_length=20)] = ()
    """Which teams' it offers. If neither is set, the page's address must name whose, or which; where the demo world is,
    `serve --demo` offers its."""
    drain_s: Annotated[float, Field(ge=0, le=600)] = 0.0
    """How long a process that is asked to stop still serves, while /health/ready tells balancers to look elsewhere."""
    requests_at_once: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """Requests that each process works on at once, at most: fewer while it does not keep up."""
    turn_wait_s: Annotated[float, Field(ge=0, le=60)] = 0.5
    """How long the others wait for their turn under a load that lasts; in a burst ten times as long."""
    connections: Annotated[int, Field(ge=1, le=1_000_000)] = 10_000
    """Open connections of clients to each process."""
    client_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    """How long a client may take to send a request's head, to send its body, and to take an answer in."""
    idle_s: Annotated[float, Field(gt=0, le=3_600)] = 75.0
    """How long a connection may be open without a request: longer than a proxy in front keeps its own."""
    shutdown_s: Annotated[float, Field(ge=0, le=600)] = 20.0
    """How long requests under way may take to finish once the process is asked to stop."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """From info on, requests are logged."""
    log_format: Literal["text", "json"] = "text"
    metrics_port: Annotated[int, Field(ge=0, le=_HIGHEST_PORT)] = 0
    """Port of `/metrics`, and where there are several processes the first of as many; 0: none."""
    metrics_host: str = "127.0.0.1"
    otel_exporter_otlp_endpoint: Annotated[str | None, Field(validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")] = None
    """Where traces are sent, by OTLP over HTTP; None: there are none."""

    @field_validator("metrics_port")
    @classmethod
    def _has_one_for_each(cls, port: int, others: ValidationInfo) -> int:
        # The event loop would take the next one for 0, which is any.
        if port + others.data.get("workers", 1) - 1 > _HIGHEST_PORT:
            raise ValueError("there are fewer ports from here on than processes")
        return port

    @property
    def address(self) -> str:
        """Where it listens, as URLs write it."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"
