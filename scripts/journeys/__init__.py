"""Journeys of published clients of Cal.com's API v2 through this service, made by `scripts/clients`."""
