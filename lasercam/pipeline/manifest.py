"""The manifest of a build: which files were written, from what, and what each of them holds."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from lasercam._version import __version__
from lasercam.errors import InputError, Location, Problem
from lasercam.model.finding import Finding, Verdict
from lasercam.model.recipe import LaserSettings, Recipe
from lasercam.model.toolpath import TICKS_PER_UM, Section, ToolpathHeader
from lasercam.schema.document import Document, read_document
from lasercam.schema.tree import parse_yaml

MANIFEST_NAME = "manifest.json"
SCHEMA = "lasercam-build-1"


class ProgramEntry(Document):
    """One job file for the stage."""

    file: str
    section: int
    step: str
    dialect: str
    machine: str
    sha256: str
    bytes: int
    rows: int
    exposures: int


class FileEntry(Document):
    """Another file of the build."""

    file: str
    sha256: str


class Manifest(Document):
    """What a build says about itself; `verify` holds it against the files and against the job."""

    schema_: Literal["lasercam-build-1"]
    lasercam: str
    job: str
    toolpath: str
    machine: str
    inputs: dict[str, str]
    programs: tuple[ProgramEntry, ...]
    files: tuple[FileEntry, ...]
    sections: tuple[dict[str, Any], ...] = ()
    """As `section_data` made them; their numbers are texts here."""


def manifest_data(
    header: ToolpathHeader,
    verdict: Verdict,
    programs: list[ProgramEntry],
    files: list[FileEntry],
    derived: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Everything that goes into manifest.json; plain data, the same on every machine.

    Args:
        header: of the toolpath.
        verdict: over it.
        programs: job files.
        files: the other files.
        derived: derived quantities, by label of the recipe.
    """
    frames = list(dict.fromkeys(s.frame for s in header.sections))
    return {
        "schema": SCHEMA,
        "lasercam": __version__,
        "job": header.job,
        "toolpath": header.digest,
        "machine": verdict.machine_digest,
        "inputs": dict(header.hashes),
        "programs": [entry.model_dump() for entry in programs],
        "files": [entry.model_dump() for entry in files],
        "rows": header.n_rows,
        "sections": [{**section_data(s), "frame": frames.index(s.frame)} for s in header.sections],
        "frames": [frame.facts() for frame in frames],
        "recipes": [recipe_data(r) for r in header.recipes.recipes],
        "derived": {label: dict(quantities) for label, quantities in derived.items()},
        "parts": [part.name for part in header.parts],
        "findings": [finding_data(f) for f in verdict.findings],
        "notes": list(verdict.notes),
    }


def section_data(section: Section) -> dict[str, Any]:
    """A section for people and programs: its box in the controller's µm, its settings, its time."""
    return {
        "section": section.index,
        "step": section.step_name,
        "pass": section.pass_kind.value,
        "rows": section.n_rows,
        "exposures": section.n_exposures,
        "repeat": section.repeat,
        "duration_s": round(section.duration_s, 3),
        "low_um": [v / TICKS_PER_UM for v in section.low_ticks],
        "high_um": [v / TICKS_PER_UM for v in section.high_ticks],
        "laser": laser_data(section.laser),
    }


def laser_data(laser: LaserSettings) -> dict[str, Any]:
    """What is set at the laser; what pulses have is null for continuous light."""
    pulses = {
        "pulse_duration_fs": laser.pulse_duration_fs,
        "rep_rate_hz": laser.rep_rate_hz,
        "pulse_energy_uj": laser.pulse_energy_uj,
    }
    return {
        "regime": "cw" if laser.is_cw else "pulsed",
        "wavelength_nm": laser.wavelength_nm,
        **(dict.fromkeys(pulses) if laser.is_cw else pulses),
        "average_power_uw": laser.average_power_uw,
    }


def recipe_data(recipe: Recipe) -> dict[str, Any]:
    """A recipe with the confidence and source of each of its values."""
    return {
        "recipe": recipe.label,
        "process": recipe.process,
        "speed_nm_s": recipe.speed_nm_s,
        "exposure_ns": recipe.exposure_ns,
        "pulses": recipe.pulses,
        "confidence": recipe.confidence.value,
        "values": {
            key: {"value": v.value, "confidence": v.confidence.value, "source": v.source}
            for key, v in sorted(recipe.values.items())
            if key != "family_size"
        },
    }


def finding_data(finding: Finding) -> dict[str, Any]:
    """A finding as `--format json` prints it."""
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "on": finding.on,
        "value": finding.value,
        "limit": finding.limit,
        "unit": finding.unit,
        "file": finding.location.file if finding.location else None,
        "line": finding.location.line if finding.location else None,
        "column": finding.location.column if finding.location else None,
        "first_row": finding.first_row,
        "count": finding.count,
        "hint": finding.hint,
        "source": finding.source,
        "waived": finding.waived,
    }


def sealed(data: dict[str, Any]) -> str:
    """The manifest's text with its own hash as the last key."""
    body = {**data, "manifest": _own_hash(data)}
    return json.dumps(body, indent=1, ensure_ascii=False) + "\n"


def _own_hash(data: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a build.

    Raises:
        InputError: there is none, it is damaged, or it was changed after the build.
    """
    path = folder / MANIFEST_NAME
    place = Location(str(path), 1, 1)
    try:
        text = path.read_bytes()
    except OSError as error:
        message = f"'{folder}' holds no readable {MANIFEST_NAME}: {error.strerror}"
        raise InputError(Problem(message, hint="Name a folder that `lasercam build` made.")) from error
    try:
        data = json.loads(text)
        claimed = data.pop("manifest")
        data["schema_"] = data.pop("schema")
        body = {**data, "schema": data["schema_"]}
        del body["schema_"]
    except (ValueError, KeyError, AttributeError, RecursionError) as error:
        raise InputError(Problem("the manifest is damaged: it is not the JSON that was built", place)) from error
    if data["schema_"] != SCHEMA:
        raise InputError(Problem(f"the manifest is of kind '{data['schema_']}', not {SCHEMA}", place))
    if claimed != _own_hash(body):
        raise InputError(Problem("the manifest was changed after the build: its own hash does not fit", place))
    wanted = {name: data[name] for name in Manifest.model_fields if name in data}
    tree = parse_yaml(json.dumps(wanted), str(path))
    return read_document(Manifest, tree, what="a manifest")
