"""Names as they stand in addresses."""

import re
import unicodedata

_OTHERS = re.compile(r"[^a-z0-9]+")
LONGEST_SLUG = 100


def slug_of(name: str) -> str:
    """Return a name in kebab-case: Latin letters without accents, digits and single hyphens; "" if it has none."""
    letters = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode()
    return _OTHERS.sub("-", letters)[:LONGEST_SLUG].strip("-")
