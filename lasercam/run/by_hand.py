"""Steps that a person does between job files: none counts as done unless somebody says so, and that is journalled."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lasercam.errors import RefusedError, UsageError, name_problem
from lasercam.model.execution import HandStep
from lasercam.run.faults import WaitingError
from lasercam.run.journal import Journal, read_journal
from lasercam.run.operator import Operator


@dataclass(frozen=True)
class HandStepPlace:
    """A step by hand, and what comes before it.

    Attributes:
        step: the step.
        open_files: job files before it that are not executed to their end.
    """

    step: HandStep
    open_files: tuple[str, ...]


def places(files: Iterable[tuple[str, tuple[HandStep, ...], bool]], after: tuple[HandStep, ...]) -> list[HandStepPlace]:
    """Every step by hand with what comes before it.

    Args:
        files: of the build, in order: name, steps by hand before it, whether something of it is left.
        after: steps by hand behind the last one.
    """
    found: list[HandStepPlace] = []
    left: list[str] = []
    for name, before, is_open in files:
        found += [HandStepPlace(step, tuple(left)) for step in before]
        left += [name] if is_open else []
    return found + [HandStepPlace(step, tuple(left)) for step in after]


@dataclass(eq=False)
class StepsByHand:
    """Asks for them, and keeps the answers.

    Attributes:
        path: of the journal.
        open_journal: opens it where it is not open.
        operator: who is asked.
        folder: of the build, for messages.
    """

    path: Path
    open_journal: Callable[[], Journal]
    operator: Operator
    folder: str

    def left(self, steps: Sequence[HandStep]) -> list[HandStep]:
        """Those that nobody has confirmed."""
        if not steps:
            return []
        done = read_journal(self.path).by_hand
        return [step for step in steps if step.step not in done]

    def confirm(self, names: Sequence[str], places: Sequence[HandStepPlace]) -> list[HandStep]:
        """Journal steps that were named as done; those that were not before.

        Raises:
            UsageError: there is no such step by hand.
            RefusedError: it cannot be done yet.
        """
        by_name = {place.step.name: place for place in places}
        for name in names:
            if name not in by_name:
                known = list(by_name)
                if not known:
                    raise UsageError(f"the job has no steps by hand; there is nothing to confirm with '{name}'")
                raise UsageError(str(name_problem("step by hand", name, known)))
            place = by_name[name]
            if place.open_files:
                raise RefusedError(
                    f"'{name}' cannot be done yet: {', '.join(place.open_files)} of this build comes before it and is "
                    "not executed; confirm it when it is done, not ahead"
                )
        new = self.left([by_name[name].step for name in dict.fromkeys(names)])
        if new:
            with self.open_journal() as journal:
                for step in new:
                    journal.by_hand(step.step, name=step.name, how="--confirm")
        return new

    def require(self, steps: Sequence[HandStep], file: str, journal: Journal | None = None) -> None:
        """Everything by hand that comes before a job file is done.

        Args:
            steps: in order.
            file: the job file.
            journal: where it is open already.

        Raises:
            WaitingError: nobody says so.
        """
        for step in self.left(steps):
            if not self.operator.by_hand(f"Before '{file}': {step.text}. Is this done?"):
                raise WaitingError(
                    f"before '{file}' comes {step.text}, which a person does; the beam is off and nothing more moves. "
                    f"When it is done: `lasercam run {self.folder} --confirm {_quoted(step.name)}`, with the link"
                )
            if journal is not None:
                journal.by_hand(step.step, name=step.name, how="asked")
            else:
                with self.open_journal() as opened:
                    opened.by_hand(step.step, name=step.name, how="asked")

    def told_after(self, steps: Sequence[HandStep]) -> str:
        """What is left by hand behind the last job file, in words; empty when nothing is."""
        left = self.left(steps)
        if not left:
            return ""
        options = " ".join(f"--confirm {_quoted(step.name)}" for step in left)
        return (
            f"left to do by hand: {', '.join(step.text for step in left)}; when it is done, "
            f"`lasercam run {self.folder} {options}` notes it"
        )


def _quoted(name: str) -> str:
    return f'"{name}"' if any(not (c.isalnum() or c in "-_.") for c in name) else name
