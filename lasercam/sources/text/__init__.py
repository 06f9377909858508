"""Writing: outline fonts, single-line strokes, segments and dots."""
