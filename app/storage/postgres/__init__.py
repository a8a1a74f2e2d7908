"""PostgreSQL: people, event types and bookings. `migrations` has the schema, `queries` all that it is asked."""
