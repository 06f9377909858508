"""The physical sample: what it is made of and how large it is."""

from typing import Annotated

from pydantic import Field

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
    description: str = ""
    """Batch, composition, preparation."""
