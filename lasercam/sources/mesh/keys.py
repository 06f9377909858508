"""Keys of a mesh."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from lasercam.model.job import Placement
from lasercam.schema.quantities import Angle, Depth, PositiveLength, Ratio
from lasercam.sources.fill import FillKeys

Mode = Literal["surface", "solid", "contours", "slices"]
Unit = Literal["nm", "um", "mm", "cm", "m", "in"]
Axis = Literal["x", "y", "z", "-x", "-y", "-z"]

MAX_LAYERS = 10_000
"""Planes of one mesh; each is a part with a name."""
MAX_UNBALANCED = 0.2
"""Largest share of undecided columns anyone may allow; beyond it the body is anybody's guess."""

_READ_BY: dict[str, tuple[str, ...]] = {
    "pitch": ("surface", "solid"),
    "max_unbalanced": ("solid",),
    "layers": ("contours", "slices"),
    "planes": ("contours", "slices"),
    "layer_rotation": ("slices",),
    **dict.fromkeys(("fill", "hatch_pitch", "hatch_angle", "inset", "dot_pitch"), ("slices",)),
}


class MeshKeys(FillKeys, Placement):
    """Keys of a mesh; the top of the mesh is the shallowest plane."""

    type: Literal["mesh"]
    file: Annotated[str, Field(min_length=1, max_length=400)]
    """An STL, OBJ, PLY, 3MF or GLB file beside the job."""
    unit: Unit | None = None
    """Unit of the coordinates in the file; 3MF and GLB files know theirs."""
    scale: Annotated[Ratio, Field(gt=0)] = 1.0
    """How many times larger it is written than the file says."""
    longest: PositiveLength | None = None
    """Length of the longest side of the written body, instead of `unit` and `scale`."""
    up: Axis = "z"
    """Axis of the file that points to the surface of the sample; GLB files usually have `y`."""
    mode: Mode
    """`surface`: dots where the surface passes; `solid`: dots throughout the body; `contours`: outlines of the body
    in planes; `slices`: the same planes filled."""
    pitch: PositiveLength | None = None
    """Distance from dot to dot along x and y."""
    layer_pitch: PositiveLength | None = None
    """Distance from layer to layer; absent for dots: `pitch`."""
    layers: Annotated[int, Field(ge=1, le=MAX_LAYERS)] | None = None
    """How many planes, evenly through the body, instead of `layer_pitch`."""
    planes: Annotated[tuple[Depth, ...], Field(min_length=1, max_length=MAX_LAYERS)] | None = None
    """Depths of the planes below the top of the body, rising, instead of `layer_pitch`."""
    layer_rotation: Angle = 0.0
    """How much the hatch turns from each layer to the next deeper one."""
    max_unbalanced: Annotated[Ratio, Field(le=MAX_UNBALANCED)] | None = None
    """Share of columns of a mesh with holes that may be decided by a majority of three directions; absent: a mesh
    with holes is refused."""

    @model_validator(mode="after")
    def _mesh_keys_fit(self) -> "MeshKeys":
        for key, modes in _READ_BY.items():
            if key in self.model_fields_set and getattr(self, key) is not None and self.mode not in modes:
                raise ValueError(f"'{key}' means nothing with mode: {self.mode}; it belongs to {', '.join(modes)}")
        if self.longest is not None and (self.unit is not None or "scale" in self.model_fields_set):
            raise ValueError("'longest' says how large the body is; leave out 'unit' and 'scale'")
        if self.mode in ("surface", "solid"):
            if self.pitch is None:
                raise ValueError(f"mode: {self.mode} needs the key 'pitch'")
            return self
        given = [key for key in ("layers", "layer_pitch", "planes") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(f"mode: {self.mode} needs one of 'layers', 'layer_pitch' or 'planes'")
        if self.planes is not None and any(b <= a for a, b in zip(self.planes, self.planes[1:], strict=False)):
            raise ValueError("'planes' are depths that rise from one to the next")
        if self.mode == "slices" and self.fill == "none":
            raise ValueError("mode: slices needs 'fill': hatch, crosshatch, contour, spiral or dots")
        return self
