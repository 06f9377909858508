"""From a machine profile to its laser, and from a section of a build to what that laser must be set to."""

from pathlib import Path
from typing import Any

from lasercam.errors import InputError, MachineLimitError, Problem, UsageError, name_problem
from lasercam.model.laser import Laser
from lasercam.model.laser_control import AdapterKeys, LaserTargets
from lasercam.model.links import LaserAdapter
from lasercam.model.machine import Machine
from lasercam.pipeline import registry
from lasercam.pipeline.calibration import with_calibration
from lasercam.pipeline.inputs import FolderInputs, read_bytes
from lasercam.pipeline.manifest import MANIFEST_NAME, Manifest, ProgramEntry, read_manifest
from lasercam.process.picker import nearest_dividers, picker_divider
from lasercam.process.set_point import scale_of, set_point, transmission
from lasercam.schema.document import read_document
from lasercam.schema.tree import Tree, parse_yaml
from lasercam.units import FREQUENCY, format_quantity

_PATH = ("laser", "adapter")
_EXACT = 1e-9
_ATTENUATOR_UNIT = "%"


def read_machine(reference: str) -> tuple[Machine, Tree]:
    """A machine profile by its path, or by its name as a job in the current folder would use it; and its places.

    Raises:
        InputError: there is none, or it is no profile.
    """
    path = Path(reference)
    if reference.endswith((".yaml", ".yml")) and path.is_file():
        inputs, content, name = FolderInputs(path.parent), read_bytes(path), path.name
    else:
        inputs = FolderInputs(Path.cwd())
        file = inputs.read("machine", reference, None)
        content, name = file.content, file.name
    profile = parse_yaml(content, name)
    machine = read_document(Machine, profile, what="a machine profile")
    return with_calibration(machine, inputs, profile.at(("laser",))), profile


def adapter_keys(machine: Machine, profile: Tree) -> AdapterKeys | None:
    """The keys under `laser: adapter:`, typed by their kind; None where a person sets the laser.

    Raises:
        InputError: an unknown kind, keys that its kind does not take, or none where the profile relies on one.
    """
    written = machine.laser.adapter
    if written is None:
        if machine.laser.strength is not None and machine.laser.strength.control == "laser":
            text = "`control: laser` says that an adapter sets the laser, and there is no `adapter` under `laser:`"
            hint = "Write adapter: {kind: …, source: …}, or say who sets it: `control: operator`."
            raise InputError(Problem(text, profile.at(("laser",)), hint))
        return None
    if "kind" not in written:
        kinds = ", ".join(registry.names(registry.LASERS))
        raise InputError(Problem(f"the laser's adapter has no `kind`; allowed: {kinds}", profile.at(_PATH)))
    kind = registry.laser_adapter(str(written["kind"]), profile.at((*_PATH, "kind")))
    return read_document(kind.Keys, profile.under(_PATH), what="a laser adapter")


def link(machine: Machine, profile: Tree, *, simulate: bool = False) -> LaserAdapter:
    """The adapter of a machine's laser, or a simulated one with the same tolerances.

    Raises:
        InputError: the machine has no adapter, or one that cannot be used.
    """
    keys = adapter_keys(machine, profile)
    if simulate:
        simulated = registry.laser_adapter("simulated")
        known: dict[str, Any] = {} if keys is None else keys.model_dump(include=set(simulated.Keys.model_fields))
        return simulated(
            simulated.Keys.model_validate({"source": "simulated", **known, "kind": "simulated"}), machine.laser
        )
    if keys is None:
        kinds = ", ".join(registry.names(registry.LASERS))
        text = f"machine '{machine.machine}' has no `adapter` under `laser:`: a person sets its laser"
        raise InputError(
            Problem(text, profile.at(("laser",)), f"Write adapter: {{kind: …, source: …}}; kinds: {kinds}.")
        )
    return registry.laser_adapter(keys.kind)(keys, machine.laser)


def section_targets(
    folder: Path,
    section: str,
    machine: Machine,
    *,
    percent: float | None = None,
    keep_attenuator: bool = False,
) -> tuple[str, LaserTargets]:
    """What a section of a build asks of the laser, and the name of the section's job file.

    Args:
        folder: a build.
        section: the name of its job file, or its number among the job files, from 1.
        machine: the profile whose laser is set.
        percent: what the attenuator is set to, whatever the profile says; None = by the profile's scale, where it says
            `control: laser`, else left as it is.
        keep_attenuator: leave the attenuator as it is.

    Raises:
        InputError, UsageError: no such build or section, or one for another machine.
        MachineLimitError, ParameterError: the picker cannot make the rate, or no setting gives the energy.
    """
    manifest = read_manifest(folder)
    program = _program(manifest, section, folder)
    if program.machine != machine.machine:
        hint = f"Name the profile of {program.machine}."
        text = f"{program.file} was built for machine '{program.machine}', not '{machine.machine}'"
        raise InputError(Problem(f"{text} ({MANIFEST_NAME} of '{folder}')", hint=hint))
    laser = manifest.sections[program.section]["laser"]
    _same_source(laser, machine.laser, program.file)
    rate_hz = float(laser["rep_rate_hz"])
    divider = _divider(machine.laser, rate_hz)
    strength = machine.laser.strength
    if percent is None and not keep_attenuator and strength is not None and strength.control == "laser":
        percent = _percent(machine, float(laser["pulse_energy_uj"]))
    return program.file, LaserTargets(divider, percent, rate_hz)


def _percent(machine: Machine, energy_uj: float) -> float:
    """What the laser's attenuator is set to, by the profile's scale."""
    scale = scale_of(machine)
    if scale is None or scale.unit != _ATTENUATOR_UNIT:
        found = "has no `scale`" if scale is None else f"counts settings in {scale.unit}"
        raise MachineLimitError(
            f"the laser's attenuator is set in %, and `pulse_energy` of machine '{machine.machine}' {found}; measure "
            "`scale: {law: table, unit: '%', …}`, or say --attenuator or --keep-attenuator"
        )
    return set_point(scale, energy_uj, transmission(scale, machine)).setting


def _program(manifest: Manifest, section: str, folder: Path) -> ProgramEntry:
    programs = manifest.programs
    if section.isascii() and section.isdecimal():
        if not 1 <= int(section[:9]) <= len(programs):
            raise UsageError(f"'{folder}' has {len(programs)} job file(s); {section} is not among 1 to {len(programs)}")
        return programs[int(section) - 1]
    for program in programs:
        if program.file == section:
            return program
    raise UsageError(str(name_problem("job file", section, [p.file for p in programs])))


def _same_source(built: dict[str, Any], laser: Laser, file: str) -> None:
    """The laser that a job file was built for is the one of the profile."""
    if laser.is_cw or built["regime"] != "pulsed":
        raise MachineLimitError(f"{file} is for continuous light, which has no picker; its power is set by hand")
    for name, wanted, given in (
        ("wavelength", float(built["wavelength_nm"]), laser.wavelength),
        ("pulse duration", float(built["pulse_duration_fs"]), laser.pulse_duration or 0.0),
    ):
        if abs(wanted - given) > _EXACT * wanted:
            raise MachineLimitError(
                f"{file} was built for a {name} of {wanted:g}, the profile says {given:g}; build it anew for this laser"
            )


def _divider(laser: Laser, rate_hz: float) -> int:
    base = laser.base_rate or 0.0
    divider = picker_divider(base, rate_hz, laser.max_divider) if base else None
    if divider is None:
        near = " or ".join(
            f"{format_quantity(base / k, FREQUENCY)} (divider {k})"
            for k in nearest_dividers(base, rate_hz, laser.max_divider)
        )
        raise MachineLimitError(
            f"{format_quantity(rate_hz, FREQUENCY)} is not {format_quantity(base, FREQUENCY)} / k with a whole k up to "
            f"{laser.max_divider:,}; the nearest are {near}"
        )
    return divider
