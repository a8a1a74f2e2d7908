"""Use cases over ports: what the service does, said without HTTP, SQL or Redis."""
