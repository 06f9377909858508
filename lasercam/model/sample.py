"""The physical sample: what it is made of and how large it is."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

from lasercam.errors import shorten
from lasercam.model.mounting import SamplePlacement, SampleZone
from lasercam.schema.document import Document
from lasercam.schema.quantities import Length, OneOrMore, PositiveLength

MATERIALS: dict[str, str] = {
    "br_i_borosilicate": "Cs/Pb/Br/I precursor borosilicate glass",
    "br_borosilicate": "Cs/Pb/Br precursor borosilicate glass",
    "i_borosilicate": "Cs/Pb/I precursor borosilicate glass",
    "cl_br_glass": "Cl-Br perovskite precursor glass",
    "cl_br_i_glass": "Cl-Br-I perovskite precursor glass",
    "borosilicate": "plain borosilicate glass",
    "fused_silica": "fused silica",
    "cspbbr3_film": "CsPbBr3 film on a substrate",
    "perovskite_film": "halide perovskite film on a substrate",
    "perovskite_crystal": "halide perovskite crystal, plate or wire",
    "perovskite_powder": "perovskite and upconversion glass powders",
    "solution": "perovskite nanocrystals in solution",
    "other": "another material; say which in `description`",
}
"""Material ids a sample can have, and what they stand for."""


_WEIGHT = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?|\.\d{1,9})\s*([kmuµ]?)(g|mol)\s*")
_THOUSANDTHS = {"k": 1e6, "": 1e3, "m": 1.0, "u": 1e-3, "µ": 1e-3}


def _weight(unit: str, example: str) -> BeforeValidator:
    """Reads a mass or an amount of substance into thousandths of its unit."""

    def read(value: object) -> float:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        match = _WEIGHT.fullmatch(str(value))
        if match is None or match[3] != unit or float(match[1]) == 0:
            raise ValueError(f"'{shorten(str(value))}' is not above zero with a unit, such as '{example}'")
        return float(match[1]) * _THOUSANDTHS[match[2]]

    return BeforeValidator(read, json_schema_input_type=str)


Mass = Annotated[float, _weight("g", "63.8 mg")]
"""mg."""
Amount = Annotated[float, _weight("mol", "0.3 mmol")]
"""mmol."""


class WeighedIn(Document):
    """One salt of the recipe the sample was made by."""

    mass: Mass
    """As weighed, such as 63.8 mg."""
    amount: Amount
    """As meant, such as 0.3 mmol."""


class Sample(Document):
    """The sample a job writes on."""

    id: Annotated[str, Field(min_length=1, max_length=80)]
    """The lab's name for this piece."""
    material: str
    """A material id of `lasercam list processes`."""
    size: Annotated[tuple[PositiveLength, PositiveLength, PositiveLength], OneOrMore]
    """Width (x), height (y) and thickness (z)."""
    refractive_index: Annotated[float, Field(ge=1, le=4)]
    """At the writing wavelength."""
    origin: Annotated[tuple[Length, Length, Length], OneOrMore] | None = None
    """Where its lower-left surface corner stands on the stage; absent: the machine's work origin."""
    placement: SamplePlacement | None = None
    """How it lies there: turned, shrunken, tilted or bent, as measured; absent: straight, true to size, level, flat."""
    keep_out: tuple[SampleZone, ...] = ()
    """Where nothing may be written: clamps, marks, earlier devices."""
    description: str = ""
    """Batch, composition, preparation."""
    composition: Annotated[str, Field(max_length=80)] = ""
    """Formula of the halide, with numbers only: CsPbBr1.5I1.5; its charges must cancel."""
    ledger: Annotated[str, Field(max_length=200)] = ""
    """The sample's ledger, a path in the job's folder: what it already holds; see `lasercam ledger`."""
    weighed_in: dict[str, WeighedIn] = {}
    """What it was made from, by formula: mass and amount must agree."""
