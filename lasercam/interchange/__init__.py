"""Toolpaths for other programs: tables, drawings and masks; never for a controller, which dialects are for."""
