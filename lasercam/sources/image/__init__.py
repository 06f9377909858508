"""Pictures as dots and lines: grey levels, halftones, raster lines, recipe families and emission colours."""
