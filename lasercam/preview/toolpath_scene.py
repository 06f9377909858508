"""What a picture of a toolpath shows: the rows chosen, what is known of them, and how they are coloured."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lasercam.model.toolpath import RowKind, Section, Toolpath
from lasercam.preview.canvas import Box
from lasercam.preview.depths import Layer
from lasercam.preview.palette import ColourGroup
from lasercam.preview.toolpath_survey import Survey

TRAVEL_COLOUR = "#9a9a9a"
LEAD_COLOUR = "#555555"
LEAD_DASHES = (3.0, 2.0)
BOX_DASHES = (5.0, 3.0)
PLACE_COLOUR = "#1a1a1a"
RECIPE_HEADING = "Recipe"


@dataclass(frozen=True, eq=False)
class Marks:
    """Places that must be seen however many rows there are.

    Attributes:
        title: what they are.
        colour, shape: `x`, or `D` for a diamond.
        places_um: float64 (N, 3), x, y, depth.
    """

    title: str
    colour: str
    shape: str
    places_um: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Scene:
    """Everything the parts of the figure need.

    Attributes:
        toolpath: what is drawn.
        sections: those shown.
        survey: what is known of their rows.
        layer: the only one shown; None = all.
        groups: recipes that share a colour.
        group_of: intp (recipes,), the group of each recipe, −1 where it is not used.
        view: left, bottom, right, top of the plot, µm.
        sample_um: width and height of the sample.
        is_raster: whether rows are counted per pixel instead of drawn one by one.
        heading: of the legend's colours.
        note: a sentence for the caption.
        marks: places that must be seen.
        labels: places (x, y), µm, that are pointed at, and what is written there.
        shows_travel: whether dark travel matters as much as exposures.
    """

    toolpath: Toolpath
    sections: tuple[Section, ...]
    survey: Survey
    layer: Layer | None
    groups: tuple[ColourGroup, ...]
    group_of: NDArray[np.intp]
    view: Box
    sample_um: tuple[float, float]
    is_raster: bool
    heading: str = RECIPE_HEADING
    note: str = ""
    marks: tuple[Marks, ...] = ()
    labels: tuple[tuple[float, float, str], ...] = ()
    shows_travel: bool = False

    @property
    def box(self) -> Box:
        """What is exposed: left, bottom, right, top."""
        return (*self.survey.low_um, *self.survey.high_um)

    @property
    def has_extent(self) -> bool:
        """Whether there is more than one place."""
        return self.survey.low_um != self.survey.high_um

    @property
    def is_numbered(self) -> bool:
        """Whether colours need numbers beside them: several that are no scale from bright to dark."""
        return self.heading == RECIPE_HEADING and len(self.groups) > 1

    def count(self, *kinds: RowKind) -> int:
        """Rows of some kinds."""
        return int(self.survey.uses[:, [int(k) for k in kinds]].sum())
