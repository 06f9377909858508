"""SVG drawings as patterns: parsed safely, styled by CSS, flattened in bulk to micrometres."""
