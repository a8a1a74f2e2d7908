"""World files: one JSON or YAML document that holds everything an answer depends on."""
