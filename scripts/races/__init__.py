"""The attack on the promise that nobody else gets a held slot, run by `scripts/race`."""
