"""What the light does on its way: collapse of the beam, blur by the surface, heat that stays."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import ClassVar

from lasercam.checks.material import SURFACE_MATERIALS
from lasercam.checks.parameters import show
from lasercam.checks.tally import finding, info, recipe_place
from lasercam.checks.usage import RecipeCheck, Use
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.machine import Machine
from lasercam.model.recipe import Recipe
from lasercam.process import constants
from lasercam.process.depth_travel import aberration_per_depth, enters, travel_per_depth
from lasercam.process.fluence import peak_power_uw
from lasercam.process.focus import critical_power_uw
from lasercam.process.heat import accumulation_class, cooling_ratio, diffusivity_um2_s, residual_heat_limit
from lasercam.process.optics import depth_of_focus_um, rayleigh_um, spot_radius_um

_UW_PER_MW = 1e12  # µW in a megawatt
_STRONG = 1.0


class Physics(RecipeCheck):
    """Judges self-focusing, aberration and heat accumulation of every recipe that is used."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "W_SELF_FOCUS",
            Severity.WARNING,
            "The beam focuses itself before it reaches the focus",
            "Above the critical power P_cr = 3.77 λ² / (8 π n0 n2) the Kerr effect of the glass outweighs diffraction: "
            "the beam collapses into filaments, and the exposed volume lies elsewhere and is longer than planned. "
            "Compared is the peak power of the pulse, 0.94 E / τ for Gaussian pulses and 0.88 E / τ for sech². The "
            "constants n0 = 1.45 and n2 = 2.2·10⁻²⁰ m²/W are assumed, those of fused silica: 4.99 MW at 1030 nm, or "
            "1.59 µJ at 300 fs; perovskite glasses may collapse earlier. Published energies of 50 to 200 µJ exceed it "
            "30 to 125 times, so their focus was not an unaberrated one. Lower the energy, lengthen "
            "the pulse, or waive this after looking for filaments from the side.",
            "J. H. Marburger, 10.1016/0079-6727(75)90003-8; constants assumed",
            can_waive=True,
        ),
        CodeInfo(
            "W_ABERRATION",
            Severity.WARNING,
            "The surface blurs the focus at this depth",
            "A flat surface refracts outer rays to another depth than inner ones. The longitudinal spherical "
            "aberration LSA = d (√((n² − NA²) / (n1² − NA²)) − n / n1), with d the stage travel below the surface and "
            "n1 the immersion medium (1 for a dry lens), is compared with the depth of focus 2 z_R = 2 n λ / (π NA²) "
            "of the machine's aperture, or with `objective: aberration_limit` where the profile states one. Beyond it "
            "the peak fluence falls and the voxel grows along the beam. The deepest exposure of each recipe counts; "
            "the lens is taken as not corrected for the sample. Dry at NA 0.40, 1030 nm, n 1.5 the "
            "limit is 119 µm of depth. Write less deep, use a lower aperture, a lens with a correction "
            "collar or immersion of the sample's index, or waive this when the collar is set.",
            "Snell's law; P. Török et al., J. Opt. Soc. Am. A 12, 325 (1995)",
            can_waive=True,
        ),
        CodeInfo(
            "W_HEAT",
            Severity.WARNING,
            "Heat of one pulse is still there when the next arrives",
            "R_τ = 4 D / (w² f) compares the time between pulses with the time heat needs to leave a zone of radius w. "
            "Below 1 heat accumulates strongly: crystals grow, or glass melts, from the temperature of many pulses, "
            "and the result depends on the repetition rate. From 1 to 10 accumulation is weak, above 10 none. "
            "The zone is taken as wide as the supplied spot radius, and D as that of borosilicate glass "
            "(k 1.14 W/m/K, ρ 2230 kg/m³, c 830 J/kg/K, all assumed). High-rate processes want this heat: "
            "then waive it. Otherwise lower the rate.",
            "10.3390/mi15020196; constants assumed",
            can_waive=True,
        ),
        CodeInfo(
            "N_NOT_JUDGED",
            Severity.NOTE,
            "Something about the physics of a recipe was not judged",
            "Self-focusing, aberration and heat accumulation are judged only where everything their formulas need is "
            "known and they apply; nothing is assumed in silence. The note says what is missing: most often "
            "`spot_radius`, which can be supplied under the process, or constants of a film or crystal, for which "
            "those of glass mean nothing. Supply what is missing, or judge it by hand.",
        ),
    )

    def end(self) -> Iterable[Finding]:
        """Judge each recipe where it reaches deepest."""
        for index, use in self._usage.recipes().items():
            recipe = self._context.header.recipes[index]
            machine = self._machine(use)
            material = self._context.job.sample.material
            missing: list[str] = []
            is_bulk = material not in SURFACE_MATERIALS
            if is_bulk and use.most_depth_um > 0:
                self._self_focus(recipe, machine)
                self._aberration(recipe, machine, use, missing)
            if is_bulk:
                self._heat(recipe, use, missing)
            else:
                missing.append(f"heat accumulation (thermal constants of {material} are not known)")
            if missing:
                self._note(recipe, missing)
        return self._members.findings()

    def _self_focus(self, recipe: Recipe, machine: Machine) -> None:
        laser, shape = recipe.laser, machine.laser.pulse_shape
        if laser.is_cw:
            return  # The critical power, megawatts, is far beyond any continuous source.
        critical = _critical_power_uw(laser.wavelength_nm)
        peak = peak_power_uw(laser.pulse_energy_uj, laser.pulse_duration_fs, shape)
        if peak <= critical:
            return
        factor = "0.94" if shape == "gaussian" else "0.88"

        def text() -> str:
            energy = show("pulse_energy", laser.pulse_energy_uj)
            duration = show("pulse_duration", laser.pulse_duration_fs)
            return (
                f"peak power {factor} × {energy} / {duration} = {peak / _UW_PER_MW:.4g} MW is {peak / critical:.4g} "
                f"times the critical power of {critical / _UW_PER_MW:.4g} MW (n2 and n0 of fused silica assumed)"
            )

        hint = "Lower the energy or lengthen the pulse; waive it after looking for filaments."
        self._add(recipe, "W_SELF_FOCUS", "pulse_energy", peak / critical, text, peak, critical, "uW", hint)

    def _aberration(self, recipe: Recipe, machine: Machine, use: Use, missing: list[str]) -> None:
        objective, index = machine.objective, self._context.job.sample.refractive_index
        if not enters(objective, index):
            missing.append(f"aberration (NA {objective.na:g} exceeds the sample's index: outer rays do not enter)")
            return
        depth = use.most_depth_um
        travel = depth * travel_per_depth(objective, index)
        blur = depth * abs(aberration_per_depth(objective, index))
        focus = _focus_length_um(recipe.laser.wavelength_nm, objective.na, index)
        limit = objective.aberration_limit or focus
        if blur <= limit:
            return
        stated = "the profile's `aberration_limit`" if objective.aberration_limit else "the depth of focus 2 z_R"
        medium = "" if objective.immersion_index == 1.0 else f" behind immersion of {objective.immersion_index:g}"

        def text() -> str:
            return (
                f"at depth {depth:.4g} µm (stage travel {travel:.4g} µm) the aberration of NA {objective.na:g} in n = "
                f"{index:g}{medium} is {blur:.4g} µm, more than {stated} = {limit:.4g} µm (ideal Gaussian focus)"
            )

        hint = f"Stay above {depth * limit / blur:.4g} µm of depth, or correct the aberration."
        self._add(recipe, "W_ABERRATION", "process", blur / limit, text, blur, limit, "um", hint)

    def _heat(self, recipe: Recipe, use: Use, missing: list[str]) -> None:
        if not use.lines and recipe.pulses == 1:
            return  # One pulse leaves its heat to nobody.
        if recipe.laser.is_cw:
            missing.append("heat accumulation (continuous light heats steadily; there is no time between pulses)")
            return
        radius = recipe.values.get("spot_radius")
        if radius is None or radius.value <= 0:
            missing.append("heat accumulation (spot_radius is not known)")
            return
        rate, zone = recipe.laser.rep_rate_hz, radius.value
        diffusivity, ratio = _cooling(zone, rate)
        if accumulation_class(ratio) != "strong":
            return

        def text() -> str:
            return (
                f"R_τ = 4 × {diffusivity:.4g} µm²/s / (({zone:g} µm)² × {show('repetition_rate', rate)}) = {ratio:.4g} "
                f"< 1: before each pulse up to {residual_heat_limit(ratio):.4g} times the rise of one pulse is still "
                "there (borosilicate constants and a heated zone of the spot's radius assumed)"
            )

        hint = "Lower the repetition rate, or waive it where the heat is wanted."
        self._add(recipe, "W_HEAT", "repetition_rate", 1.0 / ratio, text, ratio, _STRONG, "", hint)

    def _add(
        self,
        recipe: Recipe,
        code: str,
        key: str,
        badness: float,
        text: Callable[[], str],
        value: float,
        limit: float,
        unit: str,
        hint: str,
    ) -> None:
        def say(count: int) -> Finding:
            members = f" (worst of {count} members)" if count > 1 else ""
            return finding(
                info(self.codes, code),
                f"recipe '{recipe.label}'{members}: {text()}",
                f"recipes.{recipe.name}",
                recipe_place(self._context, recipe.name, key),
                value=value,
                limit=limit,
                unit=unit,
                count=count,
                hint=hint,
            )

        self._members.add(recipe.name, code, "", badness, say, recipe.member)

    def _note(self, recipe: Recipe, missing: list[str]) -> None:
        text = "; ".join(missing)

        def say(count: int) -> Finding:
            return finding(
                info(self.codes, "N_NOT_JUDGED"),
                f"recipe '{recipe.name}': not judged: {text}",
                f"recipes.{recipe.name}",
                recipe_place(self._context, recipe.name),
                count=count,
                hint=f"Supply what is missing under `supply: {recipe.process}:`.",
            )

        self._members.add(recipe.name, "N_NOT_JUDGED", text, 0.0, say, recipe.member)


@lru_cache(maxsize=1024)
def _critical_power_uw(wavelength_nm: float) -> float:
    """Critical power of fused silica, µW."""
    return critical_power_uw(wavelength_nm, constants.SILICA_INDEX.value, constants.SILICA_KERR_INDEX.value)


@lru_cache(maxsize=1024)
def _focus_length_um(wavelength_nm: float, na: float, index: float) -> float:
    """Depth of focus of an ideal Gaussian beam, µm."""
    return depth_of_focus_um(rayleigh_um(spot_radius_um(wavelength_nm, na, 1.0), wavelength_nm, index, 1.0))


@lru_cache(maxsize=1024)
def _cooling(zone_radius_um: float, rep_rate_hz: float) -> tuple[float, float]:
    """Diffusivity of borosilicate glass, µm²/s, and the cooling ratio."""
    diffusivity = diffusivity_um2_s(
        constants.BOROSILICATE_CONDUCTIVITY.value,
        constants.BOROSILICATE_DENSITY.value,
        constants.BOROSILICATE_HEAT_CAPACITY.value,
    )
    return diffusivity, cooling_ratio(zone_radius_um, diffusivity, rep_rate_hz)
