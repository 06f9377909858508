"""Everything that can be wrong with a toolpath, one rule per file; each is registered as a `lasercam.checks` entry."""
