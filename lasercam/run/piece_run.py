"""One file on a controller that runs it by itself: every exit leaves the beam off, the journal says what was done."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from lasercam.errors import LasercamError
from lasercam.model.file_control import FileEnding, FileStatus, Place
from lasercam.model.links import FileLink
from lasercam.model.toolpath import TICKS_PER_UM
from lasercam.run.faults import AbortedError, FaultError
from lasercam.run.file_pieces import Piece
from lasercam.run.following import Following
from lasercam.run.journal import Journal, JournalError
from lasercam.run.row_ranges import RowRanges
from lasercam.run.stop import NOT_CONFIRMED, Bounds
from lasercam.run.stopped_within import stopped_within
from lasercam.run.stream import Wish

if TYPE_CHECKING:
    from lasercam.run.hand_over import Desk
    from lasercam.run.planned import Planned

POLL_S: Final = 0.05
START_S: Final = 3.0
"""How long a controller may take until it says that it runs."""
JOURNAL_S: Final = 2.0
"""Between two records of what is over."""
PLACE_UM: Final = 0.01
"""Places are reported with six decimals of mm or better."""


class PieceRun:
    """Runs one piece.

    Args:
        desk: whom to ask and to tell.
        link: it has been handed the piece.
        journal: with the attempt's start record; None for a trace with the beam off.
        planned: the job file that the piece is of.
        piece: what is run.
    """

    def __init__(self, desk: "Desk", link: FileLink, journal: Journal | None, planned: "Planned", piece: Piece) -> None:
        self._desk, self._link, self._journal = desk, link, journal
        self._planned, self._piece = planned, piece
        self._light = desk.light if journal is not None else None
        self._is_faster = False
        self._following = self._new_following()

    def run(self) -> None:
        """All rows of the piece are over when this returns.

        Raises:
            AbortedError: by the operator or a signal; the beam was cut.
            FaultError, LinkError: the controller or the link failed; the beam was cut, or nobody knows.
            JournalError: the disk is full; the beam was cut.
        """
        before = self._link.status(0.0).place_um
        try:
            if self._journal is not None:
                # What may be executed is on disk before it may.
                self._journal.sent(line=0, row=self._piece.end_row, done=self._piece.first_row)
            self._following = self._new_following()
            self._link.start()
            self._follow(before)
            if self._light is not None:
                self._light.confirm(self._piece.end_row)
        except BaseException as error:
            self._cut(error)
            raise
        if self._journal is not None:
            self._journal.sent(line=0, row=self._piece.end_row, done=self._piece.end_row)

    def _new_following(self) -> Following:
        return Following(self._piece.table, self._piece.first_row, self._piece.end_row, self._link.now_s())

    def _follow(self, before: Place | None) -> None:
        link, following = self._link, self._following
        started_s = recorded_s = link.now_s()
        has_run = has_told = False
        while True:
            if self._light is not None:
                self._light.look(link.now_s(), following.over)
            wish = self._desk.controls.wish()
            if wish is not Wish.GO_ON and not has_told:
                has_told = True
                left_s = max(0.0, self._piece.seconds - (link.now_s() - started_s))
                what = "pauses" if wish is Wish.PAUSE else "stops"
                self._desk.say(f"{what} behind this piece, in about {left_s:.0f} s; q cuts the beam at once")
            status = link.status(POLL_S)
            now_s = link.now_s()
            if status.is_running:
                has_run = True
                following.saw(status.line, now_s)
            if status.problem:
                self._is_faster = status.is_faster
                raise FaultError("controller", status.problem)
            if not status.is_running and (has_run or now_s - started_s > START_S):
                self._require_end(status, before, now_s, has_run=has_run)
                return
            if now_s - recorded_s > JOURNAL_S and self._journal is not None:
                recorded_s = now_s
                self._journal.sent(line=following.line, row=self._piece.end_row, done=self._sure(following.over))
            self._progress(status)

    def _require_end(self, status: FileStatus, before: Place | None, now_s: float, *, has_run: bool) -> None:
        """The controller stands where the file ends, no sooner than it can; and it has run at all."""
        place, wanted = status.place_um, [v / TICKS_PER_UM for v in self._piece.end_ticks]
        near_um = self._planned.machine.controller.increment + PLACE_UM
        if place is None or _distance_um(place, wanted) > near_um * 3**0.5:
            shown = "an unknown place" if place is None else _shown(place)
            raise FaultError(
                "early", f"the controller has stopped at {shown}, not where the file ends, at {_shown(wanted)}"
            )
        lacks_s = self._following.lacks_s(now_s)
        if lacks_s:
            raise FaultError("early", f"the controller has stopped {lacks_s:.2g} s before the file can be at its end")
        if not has_run and (before is None or _distance_um(before, wanted) <= near_um):
            raise FaultError("silent", "the controller has never said that it runs the file")

    def _cut(self, error: BaseException) -> None:
        """The beam first, at both ends at once, the journal second; what went wrong stays what is raised."""
        closed = self._light.close_at_once() if self._light is not None else lambda: None
        ending = self._link.cut()
        closed()
        bounds = self._bounds(error, ending)
        bounds = replace(bounds, done=self._sure(bounds.done))
        reason = f"{type(error).__name__}: {error}" if isinstance(error, LasercamError) else type(error).__name__
        try:
            self._stopped(reason, bounds)
        except JournalError:
            self._desk.say("the journal could not be written: rows count as uncertain to the end of the piece")
        if not ending.is_dark:
            self._desk.say(f"{NOT_CONFIRMED} ({ending.problem})")
            error.add_note(NOT_CONFIRMED)

    def _bounds(self, error: BaseException, ending: FileEnding) -> Bounds:
        following = self._following
        keeps_time = (
            (ending.is_dark or ending.is_standing) and not self._is_faster and getattr(error, "kind", "") != "line"
        )
        last_line = self._link.last_line
        now_s = self._link.now_s()
        begun = following.begun_by(now_s, last_line) if keeps_time else following.begun_at_most(last_line)
        over = min(following.over, begun)
        unknown = RowRanges()
        is_trusted = ending.is_dark and isinstance(error, (AbortedError, KeyboardInterrupt, JournalError))
        if not is_trusted or ending.place_um is None:
            return Bounds(over, begun, unknown)
        tolerance_um = self._planned.machine.controller.path_tolerance + PLACE_UM
        return stopped_within(
            self._piece.program.rows(), ending.place_um, Bounds(over, begun, unknown), tolerance_um,
            dark_from=following.dark_from,
        )  # fmt: skip

    def _stopped(self, reason: str, bounds: Bounds) -> None:
        if self._journal is not None:
            self._journal.stopped(
                reason=reason, line=self._following.line, row=bounds.begun, done=bounds.done, partly=bounds.partly
            )
        if bounds.partly:
            self._desk.say(f"row {bounds.partly} is partly exposed")
        elif bounds.begun > bounds.done:
            self._desk.say(f"rows {RowRanges.of((bounds.done, bounds.begun))} may or may not be exposed")

    def _sure(self, over: int) -> int:
        """Rows below are over, and the laser was seen to be right after them."""
        return over if self._light is None else self._light.sure_to(over)

    def _progress(self, status: FileStatus) -> None:
        section, table, at = self._planned.section, self._piece.table, self._following.now
        header = self._desk.toolpath.header
        is_known = at < len(table.row) and self._journal is not None
        over = self._following.over - section.first_row
        self._desk.events.tell(
            "progress", file=self._planned.path.name, piece=self._piece.program.path.name,
            part=header.parts[table.part[at]].name if is_known else "",
            recipe=header.recipes[table.recipe[at]].label if is_known else "",
            done=over, sent=self._piece.end_row - section.first_row, rows=section.n_rows, state=status.state,
            line=status.line, place_um=status.place_um,
            left_s=round(section.duration_s * (1 - over / max(1, section.n_rows)), 1),
        )  # fmt: skip


def _distance_um(place: Place, wanted: Sequence[float]) -> float:
    return float(sum((a - b) ** 2 for a, b in zip(place, wanted, strict=True)) ** 0.5)


def _shown(place: Sequence[float]) -> str:
    return "(" + ", ".join(f"{v / 1000:.4f}" for v in place) + ") mm"
