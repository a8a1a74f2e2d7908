"""PostgreSQL and Valkey in a data folder, for whoever has none: what runs without DATABASE_URL and REDIS_URL."""

from app.storage.embedded.errors import EmbeddedServersError
from app.storage.embedded.servers import EmbeddedServers, EmbeddedUrls

__all__ = ["EmbeddedServers", "EmbeddedServersError", "EmbeddedUrls"]
