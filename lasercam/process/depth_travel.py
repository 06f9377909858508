"""How far a machine's stage travels for a depth in a sample, and how much its focus is blurred there."""

from functools import lru_cache

from lasercam.errors import MachineLimitError
from lasercam.model.machine import Objective
from lasercam.process.interface import DepthModel, depth_scale, interface_aberration_um


@lru_cache(maxsize=256)
def travel_per_depth(objective: Objective, sample_index: float) -> float:
    """Stage travel per inscription depth, by the machine's `depth_correction`.

    Args:
        objective: of the machine's profile.
        sample_index: refractive index of the sample at the writing wavelength.

    Raises:
        MachineLimitError: rays of the objective do not enter the sample, so that those of the correction never meet.
    """
    if objective.depth_per_travel is not None:
        return 1.0 / objective.depth_per_travel
    if objective.depth_correction == "paraxial":
        return objective.immersion_index / sample_index
    if not enters(objective, sample_index):
        raise MachineLimitError(
            f"`depth_correction: {objective.depth_correction}` follows rays up to NA {objective.na:g}, but a sample of "
            f"index {sample_index:g} reflects all above NA {sample_index:g}; use `paraxial` or `measured`"
        )
    model: DepthModel = "best_focus" if objective.depth_correction == "best_focus" else "marginal_ray"
    return depth_scale(objective.na, sample_index, objective.immersion_index, model)


def enters(objective: Objective, sample_index: float) -> bool:
    """Whether all rays of the objective enter the sample; the outermost of a strong one are reflected totally."""
    return objective.na < sample_index


@lru_cache(maxsize=1024)
def aberration_per_depth(objective: Objective, sample_index: float, beam_na: float | None = None) -> float:
    """Longitudinal spherical aberration per inscription depth, either sign; all rays must enter the sample.

    Args:
        objective: of the machine's profile.
        sample_index: refractive index of the sample at the writing wavelength.
        beam_na: of the beam where it does not fill the objective; None = it does.
    """
    na = objective.na if beam_na is None else min(beam_na, objective.na)
    travel = travel_per_depth(objective, sample_index)
    return interface_aberration_um(travel, na, sample_index, objective.immersion_index)
