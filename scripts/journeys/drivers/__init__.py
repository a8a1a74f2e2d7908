"""Programs that drive clients from inside, each in the client's own environment."""
