"""Sending webhooks: everything about HTTP on the way out."""
