"""Hypothesis runs the same examples everywhere, and takes the time it takes."""

from hypothesis import settings

settings.register_profile("domain", derandomize=True, deadline=None, database=None, max_examples=60)
settings.load_profile("domain")
