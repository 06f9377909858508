"""Moving a stage by hand, beam off, to find marks."""

from lasercam.model.links import StreamedByLines
from lasercam.model.links import Transport as Transport
from lasercam.model.machine import Machine as Machine
from lasercam.pipeline import registry
from lasercam.run.faults import AbortedError as AbortedError
from lasercam.run.jog import Jogger as Jogger
from lasercam.run.jog import told as told
from lasercam.run.link import GrblLink as GrblLink
from lasercam.run.operator import Operator as Operator


def can_jog(machine: Machine) -> bool:
    """Whether the controller of a machine is one that lasercam moves step by step."""
    return isinstance(registry.dialect(machine.controller.dialect), StreamedByLines)
