"""The commands, by subject: `python -m app --help`."""
