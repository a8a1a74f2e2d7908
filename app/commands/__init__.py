"""Commands that are more than a few lines: `python -m app --help`."""
