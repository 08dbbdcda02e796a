"""RFC 5321 and friends as pure functions: grammar, reply syntax, names of extensions."""
