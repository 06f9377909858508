"""Documents people write: YAML read with its places, typed keys, and errors that name file, line and column."""
