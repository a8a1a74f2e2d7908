"""The parameters of lists that are given in pages."""

from typing import Annotated, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.api.slots_query import QueryNumber, plain_parameters, query_error
from app.fields import MAX_ID
from app.services.ports import Page

LARGEST_PAGE = 250

Query = TypeVar("Query", bound=BaseModel)


class PageQuery(BaseModel):
    """Which items of a long list are wanted; other parameters are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    take: Annotated[QueryNumber, Field(ge=1, le=LARGEST_PAGE)] = LARGEST_PAGE
    skip: Annotated[QueryNumber, Field(ge=0, le=MAX_ID)] = 0

    def page(self) -> Page:
        """Return which items."""
        return Page(self.take, self.skip)


def read_page(request: web.Request, model: type[Query]) -> Query:
    """Read the parameters of a list.

    Raises
    ------
    RequestError
        If one is wrong: a 400 that names it.
    """
    try:
        return model.model_validate(plain_parameters(request.query.items()))
    except ValidationError as error:
        raise query_error(error) from None
