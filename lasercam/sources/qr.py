"""QR codes: every module, dark and light, as geometry that recipes can attach to."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from lasercam.errors import InputError, PatternError, Problem
from lasercam.geometry.area import Area
from lasercam.geometry.polylines import Polylines
from lasercam.model.feature import MAX_COORDINATE_UM, FeatureBlock, Parts, per_feature, tiles
from lasercam.model.job import Placement
from lasercam.model.protocols import MAX_TILE_ROWS, CodeSquare, SourceContext
from lasercam.schema.quantities import Angle, Depth, PositiveLength
from lasercam.sources.fill import FillKeys, fill_area
from lasercam.sources.qr_matrix import encode, finder_mask

MAX_FEATURES = 5_000_000
"""Dots or lines of one code: a version 40 code with 12 × 12 dots per module."""
MIN_MODULE_UM = 1e-3
"""Ten ticks of the toolpath; smaller modules are slips of the unit."""
TILE_MODULES = 8
"""Features are listed by squares of this many modules, so that neighbours come together."""

_ATOMS = ("finder_dark", "finder_light", "data_dark", "data_light", "quiet")
_READS = {
    "hatch": ("hatch_pitch", "hatch_angle", "inset"),
    "concentric": ("hatch_pitch", "inset"),
    "dots": ("finder_pitch",),
    "dot_cluster": ("cluster", "finder_pitch"),
}


def _version(value: object) -> object:
    """A number or `auto`; Micro QR codes get their own answer."""
    text = str(value).strip()
    if re.fullmatch(r"[Mm][1-4]", text):
        raise ValueError(f"'{text}' is a Micro QR code, which is not made; give 1 to 40, or auto")
    if text == "auto":
        return text
    if not re.fullmatch(r"[0-9]{1,2}", text) or not 1 <= int(text) <= 40:
        raise ValueError(f"'{text[:20]}' is not a version; give 1 to 40, or auto for the lowest that fits")
    return int(text)


class QrKeys(Placement):
    """Keys of a QR code."""

    type: Literal["qr"]
    text: str | None = None
    """What it says, encoded as UTF-8."""
    url: str | None = None
    """The address it leads to, instead of `text`."""
    version: Annotated[Literal["auto"] | Annotated[int, Field(ge=1, le=40)], BeforeValidator(_version)] = "auto"
    """Size: version V has 17 + 4 V modules along a side; `auto` takes the lowest that fits."""
    error_correction: Literal["L", "M", "Q", "H"] = "M"
    """Share of wrong modules it can stand, about 7, 15, 25 or 30 %."""
    module: PositiveLength
    """Side of a module."""
    quiet_zone: Annotated[int, Field(ge=0, le=100)] = 4
    """Width of the empty (or, with `light_written`, written) border, in modules."""
    polarity: Literal["dark_written", "light_written"] = "dark_written"
    """Which modules `written` stands for: those the standard calls dark, or the light ones and the border."""
    fill: Literal["hatch", "dots", "dot_cluster", "concentric"] = "dot_cluster"
    """`dots`: one per module; `dot_cluster`: several; `hatch`: lines; `concentric`: rings along the outlines."""
    cluster: Annotated[int, Field(ge=2, le=100)] = 2
    """Dots along a side of a module: 2 stands for 2 × 2."""
    solid_finder: bool = True
    """Whether the finder patterns are written closed, even where data modules are separate dots."""
    finder_pitch: PositiveLength | None = None
    """Distance of dots in solid finder patterns, a whole fraction of the module; absent: half that of the data."""
    hatch_pitch: PositiveLength | None = None
    """Distance from line to line or ring to ring."""
    hatch_angle: Angle = 0.0
    """Direction of hatch lines, counterclockwise from x."""
    inset: Depth | None = None
    """How far inside the outlines lines end; absent: 0 for hatch, half a pitch for rings, so that the rings of
    touching parts are a pitch apart."""

    @model_validator(mode="after")
    def _keys_fit_each_other(self) -> "QrKeys":
        if (self.text is None) == (self.url is None):
            raise ValueError("give what the code says as 'text' or as 'url', one of them")
        if self.url is not None and not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", self.url):
            raise ValueError("a url starts with a scheme such as https: and has no spaces; use 'text' for other texts")
        for key in ("cluster", "finder_pitch", "hatch_pitch", "hatch_angle", "inset"):
            if key in self.model_fields_set and getattr(self, key) is not None and key not in _READS[self.fill]:
                readers = ", ".join(fill for fill, keys in _READS.items() if key in keys)
                raise ValueError(f"'{key}' means nothing with fill: {self.fill}; it belongs to {readers}")
        if "hatch_pitch" in _READS[self.fill] and self.hatch_pitch is None:
            raise ValueError(f"fill: {self.fill} needs the key 'hatch_pitch'")
        if not self.solid_finder and "finder_pitch" not in _READS[self.fill]:
            raise ValueError(f"with fill: {self.fill} finder patterns are as solid as the data; drop 'solid_finder'")
        if not self.solid_finder and self.finder_pitch is not None:
            raise ValueError("'finder_pitch' means nothing without 'solid_finder'")
        return self

    @property
    def hatch_keys(self) -> FillKeys:
        """The filling of an area by lines."""
        pitch = self.hatch_pitch
        if self.fill == "concentric" and pitch is not None:
            inset = pitch / 2.0 if self.inset is None else self.inset
            return FillKeys(fill="contour", hatch_pitch=pitch, inset=inset)
        return FillKeys(fill="hatch", hatch_pitch=pitch, hatch_angle=self.hatch_angle, inset=self.inset or 0.0)


class QrCode:
    """A QR code with its quiet zone.

    Atoms: `finder_dark`, `finder_light` (the three finder patterns, separators included), `data_dark`, `data_light`
    (all other modules) and `quiet`. They fill the square without overlap, whatever the polarity; `written`, which is
    also what the pattern's bare name means, is the half that makes the code readable.
    """

    Keys: ClassVar[type[Placement]] = QrKeys
    summary: ClassVar[str] = "QR code: hatched or dotted modules, dark and light ones as parts"

    def __init__(self, keys: QrKeys, context: SourceContext) -> None:
        self._keys = keys
        self._locate = context.locate
        key = "url" if keys.text is None else "text"
        self._payload = self._bytes(keys.text if keys.url is None else keys.url, key)
        try:
            version = keys.version if isinstance(keys.version, int) else None
            self._modules = encode(self._payload, keys.error_correction, version)
        except PatternError as error:
            raise InputError(Problem(str(error), self._locate(key))) from error
        self._side = len(self._modules) + 2 * keys.quiet_zone
        self._refuse_unreadable()
        self._dots_per_side = self._dot_counts() if "hatch_pitch" not in _READS[keys.fill] else (0, 0)
        self._refuse_too_many()

    @property
    def modules(self) -> NDArray[np.bool_]:
        """bool (N, N), True is dark, row 0 at the top, without quiet zone; read-only."""
        return self._modules

    @property
    def payload(self) -> bytes:
        """What a reader must find."""
        return self._payload

    @property
    def parts(self) -> Parts:
        """Five atoms (four without a quiet zone), and unions by polarity."""
        shade = self._keys.polarity.removesuffix("_written")
        border = ("quiet",) if self._keys.quiet_zone else ()
        modules = (f"finder_{shade}", f"data_{shade}")
        written = (*modules, *border) if shade == "light" else modules
        unions = {
            "dark": ("finder_dark", "data_dark"),
            "light": ("finder_light", "data_light"),
            "finder": modules[:1],
            "data": modules[1:],
            "written": written,
            # The bare name of the pattern must not fill the whole square.
            "all": written,
        }
        return Parts((*_ATOMS[:4], *border), unions)

    @property
    def code_squares(self) -> tuple[CodeSquare, ...]:
        """The one code."""
        keys = self._keys
        low = keys.quiet_zone * keys.module
        high = low + len(self._modules) * keys.module
        return (
            CodeSquare(
                "",
                self._payload,
                np.array([(low, low), (high, low), (high, high), (low, high)]),
                len(self._modules),
                keys.error_correction,
                _ATOMS[:4],
                self.parts.atoms[4:],
                self._dots_per_side[0] or None,
                keys.solid_finder if self._dots_per_side[0] else None,
            ),
        )

    def features(self, max_rows: int = MAX_TILE_ROWS) -> Iterator[FeatureBlock]:
        """Every atom's dots or lines, square by square, in blocks of at most `max_rows`."""
        return tiles(self._all_features, max_rows)

    def area(self) -> Area:
        """The square, quiet zone included."""
        side = self._side * self._keys.module
        return Area.from_rectangles([(0.0, 0.0)], [(side, side)])

    @cached_property
    def _atom_of(self) -> NDArray[np.int64]:
        """int64 (side, side), the atom of each module, row 0 at the bottom."""
        finder = finder_mask(len(self._modules))
        atoms = 2 * ~finder + ~self._modules
        return np.pad(atoms[::-1], self._keys.quiet_zone, constant_values=_ATOMS.index("quiet"))

    @cached_property
    def _all_features(self) -> FeatureBlock:
        if self._keys.fill in ("dots", "dot_cluster"):
            xy, part = self._dots()
            offsets = np.arange(len(xy) + 1, dtype=np.int64)
            middle = xy
        else:
            lines, part = self._lines()
            xy, offsets = lines.xy_um, lines.offsets
            middle = np.add.reduceat(xy, offsets[:-1]) / lines.n_vertices[:, None]
        square = np.floor(middle / (TILE_MODULES * self._keys.module)).astype(np.int64)
        order = np.lexsort((square[:, 0], square[:, 1]))
        xyz = np.column_stack((xy, np.zeros(len(xy))))
        block = FeatureBlock(np.ascontiguousarray(xyz), np.array(offsets), part, per_feature(0, len(part)))
        return block.take(order)

    def _lines(self) -> tuple[Polylines, NDArray[np.uint16]]:
        """Lines of all atoms, each filled as one area, on rows counted from the symbol's corner."""
        # One list of edges, so that touching modules share theirs bit for bit.
        edges = np.arange(self._side + 1) * self._keys.module
        filled = []
        for atom in range(len(self.parts.atoms)):
            row, column = np.nonzero(self._atom_of == atom)
            lower = np.column_stack((edges[column], edges[row]))
            upper = np.column_stack((edges[column + 1], edges[row + 1]))
            filled.append(fill_area(Area.from_rectangles(lower, upper), self._keys.hatch_keys))
        part = np.repeat(np.arange(len(filled), dtype=np.uint16), [len(lines) for lines in filled])
        return Polylines.concatenate(filled), part

    def _dots(self) -> tuple[NDArray[np.float64], NDArray[np.uint16]]:
        """Dots of all atoms: positions (N, 2) in µm and atoms (N,)."""
        positions, parts = [], []
        in_data, in_finder = self._dots_per_side
        for chosen, n in (((2, 3, 4), in_data), ((0, 1), in_finder)):
            row, column = np.nonzero(np.isin(self._atom_of, chosen))
            inside_y, inside_x = np.divmod(np.arange(n * n), n)
            x = (column[:, None] + (inside_x + 0.5) / n) * self._keys.module
            y = (row[:, None] + (inside_y + 0.5) / n) * self._keys.module
            positions.append(np.column_stack((x.ravel(), y.ravel())))
            parts.append(np.repeat(self._atom_of[row, column], n * n).astype(np.uint16))
        return np.concatenate(positions), np.concatenate(parts)

    def _dot_counts(self) -> tuple[int, int]:
        """Dots along a side of a data module and of a finder module."""
        keys = self._keys
        data = keys.cluster if keys.fill == "dot_cluster" else 1
        if not keys.solid_finder:
            return data, data
        if keys.finder_pitch is None:
            return data, 2 * data
        ratio = keys.module / keys.finder_pitch
        if not 1.0 - 1e-9 <= ratio <= 1e4 or abs(ratio - round(ratio)) > 1e-9 * ratio:
            nearest = keys.module / min(max(round(min(ratio, 1e4)), 1), 10_000)
            raise InputError(
                Problem(
                    f"finder_pitch {keys.finder_pitch:g} µm is no whole fraction of the module, {keys.module:g} µm",
                    self._locate("finder_pitch"),
                    f"The nearest that is: {nearest:g} µm.",
                )
            )
        return data, round(ratio)

    def _bytes(self, text: str | None, key: str) -> bytes:
        try:
            payload = (text or "").encode("utf-8")
        except UnicodeEncodeError as error:
            raise InputError(Problem(f"'{key}' holds half a character: {error.reason}", self._locate(key))) from error
        if not payload:
            raise InputError(Problem(f"'{key}' is empty; a QR code says something", self._locate(key)))
        return payload

    def _refuse_unreadable(self) -> None:
        keys = self._keys
        side = self._side * keys.module
        if keys.module < MIN_MODULE_UM or side > MAX_COORDINATE_UM:
            raise InputError(
                Problem(
                    f"modules of {keys.module:g} µm make a code of {side:g} µm; a module has at least"
                    f" {MIN_MODULE_UM:g} µm and a code at most {MAX_COORDINATE_UM:g} µm",
                    self._locate("module"),
                    "Check the unit.",
                )
            )
        if keys.polarity == "light_written" and keys.quiet_zone == 0:
            raise InputError(
                Problem(
                    "a code of light modules needs a written border, or no reader finds it; quiet_zone is 0",
                    self._locate("quiet_zone"),
                    "Give 1 module or more; the standard asks for 4.",
                )
            )
        if keys.hatch_pitch is None:
            return
        free = keys.module - 2.0 * (keys.hatch_keys.inset)
        if free <= 0.0 or (keys.fill == "hatch" and keys.hatch_pitch > free):
            raise InputError(
                Problem(
                    f"with a pitch of {keys.hatch_pitch:g} µm and an inset of {keys.hatch_keys.inset:g} µm single"
                    f" modules of {keys.module:g} µm would stay empty",
                    self._locate("hatch_pitch"),
                    "Pitch and twice the inset together may be as wide as a module.",
                )
            )

    def _refuse_too_many(self) -> None:
        keys = self._keys
        in_data, in_finder = self._dots_per_side
        n: float = self._side**2 * in_data**2 + 3 * 64 * in_finder**2
        if keys.hatch_pitch is not None:
            # Every row changes between dark and light at most once per module.
            n = self._side * (self._side * keys.module / keys.hatch_pitch)
        if n > MAX_FEATURES:
            raise InputError(
                Problem(
                    f"the code would take up to {n:.3g} dots or lines; at most {MAX_FEATURES:,} are allowed",
                    self._locate("fill"),
                    "Check the pitch, and write fewer dots per module.",
                )
            )
