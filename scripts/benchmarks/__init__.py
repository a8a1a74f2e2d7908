"""How fast Holdfast is: one module for each benchmark, run by `scripts/bench`."""
