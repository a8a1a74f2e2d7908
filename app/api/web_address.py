"""Addresses of the web, as strangers give them for the service to call."""

from typing import Annotated

from pydantic import AfterValidator
from yarl import URL

from app.domain.webhook import receiver_of
from app.fields import storable

_LONGEST_URL_BYTES = 2_000


def _web_address(written: str) -> str:
    storable(written)
    if len(written.encode()) > _LONGEST_URL_BYTES:
        raise ValueError(f"must have at most {_LONGEST_URL_BYTES} bytes")
    url = URL(written)
    if url.scheme not in ("http", "https") or not url.host or not written.isprintable() or " " in written:
        raise ValueError("must be an address of the web, as https://example.com/path")
    receiver_of(written)  # The standard library reads it too, and refuses what yarl lets pass.
    return written


WebAddress = Annotated[str, AfterValidator(_web_address)]
