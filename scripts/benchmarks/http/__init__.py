"""`scripts/bench http`: the whole service under load, against the least that a server could do."""
