"""lasercam: toolpaths for laser direct writing, proven before they reach the glass."""

from lasercam._version import __version__

__all__ = ["__version__"]
