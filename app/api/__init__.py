"""The only HTTP: routes, a module a resource and version, and one table from errors to statuses."""
