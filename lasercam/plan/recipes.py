"""Recipes as written, with `like`, families, process windows and the machine, to a table of exposures."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

from lasercam.errors import InputError, Location, ParameterError, Problem, name_problem
from lasercam.model.confidence import Confidence, Valued
from lasercam.model.job import JobDocument, RecipeText
from lasercam.model.machine import Machine
from lasercam.model.process_fit import FitRecord
from lasercam.model.process_window import PARAMETERS, Process, Window
from lasercam.model.recipe import MAX_RECIPES, LaserSettings, Recipe, RecipeTable
from lasercam.model.toolpath import NM_PER_UM, NS_PER_S, TICKS_PER_UM
from lasercam.plan.compensation import Law, Tables, law_of, placeholder_uj, refuse_unfit
from lasercam.plan.supplied import answer
from lasercam.process.inverse import ASKED_KEYS, ENERGY_KEYS, SPEED_KEYS, peak_of, solve_recipe
from lasercam.process.outcome_inverse import OUTCOMES, fit_for, open_inputs, refuse_off_data
from lasercam.process.window import confidence_of, position
from lasercam.schema.quantities import MAX_COUNT

LASER_KEYS = ("pulse_energy", "fluence", "repetition_rate", "pulse_duration")
DRIVE_KEYS = (*SPEED_KEYS, "exposure", "pulses", "pitch")
FAMILY_KEYS = (*LASER_KEYS, "average_power", *DRIVE_KEYS, *OUTCOMES)
"""Keys that may hold a family, in the order in which a family's members are counted (the first varies slowest)."""
SUPPLY_KEYS = tuple(key for key in FAMILY_KEYS if key not in ASKED_KEYS)
"""Keys of a recipe that the lab may answer for a process; a supplied fluence or dose stays a fact about it."""
CW_KEYS = ("average_power", "speed", "line_dose", "exposure", "line_width", "emission")
"""Keys of a recipe for continuous light."""

MAX_WHOLE = 2**53
"""Times (ns), speeds (nm/s) and distances (ticks) stay below: 104 days, and far beyond any stage."""

Locate = Callable[..., Location]


@dataclass(frozen=True)
class _Resolver:
    """Resolves recipes of one job; `machine` is the profile of the steps that use them."""

    job: JobDocument
    processes: Mapping[str, Process]
    locate: Locate
    tables: Tables

    def chain(self, name: str) -> list[RecipeText]:
        """The recipe and those it is like, itself first."""
        texts: list[RecipeText] = []
        seen: list[str] = []
        current: str | None = name
        while current is not None:
            if current in seen:
                path = " → ".join([*seen, current])
                raise InputError(Problem(f"recipes are like each other in a circle: {path}", self._at(name, "like")))
            seen.append(current)
            if current not in self.job.recipes:
                raise InputError(name_problem("recipe", current, list(self.job.recipes), self._at(seen[-2], "like")))
            texts.append(self.job.recipes[current])
            current = texts[-1].like
        return texts

    def _at(self, name: str, *keys: str) -> Location:
        return self.locate("recipes", name, *keys)

    def process(self, name: str, chain: list[RecipeText]) -> Process:
        """The window the recipe claims."""
        claimed = next((t.process for t in chain if t.process is not None), None)
        if claimed is None:
            raise InputError(Problem(f"recipe '{name}' names no process", self._at(name), "Add `process:`."))
        if claimed not in self.processes:
            raise InputError(name_problem("process", claimed, list(self.processes), self._at(name, "process")))
        return self.processes[claimed]

    def family(self, name: str, machine: Machine) -> list[Recipe]:
        """All members of a recipe."""
        chain = self.chain(name)
        process = self.process(name, chain)
        written = _written(chain, self.tables)
        if law_of(chain, self.tables) is not None:
            refuse_unfit(name, chain, written, machine, self.locate)
        if machine.laser.is_cw:
            self._refuse_pulses(name, machine, written)
        fit = self._fit(name, process, written)
        given = self._given(name, chain, written, process, machine, fit)
        self._complete(name, process, machine, given, fit)
        sizes = [len(given[key]) for key in FAMILY_KEYS if key in given]
        count = 1
        for size in sizes:
            count *= size
        if count > MAX_RECIPES:
            text = f"recipe '{name}' has {count:,} members; a table holds at most {MAX_RECIPES:,}"
            raise InputError(Problem(text, self._at(name)))
        extra = self._answers(process, machine)
        keys = [key for key in FAMILY_KEYS if key in given]
        definition = next((t.fluence_is for t in chain if t.fluence_is is not None), None)
        members = []
        for index, combination in enumerate(product(*(given[key] for key in keys))):
            values = {**extra, **dict(zip(keys, combination, strict=True))}
            asked = {**values}
            for key in ASKED_KEYS:
                if key not in given:
                    asked.pop(key, None)  # A fact that the lab supplied, not a wish.
            if "fluence" in given and machine.laser.beam == "gaussian":
                values["fluence"] = asked["fluence"] = peak_of(values["fluence"], definition)
            try:
                solved = solve_recipe(asked, machine.laser.beam, definition, is_cw=machine.laser.is_cw, fit=fit)
                if fit is not None:
                    refuse_off_data(process, fit, {**values, **{key: s.value for key, s in solved.items()}})
            except ParameterError as error:
                wishes = (*OUTCOMES, *ASKED_KEYS)
                key = next((k for k in wishes if k in given), "process")
                hint = f"Supply what is missing under `supply: {process.name}:`, or give one thing less."
                if fit is not None:
                    hint = f"`lasercam explain {process.name}` shows the fit and the data it holds for."
                raise InputError(Problem(f"recipe '{name}': {error}", self._at(name, key), hint)) from error
            values.update({key: s.value for key, s in solved.items()})
            values["family_size"] = Valued(float(count), Confidence.STATED, "the job")
            how = {key: s.how for key, s in solved.items()}
            members.append(self._member(name, index, process, machine, values, how))
        return members

    def _fit(self, name: str, process: Process, written: Mapping[str, tuple[float, ...]]) -> FitRecord | None:
        """The fit that an outcome is solved from; None where the recipe asks for none."""
        key = next((k for k in OUTCOMES if k in written), None)
        if key is None:
            return None
        try:
            return fit_for(key, process, self.processes.values())
        except ParameterError as error:
            raise InputError(Problem(f"recipe '{name}': {error}", self._at(name, key))) from error

    def _refuse_pulses(self, name: str, machine: Machine, written: Mapping[str, tuple[float, ...]]) -> None:
        """Refuse what a recipe for continuous light cannot have."""
        problems = [
            Problem(
                f"recipe '{name}' gives {key}, but the laser of {machine.machine} is continuous and has no pulses",
                self._at(name, key),
                "Give average_power, with speed or line_dose for lines and exposure for dots.",
            )
            for key in written
            if key not in CW_KEYS
        ]
        if problems:
            raise InputError(problems)

    def _given(
        self,
        name: str,
        chain: list[RecipeText],
        written: Mapping[str, tuple[float, ...]],
        process: Process,
        machine: Machine,
        fit: FitRecord | None,
    ) -> dict[str, tuple[Valued, ...]]:
        """Every family key that has values: of the recipe, of those it is like, supplied, or the stated point."""
        supply = self.job.supply.get(process.name, {})
        is_cw = machine.laser.is_cw
        allowed = CW_KEYS if is_cw else FAMILY_KEYS
        covered = {other for keys in (ENERGY_KEYS, SPEED_KEYS) if any(k in written for k in keys) for other in keys}
        if {"speed", "line_dose"} <= set(written):
            covered |= {"average_power"} if is_cw else set(ENERGY_KEYS)
        missing = open_inputs(fit, written) if fit is not None else ()
        covered |= _left_open(missing, written, is_cw=is_cw)
        answers = {}
        for key in SUPPLY_KEYS:
            if key in supply and key in allowed and key not in covered:
                answered = answer(process.name, key, supply[key], machine, self.locate)
                if answered is not None:
                    answers[key] = answered
        drives_given = any(key in written or key in answers or key in missing for key in DRIVE_KEYS)
        defaulted = (
            *(("average_power",) if is_cw else ("pulse_energy", "repetition_rate")),
            *(() if drives_given else ("speed", "exposure", "pulses")),
        )
        given: dict[str, tuple[Valued, ...]] = {}
        for key in FAMILY_KEYS:
            window = process.parameters.get("pulse_pitch" if key == "pitch" else key)
            if key in written:
                is_own = getattr(chain[0], key) is not None or (key == "pulse_energy" and chain[0].compensation)
                first_pass = not is_own and self._follows(process, chain)
                trust = [_confidence(window, v, from_first_pass=first_pass) for v in written[key]]
                where = f"recipes.{name}"
                given[key] = tuple(Valued(v, t, where) for v, t in zip(written[key], trust, strict=True))
            elif key in answers:
                given[key] = (answers[key],)
            elif key == "pulse_duration" and machine.laser.pulse_duration is not None:
                laser = machine.laser
                given[key] = (Valued(machine.laser.pulse_duration, Confidence.SUPPLIED, laser.source),)
            elif (
                key in defaulted
                and key in allowed
                and key not in covered
                and key not in missing  # A stated point would be one thing too many beside the outcome.
                and window is not None
                and window.typ is not None
            ):
                given[key] = (Valued(window.typ, window.confidence, window.source or process.document.source),)
        return given

    def _follows(self, process: Process, chain: list[RecipeText]) -> bool:
        """Whether the recipe is like one of a process that this one follows: a rewrite of its first pass."""
        others = {t.process for t in chain[1:] if t.process is not None}
        wanted = set(process.document.follows)
        return any(o in wanted or wanted & set(self.processes[o].ancestors) for o in others if o in self.processes)

    def _complete(
        self,
        name: str,
        process: Process,
        machine: Machine,
        given: Mapping[str, tuple[Valued, ...]],
        fit: FitRecord | None,
    ) -> None:
        """Refuse a recipe that leaves the laser open or drives a dot twice."""
        problems = []
        strength = "average_power" if machine.laser.is_cw else "pulse_energy"
        missing = open_inputs(fit, given) if fit is not None else ()
        solved = {"pulse_energy", "average_power"} & set(missing) or ("line_dose" in missing and "speed" in given)
        follows = "fluence" in given or {"speed", "line_dose"} <= set(given) or bool(solved)
        for key in (strength,) if machine.laser.is_cw else (strength, "repetition_rate"):
            if key not in given and key not in missing and not (key == strength and follows):
                window = process.parameters.get(key)
                options = [_shown(key, value) for value, _, _ in window.candidates] if window is not None else []
                choose = f" Its source offers {' or '.join(options)}: choose one." if options else ""
                message = f"recipe '{name}' has no {key}, and process '{process.name}' states none.{choose}"
                problems.append(Problem(message, self._at(name), f"Add `{key}:` to the recipe."))
        if "exposure" in given and "pulses" in given:
            problems.append(
                Problem(
                    f"recipe '{name}' gives both exposure and pulses",
                    self._at(name, "pulses"),
                    "A dot is timed or counted.",
                )
            )
        if not any(key in given or key in missing for key in DRIVE_KEYS):
            message = f"recipe '{name}' has no speed (for lines), exposure or pulses (for dots)"
            problems.append(Problem(message, self._at(name), "Add the one its features need."))
        if problems:
            raise InputError(problems)

    def _answers(self, process: Process, machine: Machine) -> dict[str, Valued]:
        """Numbers the machine or the lab adds to what a recipe says."""
        objective, laser = machine.objective, machine.laser
        values = {
            "wavelength": Valued(laser.wavelength, Confidence.SUPPLIED, laser.source),
            "na": Valued(objective.na, Confidence.SUPPLIED, objective.source),
        }
        for key, window in process.parameters.items():
            # What a lab measured at its own stage holds for it; a published spot says nothing about another stage.
            if key not in FAMILY_KEYS and window.typ is not None and window.confidence is Confidence.MEASURED:
                values[key] = Valued(window.typ, window.confidence, window.source or process.document.source)
        for key, text in self.job.supply.get(process.name, {}).items():
            if key in PARAMETERS and key not in SUPPLY_KEYS:
                answered = answer(process.name, key, text, machine, self.locate)
                if answered is not None:
                    values[key] = answered
        return values

    def _member(
        self,
        name: str,
        index: int,
        process: Process,
        machine: Machine,
        values: dict[str, Valued],
        solved: Mapping[str, str],
    ) -> Recipe:
        def number(key: str) -> float:
            return values[key].value if key in values else 0.0

        laser = LaserSettings(
            wavelength_nm=machine.laser.wavelength,
            pulse_duration_fs=number("pulse_duration"),
            rep_rate_hz=number("repetition_rate"),
            pulse_energy_uj=number("pulse_energy"),
            cw_power_uw=number("average_power") if machine.laser.is_cw else 0.0,
        )
        pulses = number("pulses")
        if pulses != int(pulses) or pulses > MAX_COUNT:
            text = f"recipe '{name}' asks for {pulses:.15g} pulses; pulses are whole and at most {MAX_COUNT:,.0f}"
            raise InputError(Problem(text, self._at(name, "pulses")))
        return Recipe(
            name=name,
            member=index,
            process=process.name,
            laser=laser,
            speed_nm_s=self._whole(name, "speed", number("speed") * NM_PER_UM, "1 nm/s"),
            exposure_ns=self._whole(name, "exposure", number("exposure") * NS_PER_S, "1 ns"),
            pulses=int(pulses),
            pitch_ticks=self._whole(name, "pitch", number("pitch") * TICKS_PER_UM, "0.1 nm"),
            average_power_uw=values["average_power"].value if "average_power" in values else None,
            values=values,
            solved=solved,
        )

    def _whole(self, name: str, key: str, value: float, least: str) -> int:
        """The one rounding of times and speeds; what would vanish in it is refused."""
        whole = round(value)
        if value > 0 and whole == 0:
            raise InputError(Problem(f"recipe '{name}': {key} is below {least}", self._at(name, key)))
        if whole >= MAX_WHOLE:
            raise InputError(Problem(f"recipe '{name}': {key} is beyond any laser or stage", self._at(name, key)))
        return whole


def build_recipe_table(
    job: JobDocument,
    used: Iterable[tuple[str, Machine]],
    processes: Mapping[str, Process],
    locate: Locate,
    tables: Tables = MappingProxyType({}),
) -> RecipeTable:
    """The table of every recipe that a step uses, as it is written: energies that follow the depth are still open.

    Args:
        job: as written.
        used: recipe names with the machine of their step, in step order; repeats are fine.
        processes: windows by id.
        locate: places in the job file.
        tables: of energies by depth, by file.

    Raises:
        InputError: an unknown or circular `like`, an unknown process, a missing or doubled drive, a table too
            long, or one recipe used on machines whose lasers differ.
    """
    resolver = _Resolver(job, processes, locate, tables)
    recipes: list[Recipe] = []
    first: dict[str, int] = {}
    sizes: dict[str, int] = {}
    machines: dict[str, Machine] = {}
    for name, machine in used:
        if name in first:
            if machines[name].laser != machine.laser or machines[name].objective != machine.objective:
                text = f"recipe '{name}' is used on two machines with different optics; give each its own recipe"
                raise InputError(Problem(text, locate("recipes", name)))
            continue
        members = resolver.family(name, machine)
        first[name], sizes[name], machines[name] = len(recipes), len(members), machine
        recipes.extend(members)
    if len(recipes) > MAX_RECIPES:
        raise InputError(Problem(f"{len(recipes):,} recipes; a table holds at most {MAX_RECIPES:,}", locate("recipes")))
    return RecipeTable(tuple(recipes), first, sizes)


def recipe_laws(job: JobDocument, names: Iterable[str], tables: Tables) -> dict[str, Law]:
    """The law of each recipe whose energy follows the depth; of recipes that `build_recipe_table` accepts."""
    resolver = _Resolver(job, {}, lambda *_: Location(job.job, 1, 1), tables)
    found = {name: law_of(resolver.chain(name), tables) for name in names}
    return {name: law for name, law in found.items() if law is not None}


def _written(chain: list[RecipeText], tables: Tables) -> dict[str, tuple[float, ...]]:
    """What a recipe and those it is like say, the nearest first.

    Energy and fluence speak of the same thing, and so do speed, dose and pulses along a line: what is said nearer
    takes the place of all that is said of it farther along. A table of energies by depth speaks of the energy too.
    """
    written: dict[str, tuple[float, ...]] = {}
    for text in chain:
        here = {key: value for key in FAMILY_KEYS if (value := getattr(text, key)) is not None}
        by_depth = placeholder_uj(text, tables)
        if by_depth is not None:
            here = {**here, "pulse_energy": by_depth}
        for group in (ENERGY_KEYS, SPEED_KEYS):
            if any(key in written for key in group):
                here = {key: value for key, value in here.items() if key not in group}
        written = {**here, **written}
    return written


def _left_open(missing: tuple[str, ...], written: Collection[str], *, is_cw: bool) -> set[str]:
    """What an outcome is solved for, where the recipe leaves no doubt about it: nothing else may answer that."""
    if missing == ("line_dose",) and "speed" in written:
        return {"average_power"} if is_cw else set(ENERGY_KEYS)
    if missing == ("line_dose",):
        return set(SPEED_KEYS)
    return set(missing) if len(missing) == 1 else set()


def _confidence(window: Window | None, value: float, *, from_first_pass: bool) -> Confidence:
    """Trust in a value the job gives: what the source says about it, or the author's own where it says nothing."""
    if window is None:
        return Confidence.SUPPLIED
    if window.same_as_first_pass:
        return window.confidence if from_first_pass else Confidence.EXTRAPOLATED
    return Confidence.SUPPLIED if position(window, value) == "unbounded" else confidence_of(window, value)


def _shown(key: str, value: float) -> str:
    from lasercam.units import format_quantity

    return format_quantity(value, PARAMETERS[key])
