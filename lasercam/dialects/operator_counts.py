"""Dots of counted pulses where a person sets the count at the picker: the file tells it, once, for all its dots."""

from collections.abc import Callable

from lasercam.dialects.judgement import recipes_of
from lasercam.dialects.row_facts import RowFacts
from lasercam.errors import MachineLimitError
from lasercam.model.machine import Machine
from lasercam.model.protocols import ProgramHeader


def refuse_uncounted(machine: Machine, pulses: int, *, sets_counts: bool = False) -> None:
    """Refuse dots that the machine cannot count.

    Args:
        machine: the profile.
        pulses: of a dot.
        sets_counts: the program may set the count, not only a person.

    Raises:
        MachineLimitError: no trigger, one whose count this program cannot set, or more pulses than it counts.
    """
    trigger = machine.trigger
    if trigger is None or (trigger.counted_by == "program" and not sets_counts):
        raise MachineLimitError(
            "the machine has no counted trigger whose pulses the operator counts; give dots an exposure time, or the "
            "profile a `trigger` with counted_by: operator"
        )
    if pulses > trigger.max_pulses:
        raise MachineLimitError(f"{pulses} pulses per dot are more than the {trigger.max_pulses} the trigger counts")


class OperatorCount:
    """What a file tells the operator to set at the pulse counter."""

    def __init__(self, program: ProgramHeader, say: Callable[[int], str]) -> None:
        """Nothing is told yet.

        Args:
            program: the file; where its machine has no trigger that a person counts at, nothing is ever told.
            say: the line, in words that the dialect's reader looks for.
        """
        trigger = program.machine.trigger
        self._program, self._say = program, say
        self._is_told = trigger is not None and trigger.counted_by == "operator"
        self._told = 0

    def at_head(self) -> list[str]:
        """The line for the file's head, where all dots of the section have one count."""
        counts = {r.pulses for r in recipes_of(self._program.toolpath, self._program.section) if r.pulses}
        return self._tell(counts.pop()) if len(counts) == 1 else []

    def before(self, facts: RowFacts) -> list[str]:
        """The line in front of rows whose count the head could not tell."""
        pulses = int(facts.count[facts.counted].max(initial=0))
        return self._tell(pulses) if pulses and pulses != self._told else []

    def _tell(self, pulses: int) -> list[str]:
        if not self._is_told:
            return []
        if self._told:
            raise MachineLimitError(
                f"the file's head asks for a pulse count of {self._told}, but its dots need {pulses}; write dots of "
                "this recipe with its own count"
            )
        self._told = pulses
        return [self._say(pulses)]
