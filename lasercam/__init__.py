"""lasercam: toolpaths for laser direct writing, proven before they reach the glass.

`import lasercam as lc` gives everything below by name and loads it when it is used; see docs/api.md.
"""

import importlib
from typing import TYPE_CHECKING, Any

from lasercam._version import __version__

if TYPE_CHECKING:
    from lasercam.api.catalogue import explain, job_schema, machines, pattern_types, processes
    from lasercam.api.export import export
    from lasercam.api.findings import Finding, Severity, Verdict
    from lasercam.api.job import Build, Job, example, load, verify
    from lasercam.api.own_source import (
        forget_check,
        forget_dialect,
        forget_source,
        register_check,
        register_dialect,
        register_source,
        source,
    )
    from lasercam.api.picture import Picture
    from lasercam.api.words import Heat, Pattern, Read, Recipe, Remount, Sample, Soak, Step, Supplied, Waiver
    from lasercam.errors import InputError, LasercamError, PluginError, RefusedError, UsageError
    from lasercam.model.feature import FeatureBlock
    from lasercam.model.toolpath import TICKS_PER_UM, RowKind, Toolpath, ToolpathBlock
    from lasercam.schema.quantities import Angle, Depth, Length, PositiveLength, Ratio, Time

_HOMES = {
    "lasercam.api.catalogue": ("explain", "job_schema", "machines", "pattern_types", "processes"),
    "lasercam.api.export": ("export",),
    "lasercam.api.findings": ("Finding", "Severity", "Verdict"),
    "lasercam.api.job": ("Build", "Job", "example", "load", "verify"),
    "lasercam.api.own_source": (
        "forget_check", "forget_dialect", "forget_source", "register_check", "register_dialect", "register_source",
        "source",
    ),
    "lasercam.api.picture": ("Picture",),
    "lasercam.api.words": (
        "Heat", "Pattern", "Read", "Recipe", "Remount", "Sample", "Soak", "Step", "Supplied", "Waiver",
    ),
    "lasercam.errors": ("InputError", "LasercamError", "PluginError", "RefusedError", "UsageError"),
    "lasercam.model.feature": ("FeatureBlock",),
    "lasercam.model.toolpath": ("TICKS_PER_UM", "RowKind", "Toolpath", "ToolpathBlock"),
    "lasercam.schema.quantities": ("Angle", "Depth", "Length", "PositiveLength", "Ratio", "Time"),
}  # fmt: skip
_HOME = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "TICKS_PER_UM",
    "Angle",
    "Build",
    "Depth",
    "FeatureBlock",
    "Finding",
    "Heat",
    "InputError",
    "Job",
    "LasercamError",
    "Length",
    "Pattern",
    "Picture",
    "PluginError",
    "PositiveLength",
    "Ratio",
    "Read",
    "Recipe",
    "RefusedError",
    "Remount",
    "RowKind",
    "Sample",
    "Severity",
    "Soak",
    "Step",
    "Supplied",
    "Time",
    "Toolpath",
    "ToolpathBlock",
    "UsageError",
    "Verdict",
    "Waiver",
    "__version__",
    "example",
    "explain",
    "export",
    "forget_check",
    "forget_dialect",
    "forget_source",
    "job_schema",
    "load",
    "machines",
    "pattern_types",
    "processes",
    "register_check",
    "register_dialect",
    "register_source",
    "source",
    "verify",
]


def __getattr__(name: str) -> Any:
    """A public name, imported when it is first used."""
    if name not in _HOME:
        raise AttributeError(f"module 'lasercam' has no attribute '{name}'")
    found = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__doc__", "__name__"]
