"""The words of a job as Python objects: what stands in a YAML file, written in code.

Quantities are texts with a unit, as in a job file ("50 uJ"); lists and ranges make families. The objects hold what
was written and judge nothing: `Job` reads them by the same schema as a file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeAlias

from lasercam.schema.yaml_text import Written

Pair: TypeAlias = Sequence[str]
"""Two or three lengths: ("1 mm", "2 mm")."""
Values: TypeAlias = str | float | Sequence[str | float] | Mapping[str, str | float]
"""A value, a list of them, or a range {"from": …, "to": …, "count": …}: all but one value make a family."""


@dataclass(frozen=True, kw_only=True)
class _Word:
    """Keys as fields; what is None was not written."""

    def written(self) -> dict[str, Written]:
        """What would stand in the job file."""
        return {f.name: plain(getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) is not None}


def plain(value: Any) -> Written:
    """Words as plain data, however deep they stand; keys that are None are left out."""
    if isinstance(value, Pattern | _Word):
        return value.written()
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items() if v is not None}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(v) for v in value]
    return value  # type: ignore[no-any-return] # what no document can hold is refused when it is written


@dataclass(frozen=True, kw_only=True)
class Sample(_Word):
    """The piece of material; see `lasercam explain sample`."""

    id: str
    material: str
    size: Pair
    refractive_index: float | str
    origin: Pair | None = None
    placement: Mapping[str, Any] | None = None
    keep_out: Sequence[Mapping[str, Any]] | None = None
    description: str | None = None
    composition: str | None = None
    ledger: str | None = None
    weighed_in: Mapping[str, Mapping[str, str]] | None = None


class Pattern:
    """Geometry of one type, with the keys of that type beside its place; see `lasercam explain TYPE`.

    >>> Pattern("lines", count=5, pitch="50 um", length="300 um", depth="200 um").written()["depth"]
    '200 um'
    """

    def __init__(
        self,
        type: str,  # noqa: A002 # the key's name in job files
        *,
        at: Pair | None = None,
        depth: str | None = None,
        rotate: str | None = None,
        mirror: str | None = None,
        array: Mapping[str, Any] | None = None,
        inside: str | Sequence[str] | None = None,
        outside: str | Sequence[str] | None = None,
        **keys: Any,
    ) -> None:
        place = {
            "at": at, "depth": depth, "rotate": rotate, "mirror": mirror, "array": array, "inside": inside,
            "outside": outside,
        }  # fmt: skip
        self._written = {"type": type, **keys, **place}

    def written(self) -> dict[str, Written]:
        """What would stand in the job file."""
        return {key: plain(value) for key, value in self._written.items() if value is not None}

    def __repr__(self) -> str:
        inside = ", ".join(f"{key}={value!r}" for key, value in self.written().items() if key != "type")
        return f"Pattern({self._written['type']!r}, {inside})"


@dataclass(frozen=True, kw_only=True)
class Recipe(_Word):
    """An exposure; see `lasercam explain recipes`."""

    process: str | None = None
    like: str | None = None
    pulse_energy: Values | None = None
    repetition_rate: Values | None = None
    pulse_duration: Values | None = None
    average_power: Values | None = None
    fluence: Values | None = None
    fluence_is: str | None = None
    speed: Values | None = None
    line_dose: Values | None = None
    pulses_per_spot: Values | None = None
    pulse_pitch: Values | None = None
    exposure: Values | None = None
    pulses: Values | None = None
    pitch: Values | None = None
    line_width: Values | None = None
    dot_diameter: Values | None = None
    emission: Values | None = None
    compensation: Mapping[str, Any] | None = None
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Heat(_Word):
    """A furnace programme; see `lasercam explain steps.heat`."""

    hold_time: str
    process: str | None = None
    temperature: str | None = None
    emission: str | None = None
    ramp_rate: str | None = None
    atmosphere: str | None = None


@dataclass(frozen=True, kw_only=True)
class Soak(_Word):
    """A stay in a medium; see `lasercam explain steps.soak`."""

    medium: str
    hold_time: str
    process: str | None = None


@dataclass(frozen=True, kw_only=True)
class Remount(_Word):
    """The sample is put back and found by its marks; see `lasercam explain steps.remount`."""

    marks: str | None = None
    registration: str | None = None
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Read(_Word):
    """Looking at the sample; see `lasercam explain steps.read`."""

    excitation: str
    process: str | None = None
    fluence: str | None = None
    fluence_is: str | None = None
    pulses: float | str | None = None
    filter: str | None = None
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class Step(_Word):
    """One pass over the sample, or what happens between passes: exactly one of the verbs; see `explain steps`."""

    name: str
    write: Mapping[str, str] | None = None
    rewrite: Mapping[str, str] | None = None
    erase: Mapping[str, str] | None = None
    heat: Heat | Mapping[str, Any] | None = None
    soak: Soak | Mapping[str, Any] | None = None
    remount: Remount | Mapping[str, Any] | None = None
    manual: str | None = None
    read: Read | Mapping[str, Any] | None = None
    machine: str | None = None
    repeat: int | None = None
    over: str | Sequence[str] | None = None
    order: str | None = None
    travel: str | None = None
    keep_direction: bool | None = None
    inner_first: bool | None = None
    cooling: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Supplied(_Word):
    """The lab's answer to something a source leaves unknown; see `lasercam explain supply`."""

    value: str
    source: str
    definition: str | None = None


@dataclass(frozen=True, kw_only=True)
class Waiver(_Word):
    """A finding the author accepts, and why; see `lasercam explain waive`."""

    code: str
    on: str
    because: str
