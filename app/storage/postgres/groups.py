"""Teams and organizations while something changes that depends on who belongs to them."""

from app.storage.postgres.named_sql import queries
from app.storage.postgres.pool import Borrowed

_SQL = queries("groups")


async def lock_group(connection: Borrowed, group_id: int) -> bool:
    """Make changes to who belongs to a team or organization take turns; False if there is none."""
    return group_id in [
        await connection.fetchval(_SQL[query], group_id) for query in ("lock_organization", "lock_team")
    ]
