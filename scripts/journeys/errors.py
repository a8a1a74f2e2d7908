"""What can go wrong on a journey."""


class JourneyError(Exception):
    """The journeys cannot be made; the text says why."""


class ClientError(Exception):
    """A client did not do what it was asked to; the text is what it said."""
