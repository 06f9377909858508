"""Pattern sources built from plain keys, and what tests ask of their features."""

from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import entry_points
from typing import Any

import numpy as np

from lasercam.errors import InputError, Location, Problem
from lasercam.model.feature import FeatureBlock
from lasercam.model.job import Placement
from lasercam.model.protocols import PatternSource, SourceContext


def context(assets: Mapping[str, bytes] | None = None, name: str = "pattern", seed: int = 0) -> SourceContext:
    """A context without a job; every key stands at line 1."""

    def asset(path: str, load: Callable[[], bytes] | None = None) -> bytes:
        if load is not None:
            return load()
        if assets is None or path not in assets:
            raise InputError(Problem(f"no file '{path}'"))
        return assets[path]

    def locate(*_path: str | int, key: bool = False) -> Location:
        return Location("job.yaml", 1, 1)

    def child(path: tuple[str, ...], keys: Mapping[str, Any]) -> tuple[Placement, PatternSource]:
        kinds = entry_points(group="lasercam.sources", name=str(keys.get("type")))
        if not kinds:
            raise InputError(Problem(f"no type '{keys.get('type')}'"))
        kind = next(iter(kinds)).load()
        placement = kind.Keys.model_validate(dict(keys))
        return placement, kind(placement, context(assets, f"{name}.{path[-1]}", seed))

    return SourceContext(name, asset, locate, seed, child, asset)


def make(kind: Any, keys: Mapping[str, object], **options: Any) -> Any:
    """A source from keys as a job file gives them."""
    return kind(kind.Keys.model_validate(dict(keys)), context(**options))


def joined(blocks: Iterable[FeatureBlock]) -> FeatureBlock:
    """All features in one block."""
    ready = list(blocks)
    starts = np.cumsum([0, *(len(b.xyz_um) for b in ready)])
    offsets = [b.offsets[:-1] + s for b, s in zip(ready, starts, strict=False)]
    return FeatureBlock(
        np.concatenate([b.xyz_um for b in ready]),
        np.concatenate([*offsets, starts[-1:]]).astype(np.int64),
        np.concatenate([b.part for b in ready]),
        np.concatenate([b.variant for b in ready]),
    )


def listed(blocks: Iterable[FeatureBlock]) -> list[tuple[int, int, bytes]]:
    """Part, variant and exact vertices of every feature, sorted: equal lists are equal sets of features."""
    found = []
    for block in blocks:
        for i in range(len(block)):
            vertices = block.xyz_um[block.offsets[i] : block.offsets[i + 1]]
            found.append((int(block.part[i]), int(block.variant[i]), vertices.tobytes()))
    return sorted(found)
