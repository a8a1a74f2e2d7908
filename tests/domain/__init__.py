"""The rules, tested as claims about small worlds; no I/O."""
