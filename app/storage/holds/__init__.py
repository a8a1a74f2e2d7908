"""Reservations in Redis or Valkey: keys with a TTL, claimed by scripts on the server."""
