"""The parameters of lists that are given in pages."""

from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.api.slots_query import QueryNumber, plain_parameters, query_error
from app.fields import MAX_ID
from app.services.ports import Page

LARGEST_PAGE = 250


class PageQuery(BaseModel):
    """Which items of a long list are wanted; other parameters are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    take: Annotated[QueryNumber, Field(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE
    skip: Annotated[QueryNumber, Field(ge=0, le=MAX_ID)] = 0


def read_page(request: web.Request) -> Page:
    """Read which items of a list are wanted.

    Raises
    ------
    RequestError
        If a parameter is wrong: a 400 that names it.
    """
    try:
        query = PageQuery.model_validate(plain_parameters(request.query.items()))
    except ValidationError as error:
        raise query_error(error, window=("", "")) from None
    return Page(query.take, query.skip)
