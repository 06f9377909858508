"""Recipes against what their process is for: the sample's material, the kind of feature, the kind of pass."""

from collections.abc import Iterable
from typing import ClassVar

from lasercam.checks.composition import COMPOSITION_CODES, sums
from lasercam.checks.tally import finding, info, place, recipe_place
from lasercam.checks.usage import RecipeCheck, Use
from lasercam.errors import Location
from lasercam.model.finding import CodeInfo, Finding, Severity
from lasercam.model.process_window import Process
from lasercam.model.recipe import Recipe

SURFACE_MATERIALS = ("cspbbr3_film", "perovskite_film", "perovskite_crystal", "perovskite_powder", "solution")
"""Sample materials that are written at their surface; the rest is bulk, but for `other`, of which nothing is known."""


class Purpose(RecipeCheck):
    """Judges whether a process is used for what its source used it for."""

    codes: ClassVar[tuple[CodeInfo, ...]] = (
        CodeInfo(
            "W_MATERIAL",
            Severity.WARNING,
            "The process was shown in another material",
            "The process names the sample materials its source wrote in, and the sample's is not among them. "
            "Composition decides which crystals grow and at which dose, so nothing of the process can be relied on "
            "here: not even the ratio Br:I may change. Choose a process for this material, correct "
            "`sample: material`, or waive this and treat the job as an experiment.",
            can_waive=True,
        ),
        CodeInfo(
            "W_FEATURE_KIND",
            Severity.WARNING,
            "A process for lines writes dots, or the other way round",
            "A resting spot delivers its dose with f t pulses at one place, a moving one with about 2 w0 f / v pulses "
            "at each; a threshold found for the one says nothing about the other. The source wrote only the kind of "
            "features named in its window, so this use is extrapolated. Choose the process of the other kind where "
            "there is one (glass_bri_dots, glass_bri_lines), or waive this with a measurement.",
            can_waive=True,
        ),
        CodeInfo(
            "W_REGIME",
            Severity.WARNING,
            "The process was shown with another kind of light",
            "Continuous light heats; pulses also excite by their peak, which is 10⁵ to 10⁹ times their average. A "
            "process that its source wrote with continuous light says nothing about pulses of the same average power, "
            "and the other way round. Choose a machine with the source's kind of laser (`regime` of its profile), or "
            "waive this and treat the job as an experiment.",
            can_waive=True,
        ),
        CodeInfo(
            "E_PASS_KIND",
            Severity.ERROR,
            "The step's verb is not one the process is for",
            "A process that rewrites changes what is already written, and one that writes creates it; used with the "
            "wrong verb, the emission predicted, the rules about touching earlier steps and the order of passes are "
            "all wrong. Each window lists the verbs it may be used with (write, rewrite, erase); furnaces, limits and "
            "classes of sources have none and cannot be a recipe's process. Use the right verb or the right process.",
        ),
        *COMPOSITION_CODES,
    )

    def end(self) -> Iterable[Finding]:
        """Judge each recipe in each step that uses it."""
        for use in self._usage.uses():
            recipe = self._context.header.recipes[use.recipe]
            process = self._context.processes.get(recipe.process)
            if process is not None:
                self._material(recipe, process)
                self._features(recipe, process, use)
                self._verb(recipe, process, use)
                self._regime(recipe, process)
        return [*self._members.findings(), *sums(self._context)]

    def _material(self, recipe: Recipe, process: Process) -> None:
        made_for, material = process.document.materials, self._context.job.sample.material
        if made_for and material not in made_for:
            text = f"{process.name} is for {', '.join(made_for)}; the sample is {material}"
            where = place(self._context, "sample", "material")
            self._add(recipe, process, "W_MATERIAL", text, "Choose a process for this material.", where)

    def _features(self, recipe: Recipe, process: Process, use: Use) -> None:
        shown = process.document.features
        for kind, count in (("dots", use.dots), ("lines", use.lines)):
            # Areas are hatched with lines or filled with dots.
            if count and shown and kind not in shown and "areas" not in shown:
                text = f"{process.name} was shown for {', '.join(shown)}, and {count:,} {kind} are written with it"
                self._add(recipe, process, "W_FEATURE_KIND", text, f"Choose a process that writes {kind}.")

    def _regime(self, recipe: Recipe, process: Process) -> None:
        wanted = process.document.regime
        if wanted is None or wanted == "lamp" or (wanted == "cw") == recipe.laser.is_cw:
            return
        kinds = ("continuous", "pulsed") if wanted == "cw" else (f"{wanted} pulsed", "continuous")
        text = f"{process.name} was shown with {kinds[0]} light, and the machine's is {kinds[1]}"
        self._add(recipe, process, "W_REGIME", text, "Choose a machine with the source's kind of laser.")

    def _verb(self, recipe: Recipe, process: Process, use: Use) -> None:
        verb = self._usage.steps.pass_kinds[use.step]
        if verb not in process.passes:
            allowed = ", ".join(p.value for p in process.passes) or "none (no recipe can use it)"
            name = self._usage.steps.names[use.step]
            text = f"step '{name}' would {verb.value} with {process.name}, whose verbs are: {allowed}"
            self._add(recipe, process, "E_PASS_KIND", text, "Use another verb, or another process.")

    def _add(
        self, recipe: Recipe, process: Process, code: str, text: str, hint: str, where: Location | None = None
    ) -> None:
        def say(count: int) -> Finding:
            return finding(
                info(self.codes, code),
                f"recipe '{recipe.name}': {text}",
                f"recipes.{recipe.name}",
                where or recipe_place(self._context, recipe.name, "process"),
                count=count,
                hint=hint,
                source=process.document.source,
            )

        self._members.add(recipe.name, code, text, 0.0, say, recipe.member)
