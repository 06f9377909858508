"""How voxels glow after everything the job does to them: as the lab says of their level, else as processes say."""

from collections.abc import Mapping, Sequence

from lasercam.channel.voxels import Glow, GlowLine
from lasercam.model.process_outcome import Outcome
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.pictures import written_width_um
from lasercam.pipeline.shown_steps import shown_steps
from lasercam.pipeline.written_pages import Dose
from lasercam.preview.emission import StepRows
from lasercam.preview.emitters import Emitter, Origin
from lasercam.sources.payload.keys import LevelEmission


class VoxelGlow:
    """Emission by history.

    Args:
        loaded, toolpath: the job.
        levels: emission of each level as the lab says; empty to ask the processes.
    """

    def __init__(self, loaded: LoadedJob, toolpath: Toolpath, levels: Sequence[LevelEmission]) -> None:
        self._recipes = toolpath.header.recipes.recipes
        self._steps: Mapping[int, StepRows] = shown_steps(loaded, toolpath)
        self._processes, self._levels = loaded.processes, tuple(levels)

    def of(self, history: Sequence[Dose], levels: frozenset[int]) -> Glow:
        """How a voxel glows.

        Args:
            history: its exposures.
            levels: levels that voxels of this history were planned to have; where there are several, nobody can tell
                them apart, and they glow as the lowest does; none for marks.
        """
        width = written_width_um(self._recipes[history[-1].recipe])
        if self._levels:
            # Marks of their own recipe are nobody's level; they only have to glow.
            said = self._levels[min(levels, default=-1)]
            return Glow((GlowLine(said.peak, said.fwhm, said.radiance),), width)
        return Glow(self._by_process(history), width)

    def _by_process(self, history: Sequence[Dose]) -> tuple[GlowLine, ...]:
        """Lines after every step of the job, one voxel alone: what its processes add, replace and remove."""
        light: dict[Emitter, tuple[float, Origin]] = {}
        for index, step in self._steps.items():
            if step.treats is not None:
                light = _treated(light, step)
                continue
            for dose in history:
                if dose.step == index:
                    process = self._recipes[dose.recipe].process
                    light = _exposed(light, self._processes[process].outcome, process, erases=step.erases)
        return tuple(GlowLine(e.peak_nm, e.fwhm_nm, radiance) for e, (radiance, _) in light.items() if radiance > 0.0)


Light = Mapping[Emitter, tuple[float, Origin]]


def _exposed(light: Light, outcome: Outcome, process: str, *, erases: bool) -> dict[Emitter, tuple[float, Origin]]:
    effect = "removes" if erases else outcome.effect
    found = {} if effect in ("replaces", "removes") else dict(light)
    if effect in ("adds", "replaces"):
        for line in outcome.emission:
            emitter = Emitter(line.peak, line.fwhm, line.phase)
            old = found.get(emitter)
            by = frozenset((process,)) | (old[1].by if old is not None else frozenset())
            found[emitter] = max(line.radiance, old[0] if old is not None else 0.0), Origin(emitter, by)
    return found


def _treated(light: Light, step: StepRows) -> dict[Emitter, tuple[float, Origin]]:
    found: dict[Emitter, tuple[float, Origin]] = {}
    for emitter, (radiance, origin) in light.items():
        treated = step.treats(emitter, origin) if step.treats is not None else None
        if treated is None or treated.emitter is None:
            continue
        factor = origin.factor if treated.factor is None else treated.factor
        old = found.get(treated.emitter)
        now = radiance * factor / origin.factor + (old[0] if old is not None else 0.0)
        by = origin.by if old is None else origin.by | old[1].by
        found[treated.emitter] = now, Origin(origin.written, by, factor)
    return found
