"""Reads the queries under `queries`: SQL as text with names, not strings in passing.

A query opens with the comment `-- name: …`; comments under that say what it is for. Files are cut at those lines.
"""

import re
from functools import cache
from pathlib import Path

_QUERIES = Path(__file__).parent / "queries"
_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def queries(file: str, folder: Path = _QUERIES) -> dict[str, str]:
    """Return the queries of a file, by name."""
    parts = _NAME.split((folder / f"{file}.sql").read_text(encoding="utf-8"))
    return dict(zip(parts[1::2], (text.strip() for text in parts[2::2]), strict=True))
