"""What there is: machines, processes, patterns, dialects, lasers and checks, with a line each and a page on request."""

from collections.abc import Iterator
from dataclasses import dataclass
from textwrap import wrap

from lasercam.errors import UsageError, nearest, shorten
from lasercam.model.finding import CodeInfo
from lasercam.model.job import Placement
from lasercam.model.machine import Machine
from lasercam.pipeline import registry
from lasercam.pipeline.inputs import shipped, shipped_names
from lasercam.pipeline.judge import all_codes
from lasercam.pipeline.key_pages import all_paths, expected, find_key
from lasercam.process.card import SummaryRow, card, summary_rows
from lasercam.process.lab import environment_folders
from lasercam.process.library import SHIPPED, load_library
from lasercam.schema.document import read_document
from lasercam.schema.tree import parse_yaml
from lasercam.units import ACCELERATION, ENERGY, FREQUENCY, LENGTH, POWER, SPEED, TIME, format_quantity

WIDTH = 80


@dataclass(frozen=True)
class Entry:
    """One line of a list."""

    name: str
    summary: str
    group: str


def machines() -> list[Entry]:
    """Shipped machine profiles."""
    return [Entry(name, _machine(name).title, "machine profiles") for name in shipped_names("machine_profiles")]


def processes() -> list[Entry]:
    """Process windows."""
    rows = sorted(summary_rows(load_library(environment_folders())), key=lambda row: (row.kind, row.name))
    return [Entry(row.name, _process_line(row), f"{row.kind} processes") for row in rows]


def _process_line(row: SummaryRow) -> str:
    open_ = f"; {row.n_unknown} unknown" if row.n_unknown else ""
    conflicts = f"; {row.n_conflicts} conflict(s)" if row.n_conflicts else ""
    lab = "" if row.origin == SHIPPED else f"; lab file {row.origin}"
    return f"{row.title} ({row.doi or 'no DOI'}{open_}{conflicts}{lab})"


def patterns() -> list[Entry]:
    """Shipped jobs to start from, and the pattern types a job can use."""
    jobs = [Entry(name, _job_title(name), "shipped jobs (lasercam new NAME)") for name in shipped_names("patterns")]
    kinds = [
        Entry(name, registry.source_type(name).summary, "pattern types (type: NAME)")
        for name in registry.names(registry.SOURCES)
    ]
    return jobs + kinds


def dialects() -> list[Entry]:
    """Controller languages."""
    return [Entry(n, registry.dialect(n).summary, "dialects") for n in registry.names(registry.DIALECTS)]


def lasers() -> list[Entry]:
    """Kinds of laser adapters."""
    return [Entry(n, registry.laser_adapter(n).summary, "lasers") for n in registry.names(registry.LASERS)]


def controllers() -> list[Entry]:
    """Kinds of links to controllers that run whole files."""
    return [Entry(n, registry.controller_link(n).summary, "controllers") for n in registry.names(registry.CONTROLLERS)]


def checks() -> list[Entry]:
    """Finding codes, by the check that reports them."""
    owners = registry.check_codes()
    found = [Entry(code, info.title, f"{owner}") for code, (owner, info) in owners.items()]
    found += [Entry(code, info.title, "job") for code, info in all_codes().items() if code not in owners]
    return sorted(found, key=lambda e: (e.group, e.name))


def explain(name: str) -> Iterator[str]:
    """The page about a name.

    Raises:
        UsageError: nothing has that name.
    """
    codes = all_codes()
    library = load_library(environment_folders())
    if name in codes:
        yield from _code_page(codes[name])
    elif name in library:
        yield from card(library[name], WIDTH)
    elif name in shipped_names("machine_profiles"):
        yield from _machine_page(_machine(name))
    elif name in registry.names(registry.DIALECTS):
        language = registry.dialect(name)
        yield language.summary
        yield ""
        yield from language.explanation.strip().splitlines()
    elif name in registry.names(registry.CONTROLLERS):
        kind = registry.controller_link(name)
        yield kind.summary
        yield ""
        yield from kind.explanation.strip().splitlines()
    elif name in registry.names(registry.LASERS):
        adapter = registry.laser_adapter(name)
        yield adapter.summary
        yield ""
        yield from adapter.explanation.strip().splitlines()
    elif name in registry.names(registry.SOURCES):
        yield from _source_page(name)
    elif name in shipped_names("patterns"):
        yield from _job_page(name)
    elif (key := find_key(name)) is not None:
        yield from key.lines()
    else:
        close = nearest(name, explainable(), limit=3)
        asked = f"; did you mean {' or '.join(repr(n) for n in close)}?" if close else "."
        kinds = "a finding code, process, machine, dialect, laser, controller, pattern type, shipped job or key"
        told = f"Names are those of {kinds} of a file; see `lasercam list`."
        raise UsageError(f"nothing is called '{shorten(name)}'{asked} {told}")


def explainable() -> list[str]:
    """Every name that `explain` knows."""
    known = [*all_codes(), *load_library(environment_folders()), *shipped_names("machine_profiles")]
    known += [*shipped_names("patterns"), *registry.names(registry.DIALECTS), *registry.names(registry.SOURCES)]
    return [*known, *registry.names(registry.LASERS), *registry.names(registry.CONTROLLERS), *all_paths()]


def _code_page(info: CodeInfo) -> Iterator[str]:
    yield f"{info.code} ({info.severity.value}): {info.title}"
    yield ""
    for paragraph in info.explanation.strip().split("\n\n"):
        yield from wrap(" ".join(paragraph.split()), WIDTH)
        yield ""
    if info.source:
        yield from wrap(f"Source: {info.source}", WIDTH)
    yield "A job may waive it, with a reason." if info.can_waive else "It cannot be waived."


def _machine(name: str) -> Machine:
    with shipped("machine_profiles") as folder:
        content = (folder / f"{name}.yaml").read_bytes()
    return read_document(Machine, parse_yaml(content, f"{name}.yaml"), what="a machine profile")


_CONTROL = {
    "operator": "set by a person between job files",
    "laser": "set by the laser's adapter between job files",
    "analog": "set by the program, by an analogue output",
    "spindle": "set by the program, by its S word",
}


def _machine_page(machine: Machine) -> Iterator[str]:
    yield f"{machine.machine}: {machine.title}"
    yield f"  source: {machine.source}"
    for letter, axis in zip("xyz", machine.axis_list, strict=True):
        low, high = format_quantity(axis.min, LENGTH), format_quantity(axis.max, LENGTH)
        speed, push = format_quantity(axis.max_speed, SPEED), format_quantity(axis.acceleration, ACCELERATION)
        yield f"  {letter}: {low} to {high}, up to {speed}, {push}"
    laser = machine.laser
    if laser.average_power is not None:
        low, high = (format_quantity(v, POWER) for v in (laser.average_power.min, laser.average_power.max))
        yield f"  laser: {laser.wavelength:g} nm, continuous"
        yield f"    power {low} to {high} on target, {_CONTROL[laser.average_power.control]}"
    elif laser.pulse_energy is not None and laser.base_rate is not None:
        low, high = (format_quantity(v, ENERGY) for v in (laser.pulse_energy.min, laser.pulse_energy.max))
        rate = format_quantity(laser.base_rate, FREQUENCY)
        yield f"  laser: {laser.wavelength:g} nm, {laser.pulse_duration:g} fs, {rate}"
        yield f"    energy {low} to {high} on target, {_CONTROL[laser.pulse_energy.control]}"
    yield f"    source: {laser.source}"
    yield f"  objective: {machine.objective.name}, NA {machine.objective.na:g} ({machine.objective.source})"
    if laser.adapter is not None:
        yield f"    set by program: {laser.adapter.get('kind')} ({laser.adapter.get('source')})"
    yield from _beam_lines(machine)
    controller = machine.controller
    yield f"  controller: {controller.dialect}, increment {format_quantity(controller.increment, LENGTH)}"
    for key, value in controller.settings.items():
        yield f"    {key}: {value}"
    yield f"    source: {controller.source}"


def _beam_lines(machine: Machine) -> Iterator[str]:
    """Gate, counted pulses and firing by position, as far as the machine has them."""
    gate, trigger, firing = machine.gate, machine.trigger, machine.position_firing
    delays = ""
    if gate.open_delay or gate.close_delay:
        opens, closes = (format_quantity(t, TIME) for t in (gate.open_delay, gate.close_delay))
        delays = f", opens in {opens}, closes in {closes}"
    shortest = format_quantity(gate.min_open, TIME)
    yield f"  gate: open for {shortest} or longer, up to {format_quantity(gate.overhead, TIME)} too long{delays}"
    yield f"    source: {gate.source}"
    if trigger is not None:
        yield f"  counted pulses: up to {trigger.max_pulses:,} per trigger, the count set by the {trigger.counted_by}"
        yield f"    source: {trigger.source}"
    if firing is not None:
        step, speed = format_quantity(firing.step, LENGTH), format_quantity(firing.speed, SPEED)
        rate = format_quantity(firing.max_rate, FREQUENCY)
        yield f"  shots by position: every n x {step} at {speed}, up to {rate} and {firing.max_shots:,} per sweep"
        yield f"    source: {firing.source}"


def _source_page(name: str) -> Iterator[str]:
    kind = registry.source_type(name)
    yield f"type: {name}: {kind.summary}"
    yield ""
    yield from wrap(" ".join((getattr(kind, "__doc__", None) or "").split()), WIDTH)
    placement = set(Placement.model_fields)
    written = kind.Keys.model_json_schema().get("properties", {})
    for title, own in (("Its keys:", True), ("Keys of every pattern:", False)):
        yield ""
        yield title
        for key, info in kind.Keys.model_fields.items():
            if (key not in placement) == own and key != "type":
                called = info.alias or key
                told = expected(written.get(called, {}), info)
                text = f"{called}{f' ({told})' if told else ''}: {info.description or ''}"
                yield from wrap(" ".join(text.split()), WIDTH, initial_indent="  ", subsequent_indent="      ")


def _job_page(name: str) -> Iterator[str]:
    with shipped("patterns") as folder:
        text = (folder / f"{name}.yaml").read_text(encoding="utf-8")
    yield f"{name}: {_job_title(name)}"
    yield ""
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        yield line.removeprefix("#").strip()
    yield ""
    yield f"Copy it with `lasercam new {name}`."


def _job_title(name: str) -> str:
    with shipped("patterns") as folder:
        data = parse_yaml((folder / f"{name}.yaml").read_bytes(), f"{name}.yaml").data
    title = data.get("title") if isinstance(data, dict) else None
    return title if isinstance(title, str) else ""
