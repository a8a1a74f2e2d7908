"""Adapters of the ports: PostgreSQL, Redis, embedded servers and world files."""
