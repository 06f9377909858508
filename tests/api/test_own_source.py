"""Rooms of a running program: a function as a pattern type, a class as a check."""

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import pytest

import lasercam as lc
from lasercam.api.catalogue import job_schema, pattern_types
from lasercam.pipeline import registry
from tests.api.test_job import five_lines


@pytest.fixture
def zigzag() -> Iterator[None]:
    @lc.source("zigzag")
    def draw(teeth: Annotated[int, "How many teeth."], size: lc.Length, deep: lc.Depth = 0.0) -> Any:
        """A zigzag line, and a dot at its end."""
        x = np.arange(2 * teeth + 1) * size / 2
        line = np.column_stack([x, size * (np.arange(len(x)) % 2), np.full(len(x), deep)])
        return {"line": [line], "end": [line[-1:] + np.array([size, 0, 0])]}

    yield
    lc.forget_source("zigzag")


def test_a_function_is_a_pattern_type(zigzag: None) -> None:
    assert "zigzag" in pattern_types()
    job = five_lines(
        patterns={"z": lc.Pattern("zigzag", teeth=3, size="20 um", deep="5 um", at=["1 mm", "1 mm"], depth="200 um")},
        steps=[lc.Step(name="first", write={"z.line": "dual"})],
    )
    (block,) = job.features("z")
    assert block.xyz_um[block.offsets[:-1]].tolist() == [[1000, 1000, 205], [1080, 1000, 205]]
    assert job.patterns == {"z": ("line", "end", "all")}
    assert job.sections[0].n_exposures == 6
    assert "How many teeth." in lc.explain("zigzag")
    assert lc.explain("patterns.zigzag.size").startswith("patterns.zigzag.size: the argument size")
    assert "pattern_zigzag" in job_schema()["$defs"]
    with pytest.raises(lc.InputError, match=r"patterns.z.teeth: '1.5' does not fit 'teeth'"):
        five_lines(
            patterns={"z": lc.Pattern("zigzag", teeth="1.5", size="20 um")}, steps=[{"name": "a", "manual": "b"}]
        )


def test_it_is_forgotten(zigzag: None) -> None:
    lc.forget_source("zigzag")
    assert "zigzag" not in pattern_types()


def test_installed_names_are_taken() -> None:
    with pytest.raises(lc.InputError, match="'qr' is installed already"):
        lc.source("qr")(five_lines)


def test_arguments_have_types_and_names() -> None:
    def untyped(size):  # type: ignore[no-untyped-def]
        return [size]

    def variable(*sizes: float) -> Any:
        return [sizes]

    def taken(depth: lc.Depth) -> Any:
        return [depth]

    for function, said in ((untyped, "has no type"), (variable, "has no name"), (taken, "has the key 'depth' already")):
        with pytest.raises(lc.PluginError, match=said):
            lc.source("bad")(function)
    assert "bad" not in pattern_types()


@pytest.mark.parametrize(
    ("drawn", "said"),
    [
        ([], "the pattern is empty"),
        ([[[1, 2, 3, 4]]], r"not \(1, 4\)"),
        ([[[np.nan, 0.0]]], "makes geometry that cannot be used"),
        (None, "at fault, not lasercam: TypeError"),
        (["abc"], "at fault, not lasercam: ValueError"),
    ],
)
def test_what_it_draws_is_looked_at(drawn: Any, said: str) -> None:
    lc.source("odd")(lambda: drawn)
    try:
        with pytest.raises(lc.InputError, match=said):
            five_lines(patterns={"z": lc.Pattern("odd")}, steps=[lc.Step(name="a", write={"z": "dual"})])
    finally:
        lc.forget_source("odd")


def test_a_check_of_the_program_judges() -> None:
    from lasercam.model.finding import CodeInfo, Finding, Severity

    class Ban:
        codes = (CodeInfo("W_BAN", Severity.WARNING, "Everything is banned", "For a test."),)

        def begin(self, context: Any) -> None:
            self._place = context.locate("job")

        def block(self, block: Any) -> None:
            pass

        def end(self) -> Any:
            return [Finding("W_BAN", Severity.WARNING, "banned", "machine", location=self._place)]

    lc.register_check("ban", Ban)
    try:
        assert "W_BAN" in {f.code for f in five_lines().check().findings}
    finally:
        lc.forget_check("ban")
    assert "W_BAN" not in {f.code for f in five_lines().check().findings}
    assert "ban" not in registry.names(registry.CHECKS)
