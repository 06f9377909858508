"""One picture after the other: each save becomes a scene, or the reason why there is none; findings follow."""

import json
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from lasercam.errors import InputError, LasercamError, Problem
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.inputs import FolderInputs
from lasercam.pipeline.interactive import job_scene, judged_facts
from lasercam.pipeline.judge import judge
from lasercam.pipeline.ledger import ledger_of
from lasercam.pipeline.live.watching import Look, look
from lasercam.pipeline.load import LoadedJob, load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.progress import Advance
from lasercam.preview.html.scene import Scene
from lasercam.preview.html.thinning import MOST_ROWS
from lasercam.process.lab import environment_folders


class Audience(Protocol):
    """Who is told what became of a save."""

    def scene(self, version: int, content: bytes) -> None:
        """A new picture."""

    def judged(self, version: int, facts: dict[str, Any]) -> None:
        """The findings over the picture of that version."""

    def problem(self, problems: tuple[Problem, ...]) -> None:
        """Why there is no new picture."""


@dataclass(frozen=True)
class Told:
    """What a rebuild came to, for the terminal.

    Attributes:
        version: of the picture; the last one's where there is no new one.
        problems: why there is none; empty when there is.
        n_rows: of the toolpath.
    """

    version: int
    problems: tuple[Problem, ...] = ()
    n_rows: int = 0


class _SupersededError(Exception):
    """The file has been saved again: nobody waits for this any more."""


class Rebuilder:
    """Makes pictures of one job file; its process keeps imports and compiled code warm."""

    def __init__(self, job: Path, audience: Audience, *, most_rows: int = MOST_ROWS) -> None:
        self._job = job
        self._audience = audience
        self._most_rows = most_rows
        self._version = 0
        self._judging: threading.Thread | None = None
        self._turn = threading.Lock()
        self.watched: set[Path] = {job}
        self.seen: Look = look(self.watched)

    def rebuild(self) -> Told:
        """The picture of the job as it is now. What it depends on is in `watched`, as it was before in `seen`."""
        folder = FolderInputs(self._job.parent)
        before = look(self.watched)
        try:
            loaded = load_job(self._job, folder)
            toolpath = plan_job(loaded)
            made = job_scene(loaded, toolpath, None, most_rows=self._most_rows)
        except LasercamError as error:
            return self._refused(error, folder, before)
        ledger = loaded.document.sample.ledger
        self._depends_on(folder, {self._job.parent / ledger} if ledger else set(), before)
        self._version += 1
        self._audience.scene(self._version, packed_scene(made))
        self._judge(loaded, toolpath, made, self._version)
        return Told(self._version, n_rows=toolpath.header.n_rows)

    def finish_judging(self, longest_s: float | None = None) -> None:
        """Return when findings are told, or after a time."""
        if self._judging is not None:
            self._judging.join(longest_s)

    def stop(self) -> None:
        """Let go of whatever is still being judged."""
        self._version += 1

    def _refused(self, error: LasercamError, folder: FolderInputs, before: Look) -> Told:
        problems = _problems(error)
        # What the last good job needed may be what is missing now.
        self._depends_on(folder, self.watched, before)
        self._audience.problem(problems)
        return Told(self._version, problems)

    def _depends_on(self, folder: FolderInputs, more: set[Path], before: Look) -> None:
        """Remember how files were before they were read, so that a save meanwhile is not missed."""
        self.watched = {self._job, *folder.sought, *more, *environment_folders()}
        self.seen = {name: before.get(name, now) for name, now in look(self.watched).items()}

    def _judge(self, loaded: LoadedJob, toolpath: Toolpath, made: Scene, version: int) -> None:
        self._judging = threading.Thread(
            target=self._tell_findings, args=(loaded, toolpath, made, version), name="judging", daemon=True
        )
        self._judging.start()

    def _tell_findings(self, loaded: LoadedJob, toolpath: Toolpath, made: Scene, version: int) -> None:
        with self._turn:
            try:
                watching = _Abandoned(lambda: self._version != version)
                ledger = ledger_of(loaded, None, self._job.parent)
                verdict = judge(loaded, toolpath, watching, ledger=ledger)
                facts = judged_facts(made, toolpath, verdict.findings)
            except _SupersededError:
                return
            except LasercamError as error:
                self._audience.problem(_problems(error))
                return
            except Exception as error:  # a fault of lasercam itself still leaves in words
                text = f"a fault in lasercam itself, please report it: {type(error).__name__}: {error}"
                self._audience.problem((Problem(text),))
                return
        if self._version == version:
            self._audience.judged(version, facts)


def _problems(error: LasercamError) -> tuple[Problem, ...]:
    return error.problems if isinstance(error, InputError) else (Problem(str(error)),)


class _Abandoned:
    """Progress that nobody watches, and that ends the work when nobody waits for it."""

    def __init__(self, is_over: Callable[[], bool]) -> None:
        self._is_over = is_over

    @contextmanager
    def task(self, name: str, total: int) -> Iterator[Advance]:
        """A task that may be abandoned after any piece of it."""

        def advance(_: int) -> None:
            if self._is_over():
                raise _SupersededError

        advance(0)
        yield advance


def packed_scene(made: Scene) -> bytes:
    """A scene as one answer: the length of its facts (four bytes, least first), the facts as JSON, the rows."""
    facts = json.dumps(made.facts, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return struct.pack("<I", len(facts)) + facts + made.rows
