"""Holdfast: says when something can be booked and keeps a slot for somebody while they decide."""
