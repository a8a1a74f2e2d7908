"""The database of a self-hosted Cal.com, to be read and never written."""
