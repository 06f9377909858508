"""Two QR codes in one area: every module says whether it is dark in the one, the other, both or neither."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from lasercam.errors import InputError, PatternError, Problem
from lasercam.geometry.area import Area
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock, Parts, per_feature, tiles
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, CodeSquare, SourceContext
from lasercam.schema.quantities import Depth, PositiveLength
from lasercam.sources.qr import MAX_FEATURES, MIN_MODULE_UM, TILE_MODULES
from lasercam.sources.qr_matrix import encode, finder_mask

_CHANNELS = ("none", "only_b", "only_a", "both")
_COUNTS = ("few_plain", "few_secret", "many_plain", "many_secret")
_NOTES = {
    "channels": (
        "channels: codes a and b are read apart where the process gives each its own colour: write only_a and both with"
        " the recipe of one colour, then only_b and both with the other's, `over` the first step. It fits processes"
        " whose second exposure adds its colour; where it replaces the first (glass_bri_rewrite), or one exposure"
        " already gives two colours (glass_bri_lines), use decoy_count"
    ),
    "decoy_count": (
        "decoy_count: write all, then rewrite secret with a process that changes the colour (glass_bri_lines, then"
        " glass_bri_rewrite, which was shown for lines: fill hatch). Through a filter that passes the new colour only,"
        " the secret is as uneven as the decoy: expose long, or take the share of red in red and green. A camera that"
        " sees colours can tell the secret without a filter"
    ),
}


def _version(value: object) -> object:
    """A number or `auto`."""
    text = str(value).strip()
    if text != "auto" and (not re.fullmatch(r"[0-9]{1,2}", text) or not 1 <= int(text) <= 40):
        raise ValueError(f"'{text[:20]}' is not a version; give 1 to 40, or auto for the lowest that fits both")
    return text if text == "auto" else int(text)


class QrDualKeys(Placement):
    """Keys of two QR codes in one area."""

    type: Literal["qr_dual"]
    mode: Literal["channels", "decoy_count"]
    """`channels`: a colour for each code. `decoy_count`: code a by few or many dots or lines per module, code b by
    whether a module is rewritten."""
    text_a: str
    """What code a says; with decoy_count the decoy, which anyone reads."""
    text_b: str
    """What code b says; with decoy_count the secret."""
    version: Annotated[Literal["auto"] | Annotated[int, Field(ge=1, le=40)], BeforeValidator(_version)] = "auto"
    """Size of both: version V has 17 + 4 V modules along a side; `auto` takes the lowest that fits both."""
    error_correction: Literal["L", "M", "Q", "H"] = "M"
    """Share of wrong modules each can stand, about 7, 15, 25 or 30 %."""
    module: PositiveLength
    """Side of a module."""
    quiet_zone: Annotated[int, Field(ge=0, le=100)] = 4
    """Width of the empty border, in modules."""
    fill: Literal["hatch", "dot_cluster"] = "dot_cluster"
    """Modules of parallel lines, or of dots."""
    per_module: Annotated[int, Field(ge=2, le=100)] = 3
    """Lines in a module, or dots along its side; of a dim module with decoy_count there is one."""
    solid_finder: bool | None = None
    """With channels and dots: finder patterns with twice as many dots along a side; absent: they have."""
    inset: Depth | None = None
    """How far inside the outlines lines end, so that lines of touching parts keep apart; absent: half their pitch."""

    @model_validator(mode="after")
    def _keys_fit_each_other(self) -> "QrDualKeys":
        if self.text_a == self.text_b:
            raise ValueError("text_a and text_b say the same; use type: qr for one code")
        if self.inset is not None and self.fill != "hatch":
            raise ValueError("'inset' means nothing with fill: dot_cluster; it belongs to hatch")
        if self.solid_finder is not None and (self.fill, self.mode) != ("dot_cluster", "channels"):
            raise ValueError(
                "'solid_finder' belongs to fill: dot_cluster with mode: channels; otherwise finder patterns are written"
                " as the data is"
            )
        return self


class QrDual:
    """Two QR codes of one version on one grid of modules.

    Atoms of `channels`: `only_a`, `only_b` and `both`, dark in one code or in both; modules dark in neither are not
    written. Atoms of `decoy_count`: `few_plain`, `few_secret`, `many_plain` and `many_secret`; `many` is dark in
    code a, `secret` is dark in code b, and every module is written.
    """

    Keys: ClassVar[type[Placement]] = QrDualKeys
    summary: ClassVar[str] = "two QR codes in one area: one per colour, or a decoy by dot count and a secret by colour"

    def __init__(self, keys: QrDualKeys, context: SourceContext) -> None:
        self._keys = keys
        self._locate = context.locate
        self._payloads = tuple(self._bytes(key) for key in ("text_a", "text_b"))
        self._a, self._b = self._encoded()
        self._side = len(self._a) + 2 * keys.quiet_zone
        self._inset_um = keys.module / keys.per_module / 2.0 if keys.inset is None else keys.inset
        self._refuse_unwritable()

    @property
    def modules(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """bool (N, N) of code a and code b, True is dark, row 0 at the top, without quiet zone; read-only."""
        return self._a, self._b

    @property
    def parts(self) -> Parts:
        """Atoms by mode, and unions for each code."""
        if self._keys.mode == "channels":
            atoms = _CHANNELS[1:]
            return Parts(atoms, {"a": ("only_a", "both"), "b": ("only_b", "both"), "all": atoms})
        unions = {word: tuple(a for a in _COUNTS if word in a) for word in ("few", "many", "plain", "secret")}
        return Parts(_COUNTS, {**unions, "all": _COUNTS})

    @property
    def notes(self) -> tuple[str, ...]:
        """Which processes can write it, for the source does not know them."""
        version = (len(self._a) - 17) // 4
        size = f"two codes of version {version}, {len(self._a)} modules of {self._keys.module:g} µm"
        return size, _NOTES[self._keys.mode]

    @property
    def code_squares(self) -> tuple[CodeSquare, ...]:
        """Both codes, in the same square."""
        keys = self._keys
        low = keys.quiet_zone * keys.module
        high = low + len(self._a) * keys.module
        corners = np.array([(low, low), (high, low), (high, high), (low, high)])
        judged = keys.fill == "dot_cluster" and keys.mode == "channels"
        return tuple(
            CodeSquare(
                name,
                payload,
                corners,
                len(self._a),
                keys.error_correction,
                self.parts.atoms,
                dots_per_module=keys.per_module if judged else None,
                solid_finder=keys.solid_finder is not False if judged else None,
            )
            for name, payload in zip(("a", "b"), self._payloads, strict=True)
        )

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Every atom's dots or lines, square by square, in blocks of at most `max_rows`."""
        return tiles(self._all_features, max_rows)

    def area(self) -> Area:
        """The square, quiet zone included."""
        side = self._side * self._keys.module
        return Area.from_rectangles([(0.0, 0.0)], [(side, side)])

    @cached_property
    def _cells(self) -> NDArray[np.int64]:
        """int64 (N, N), 2 for dark in a plus 1 for dark in b; row 0 at the bottom."""
        return (2 * self._a + self._b)[::-1].astype(np.int64)

    @cached_property
    def _all_features(self) -> FeatureBlock:
        first = 1 if self._keys.mode == "channels" else 0
        made = [self._atom(cell) for cell in range(first, 4)]
        part = np.concatenate([np.full(len(start), i, np.uint16) for i, (start, _) in enumerate(made)])
        start, end = (np.concatenate([pair[i] for pair in made]) for i in (0, 1))
        corner = self._keys.quiet_zone * self._keys.module
        if self._keys.fill == "hatch":
            xy, offsets = np.stack((start, end), axis=1).reshape(-1, 2), 2 * np.arange(len(start) + 1, dtype=np.int64)
        else:
            xy, offsets = start, np.arange(len(start) + 1, dtype=np.int64)
        square = np.floor(0.5 * (start + end) / (TILE_MODULES * self._keys.module)).astype(np.int64)
        order = np.lexsort((square[:, 0], square[:, 1]))
        xyz = np.column_stack((xy + corner, np.zeros(len(xy))))
        return FeatureBlock(np.ascontiguousarray(xyz), offsets, part, per_feature(0, len(part))).take(order)

    def _atom(self, cell: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Starts and ends (N, 2) of one kind of cell's lines, from the symbol's corner; dots have both equal."""
        keys = self._keys
        chosen = self._cells == cell
        n = 1 if keys.mode == "decoy_count" and cell < 2 else keys.per_module
        if keys.fill == "hatch":
            return self._lines(chosen, n)
        if keys.mode == "decoy_count" or keys.solid_finder is False:
            dots = self._dots(chosen, n)
        else:
            finder = finder_mask(len(self._a))[::-1]
            dots = np.concatenate((self._dots(chosen & finder, 2 * n), self._dots(chosen & ~finder, n)))
        return dots, dots

    def _lines(self, chosen: NDArray[np.bool_], n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`n` lines through every run of chosen modules in a row."""
        module = self._keys.module
        edge = np.diff(np.pad(chosen, ((0, 0), (1, 1))).astype(np.int8), axis=1)
        row, begin = np.nonzero(edge == 1)
        _, end = np.nonzero(edge == -1)
        y = ((row[:, None] + (np.arange(n) + 0.5) / n) * module).ravel()
        low, high = (np.repeat(column * module, n) for column in (begin, end))
        return np.column_stack((low + self._inset_um, y)), np.column_stack((high - self._inset_um, y))

    def _dots(self, chosen: NDArray[np.bool_], n: int) -> NDArray[np.float64]:
        """n × n dots in every chosen module."""
        row, column = np.nonzero(chosen)
        inside_y, inside_x = np.divmod(np.arange(n * n), n)
        x = (column[:, None] + (inside_x + 0.5) / n) * self._keys.module
        y = (row[:, None] + (inside_y + 0.5) / n) * self._keys.module
        return np.column_stack((x.ravel(), y.ravel()))

    def _bytes(self, key: str) -> bytes:
        try:
            payload = str(getattr(self._keys, key)).encode("utf-8")
        except UnicodeEncodeError as error:
            raise InputError(Problem(f"'{key}' holds half a character: {error.reason}", self._locate(key))) from error
        if not payload:
            raise InputError(Problem(f"'{key}' is empty; a QR code says something", self._locate(key)))
        return payload

    def _encoded(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Both codes in the lowest version that fits both, or in the one asked for."""
        keys = self._keys
        version = keys.version if isinstance(keys.version, int) else None
        codes = []
        for key, payload in zip(("text_a", "text_b"), self._payloads, strict=True):
            try:
                codes.append(encode(payload, keys.error_correction, version))
            except PatternError as error:
                raise InputError(Problem(f"'{key}': {error}", self._locate(key))) from error
        common = (max(len(code) for code in codes) - 17) // 4
        a, b = (encode(payload, keys.error_correction, common) for payload in self._payloads)
        return a, b

    def _refuse_unwritable(self) -> None:
        keys = self._keys
        side = self._side * keys.module
        if keys.module < MIN_MODULE_UM or side > MAX_COORDINATE_UM:
            raise InputError(
                Problem(
                    f"modules of {keys.module:g} µm make codes of {side:g} µm; a module has at least"
                    f" {MIN_MODULE_UM:g} µm and a code at most {MAX_COORDINATE_UM:g} µm",
                    self._locate("module"),
                    "Check the unit.",
                )
            )
        if keys.fill == "hatch" and 2.0 * self._inset_um >= keys.module * (1.0 - 1e-9):
            raise InputError(
                Problem(
                    f"an inset of {self._inset_um:g} µm on both sides leaves nothing of a module of {keys.module:g} µm",
                    self._locate("inset"),
                    f"Half the line pitch is {keys.module / keys.per_module / 2.0:g} µm.",
                )
            )
        n: float = len(self._a) ** 2 * (keys.per_module if keys.fill == "hatch" else keys.per_module**2)
        if n + 3 * 64 * 4 * keys.per_module**2 > MAX_FEATURES:
            raise InputError(
                Problem(
                    f"the codes would take up to {n:.3g} dots or lines; at most {MAX_FEATURES:,} are allowed",
                    self._locate("per_module"),
                    "Write fewer of them per module.",
                )
            )
