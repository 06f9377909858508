"""What every pattern source promises."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar, get_args

import numpy as np
from pydantic import ValidationError

from lasercam.errors import InputError, LasercamError, Location, Problem
from lasercam.geometry.area import Area
from lasercam.model.feature import FeatureBlock
from lasercam.model.job import Placement
from lasercam.model.protocols import PatternSource, SourceContext
from lasercam.pipeline import registry
from lasercam.testing.demand import hold

HOSTILE: tuple[Any, ...] = (
    "", "0", "-1", "nan", "inf", "1e12", "1000000000000", "9" * 30, "0 um", "-1 um", "nan um", "inf um", "1e-15 um",
    "1e14 um", "1e99 um", "1 s", None, [], {}, ["1"], 0, -1, float("nan"), float("inf"), 1e300, 5e-324, True,
)  # fmt: skip
"""What stands in jobs by a slip or by malice."""
_COLUMNS = {"xyz_um": np.float64, "offsets": np.int64, "part": np.uint16, "variant": np.uint16}


def source_context(assets: Mapping[str, bytes] | None = None, name: str = "pattern", seed: int = 0) -> SourceContext:
    """A context without a job; every key stands at line 1, and files are those of `assets`."""

    def asset(reference: str, load: Callable[[], bytes] | None = None) -> bytes:
        if load is not None:
            return load()
        if assets is None or reference not in assets:
            raise InputError(Problem(f"no file '{reference}'"))
        return assets[reference]

    def locate(*_path: str | int, key: bool = False) -> Location:  # noqa: ARG001 # as in jobs
        return Location("job.yaml", 1, 1)

    def child(path: tuple[str, ...], keys: Mapping[str, Any]) -> tuple[Placement, PatternSource]:
        kind = registry.source_type(str(keys.get("type")))
        placement = kind.Keys.model_validate(dict(keys))
        return placement, kind(placement, source_context(assets, f"{name}.{path[-1]}", seed))

    return SourceContext(name, asset, locate, seed, child, asset)


def make_source(kind: Any, keys: Mapping[str, object], assets: Mapping[str, bytes] | None = None) -> Any:
    """A source from keys as a job file gives them."""
    return kind(kind.Keys.model_validate(dict(keys)), source_context(assets))


def listed(blocks: Iterable[FeatureBlock]) -> list[tuple[int, int, bytes]]:
    """Part, variant and exact vertices of every feature, sorted: equal lists are equal sets of features."""
    found = []
    for block in blocks:
        for i in range(len(block)):
            vertices = block.xyz_um[block.offsets[i] : block.offsets[i + 1]]
            found.append((int(block.part[i]), int(block.variant[i]), vertices.tobytes()))
    return sorted(found)


class SourceContract:
    """Subclass it as `Test…`, with `kind` and `examples`; small ones, some thousand features each.

    Attributes:
        kind: the class that is registered under `lasercam.sources`.
        examples: keys as a job gives them, texts throughout; `type` included.
        assets: contents of files that the examples name.
    """

    kind: ClassVar[Any]
    examples: ClassVar[Sequence[Mapping[str, Any]]]
    assets: ClassVar[Mapping[str, bytes]] = {}

    def built(self, keys: Mapping[str, Any]) -> Any:
        """A fresh source."""
        return make_source(self.kind, keys, self.assets)

    def test_type_says_what_it_is(self) -> None:
        """Keys are those of every pattern and more, each described; the summary is a line."""
        keys = self.kind.Keys
        hold(issubclass(keys, Placement), "`Keys` is no subclass of Placement")
        hold(self.examples, "there is no example")
        for example in self.examples:
            allowed = get_args(keys.model_fields["type"].annotation)
            hold(example["type"] in allowed, f"type: {example['type']} is none of {allowed}; write Literal[...]")
        hold(self.kind.summary and "\n" not in self.kind.summary, "`summary` is one line")
        silent = [key for key, field in keys.model_fields.items() if not field.description and key != "type"]
        hold(not silent, f"keys without a docstring: {silent}")

    def test_parts_are_named_once(self) -> None:
        """Atoms are disjoint, every name can be written in a step, unions hold atoms, `all` is there."""
        for keys in self.examples:
            source = self.built(keys)
            hold(isinstance(source, PatternSource), "it lacks parts, features or area")
            atoms, unions = source.parts.atoms, source.parts.unions
            hold(atoms, "there are no parts")
            hold(len(set(atoms)) == len(atoms), f"an atom comes twice: {atoms}")
            hold("all" in unions, "`all` is missing; make parts by lasercam.model.feature.parts")
            for part in source.parts.names:
                hold(re.fullmatch(r"[^\s.]+(\.[^\s.]+)*", part), f"the part '{part}' cannot be named in a job")
                hold(source.parts.select(part), f"the part '{part}' stands for nothing")
            hold(all(set(members) <= set(atoms) for members in unions.values()), "a union holds what is no atom")

    def test_features_repeat(self) -> None:
        """Reading again, and making it again, gives the same bytes."""
        for keys in self.examples:
            source, again = self.built(keys), self.built(keys)
            runs = [list(source.features()), list(source.features()), list(again.features())]
            hold(runs[0], "there are no features")
            told = [[getattr(b, name).tobytes() for b in run for name in _COLUMNS] for run in runs]
            hold(told[0] == told[1], "a second reading gives other features")
            hold(told[0] == told[2], "the same keys give other features; take chance from context.seed")

    def test_blocks_are_columns(self) -> None:
        """Columns have their types, lie in one piece and cannot be changed."""
        for keys in self.examples:
            for block in self.built(keys).features():
                for name, dtype in _COLUMNS.items():
                    array = getattr(block, name)
                    hold(array.dtype == dtype, f"{name} is {array.dtype}, not {np.dtype(dtype)}")
                    hold(array.flags.c_contiguous and not array.flags.writeable, f"{name} is strided or writeable")

    def test_tiles_hold_no_more_than_asked(self) -> None:
        """`max_rows` is kept, and cuts nothing off."""
        for keys in self.examples:
            source = self.built(keys)
            whole = listed(source.features())
            for max_rows in (1, 7, 64, 1000):
                blocks = list(source.features(max_rows))
                hold(all(1 <= len(block) <= max_rows for block in blocks), f"a block is empty or above {max_rows} rows")
                hold(listed(blocks) == whole, f"other features with max_rows={max_rows}")

    def test_no_feature_comes_twice(self) -> None:
        """Nothing is exposed twice."""
        for keys in self.examples:
            everything = listed(self.built(keys).features())
            hold(len({vertices for _, _, vertices in everything}) == len(everything), "a feature comes twice")

    def test_deep_comes_before_shallow(self) -> None:
        """No block holds a feature deeper than the shallowest of the block before it."""
        for keys in self.examples:
            for max_rows in (3, 65_536):
                shallowest = np.inf
                for block in self.built(keys).features(max_rows):
                    hold(block.xyz_um[:, 2].max() <= shallowest, "a deep feature comes behind a shallow one")
                    shallowest = block.xyz_um[:, 2].min()

    def test_features_start_at_the_lower_left_corner(self) -> None:
        """x and y are not negative, and the shallowest plane is at depth 0."""
        for keys in self.examples:
            corners = [(block.xyz_um.min(axis=0), block.xyz_um.max(axis=0)) for block in self.built(keys).features()]
            low, high = np.min([c[0] for c in corners], axis=0), np.max([c[1] for c in corners], axis=0)
            hold(np.isfinite(high).all(), "a coordinate is not finite")
            hold((low >= -1e-6).all() and low[2] == 0.0, f"the lowest corner is {low}, not at the origin")

    def test_part_numbers_are_parts(self) -> None:
        """Every feature carries an atom."""
        for keys in self.examples:
            source = self.built(keys)
            n_atoms = len(source.parts.atoms)
            hold(all(block.part.max() < n_atoms for block in source.features()), "a feature carries no known part")

    def test_area_covers_features(self) -> None:
        """Where there is an area, everything lies in it."""
        for keys in self.examples:
            source = self.built(keys)
            area = source.area()
            if area is None:
                continue
            hold(isinstance(area, Area) and not area.is_empty, "`area` gives no lasercam Area")
            for block in source.features():
                inside = area.contains(block.xyz_um[:, :2], within_um=1e-3)
                hold(inside.all(), "a feature lies outside of `area`")

    def test_hostile_values_are_refused_or_streamed(self) -> None:
        """Any value of any key is either refused in words or makes features."""
        for what, keys in self._damaged():
            try:
                block = next(iter(self.built(keys).features(100)))
            except (ValidationError, LasercamError):
                continue
            hold(1 <= len(block) <= 100, f"{what}: a block of {len(block)} rows")
            hold(np.isfinite(block.xyz_um).all(), f"{what}: a coordinate is not finite")

    def test_unknown_keys_are_refused(self) -> None:
        """A typing slip is an error."""
        for keys in self.examples:
            try:
                self.built({**keys, "colour_of_the_glass": "blue"})
            except ValidationError as error:
                hold("Extra inputs" in str(error), "an unknown key is refused for another reason")
            else:
                hold(False, "an unknown key is accepted; subclass Placement")  # noqa: FBT003 # it has failed

    def _damaged(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The examples with every value, and every item of a list, replaced by every hostile one."""
        for example in self.examples:
            for key, value in example.items():
                if key == "type":
                    continue
                for bad in HOSTILE:
                    yield f"{key}: {bad!r}", {**example, key: bad}
                    for i in range(len(value) if isinstance(value, list) else 0):
                        yield f"{key}[{i}]: {bad!r}", {**example, key: [*value[:i], bad, *value[i + 1 :]]}
