"""Pattern types, checks and dialects of a running program: registered without a package of their own."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, TypeAlias, TypeVar, get_origin, get_type_hints

import numpy as np
import numpy.typing as npt
from pydantic import Field, create_model

from lasercam.errors import PatternError, PluginError
from lasercam.model.feature import FeatureBlock, Parts, parts, per_feature, tiles
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, SourceContext
from lasercam.pipeline import registry

Lines: TypeAlias = Iterable[npt.ArrayLike]
"""Vertices of each line, (N, 2) x and y or (N, 3) with depth, µm; a single vertex is a dot."""
Drawn: TypeAlias = Lines | Mapping[str, Lines]
"""Lines of the one part `all`, or lines by part."""

F = TypeVar("F", bound=Callable[..., Any])
C = TypeVar("C", bound=type)


def source(name: str) -> Callable[[F], F]:
    """Make a function a pattern type: its arguments are the keys, what it returns is written.

    The keys are typed like those of every pattern (`lasercam.Length` reads "5 um" into µm); `Annotated[int, "how
    many"]` describes one for `lasercam explain` and editors. Jobs know the type as long as the program runs.

    >>> import lasercam as lc, numpy as np
    >>> @lc.source("zigzag")
    ... def zigzag(teeth: int, size: lc.Length):
    ...     '''A zigzag line.'''
    ...     x = np.arange(2 * teeth + 1) * size / 2
    ...     return [np.column_stack([x, size * (np.arange(len(x)) % 2)])]
    >>> lc.forget_source("zigzag")

    Raises:
        InputError: an installed package offers that name.
        PluginError: an argument has no type, or no name to be given by.
    """

    def add(function: F) -> F:
        registry.refuse_taken(registry.SOURCES, name)
        registry.register(registry.SOURCES, name, _source_type(name, function))
        return function

    return add


def register_source(name: str, kind: type) -> None:
    """Make a class a pattern type, as an entry point in `lasercam.sources` would; see docs/extending.md."""
    registry.register(registry.SOURCES, name, kind)


def forget_source(name: str) -> None:
    """Jobs know that pattern type no more."""
    registry.forget(registry.SOURCES, name)


def register_check(name: str, kind: type) -> None:
    """Make a class a check, as an entry point in `lasercam.checks` would."""
    registry.register(registry.CHECKS, name, kind)


def forget_check(name: str) -> None:
    """That check judges no more."""
    registry.forget(registry.CHECKS, name)


def register_dialect(name: str, kind: type) -> None:
    """Make a class a dialect, as an entry point in `lasercam.dialects` would."""
    registry.register(registry.DIALECTS, name, kind)


def forget_dialect(name: str) -> None:
    """Machine profiles know that dialect no more."""
    registry.forget(registry.DIALECTS, name)


def _source_type(name: str, function: Callable[..., Any]) -> type:
    """The class that jobs see."""
    keys_type = _keys(name, function)
    own = [key for key in keys_type.model_fields if key not in Placement.model_fields]
    about = (inspect.getdoc(function) or f"{name}, a function of this program").strip()

    class FunctionSource:
        """A pattern made by a function."""

        Keys: ClassVar[type[Placement]] = keys_type
        summary: ClassVar[str] = about.splitlines()[0].rstrip(".")

        def __init__(self, keys: Placement, context: SourceContext) -> None:
            drawn = function(**{key: getattr(keys, key) for key in own})
            self._blocks = list(_blocks(drawn if isinstance(drawn, Mapping) else {"all": drawn}))
            self._parts = parts(list(drawn) if isinstance(drawn, Mapping) else ["all"])

        @property
        def parts(self) -> Parts:
            return self._parts

        def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
            for block in self._blocks:
                yield from tiles(block, max_rows)

        def area(self) -> Any | None:
            return None

    FunctionSource.__doc__ = about
    FunctionSource.__module__, FunctionSource.__qualname__ = function.__module__, function.__qualname__
    return FunctionSource


def _keys(name: str, function: Callable[..., Any]) -> type[Placement]:
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {"type": (Literal[name], Field(description="This pattern type."))}
    for key, argument in inspect.signature(function).parameters.items():
        if argument.kind in (argument.VAR_POSITIONAL, argument.VAR_KEYWORD, argument.POSITIONAL_ONLY):
            raise PluginError(f"pattern type '{name}': the argument '{key}' has no name to be given by; write it out")
        if key not in hints:
            raise PluginError(f"pattern type '{name}': the argument '{key}' has no type; write {key}: lasercam.Length")
        if key in Placement.model_fields:
            raise PluginError(f"pattern type '{name}': every pattern has the key '{key}' already; rename the argument")
        told = [m for m in getattr(hints[key], "__metadata__", ()) if isinstance(m, str)]
        about = told[0] if told and get_origin(hints[key]) is Annotated else f"The argument {key}."
        default = ... if argument.default is argument.empty else argument.default
        fields[key] = (hints[key], Field(default, description=about))
    return create_model(f"{name}_keys", __base__=Placement, **fields)


def _blocks(drawn: Mapping[str, Lines]) -> Iterator[FeatureBlock]:
    """All lines, deepest first, each with the number of its part."""
    lines: list[np.ndarray[Any, np.dtype[np.float64]]] = []
    part: list[int] = []
    for number, of_part in enumerate(drawn.values()):
        for line in of_part:
            points = np.atleast_2d(np.asarray(line, np.float64))
            if points.ndim != 2 or points.shape[1] not in (2, 3) or not len(points):
                raise PatternError(f"a line has vertices of shape (N, 2) or (N, 3), not {points.shape}")
            flat = points.shape[1] == 2
            lines.append(np.column_stack((points, np.zeros(len(points)))) if flat else points)
            part.append(number)
    if not lines:
        raise PatternError("the pattern is empty")
    deepest = np.array([line[:, 2].max() for line in lines])
    for depth in np.unique(deepest)[::-1]:
        chosen = np.flatnonzero(deepest == depth)
        xyz = np.ascontiguousarray(np.concatenate([lines[i] for i in chosen]))
        offsets = np.concatenate(([0], np.cumsum([len(lines[i]) for i in chosen]))).astype(np.int64)
        yield FeatureBlock(xyz, offsets, per_feature(np.array([part[i] for i in chosen], np.uint16), len(chosen)),
                           per_feature(0, len(chosen)))  # fmt: skip
