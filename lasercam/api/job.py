"""A job in Python: loaded from a file or written in code, planned, judged, drawn and built."""

import io
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Self

from lasercam.api.findings import SILENT, Progress, Verdict
from lasercam.api.key_paths import IN_CODE, named_by_key
from lasercam.api.picture import Picture
from lasercam.api.words import Pattern, Recipe, Sample, Step, Supplied, Waiver, plain
from lasercam.errors import InputError, Problem, UsageError, name_problem
from lasercam.model.feature import FeatureBlock
from lasercam.model.job import JobDocument
from lasercam.model.toolpath import Section, Toolpath, ToolpathBlock
from lasercam.pipeline.build import build
from lasercam.pipeline.inputs import BuiltInputs
from lasercam.pipeline.interactive import write_interactive
from lasercam.pipeline.judge import judge
from lasercam.pipeline.ledger import ledger_of
from lasercam.pipeline.load import LoadedJob, load_content, load_job
from lasercam.pipeline.manifest import Manifest, finding_data, read_manifest, section_data
from lasercam.pipeline.pictures import draw_layers_to, draw_one
from lasercam.pipeline.planning import pattern_features, plan_job
from lasercam.pipeline.quantities import derived_by_recipe
from lasercam.pipeline.verify import Proof, verify_build
from lasercam.preview.emission_colours import Response
from lasercam.preview.palette import duration as duration
from lasercam.schema.yaml_text import Written, yaml_text


class Job:
    """A job that was read, with everything it names; nothing about it changes any more.

    Written in code, it takes the same keys as a job file and is held to the same schema:

    >>> import lasercam as lc
    >>> job = lc.Job(
    ...     "five_lines",
    ...     machine="fs1030-linuxcnc",
    ...     sample=lc.Sample(id="A7", material="br_i_borosilicate", size=["10 mm", "10 mm", "2 mm"],
    ...                      refractive_index=1.52),
    ...     patterns={"grid": lc.Pattern("lines", count=5, pitch="50 um", length="300 um", at=["1 mm", "1 mm"],
    ...                                  depth="200 um")},
    ...     recipes={"dual": lc.Recipe(process="glass_bri_lines", pulse_energy="50 uJ", repetition_rate="10 kHz",
    ...                                speed="0.4 mm/s")},
    ...     steps=[lc.Step(name="write", write={"grid": "dual"})],
    ...     supply={"glass_bri_lines": {"spot_radius": lc.Supplied(value="4 um", definition="1/e^2 radius",
    ...                                                            source="example value")}},
    ... )
    >>> job.sections[0].n_exposures, job.verdict.is_clean
    (5, True)

    Raises:
        InputError: anything wrong, every problem named by the path of its key.
    """

    def __init__(
        self,
        job: str,
        *,
        machine: str,
        sample: Sample | Mapping[str, Any],
        patterns: Mapping[str, Pattern | Mapping[str, Any]],
        steps: Sequence[Step | Mapping[str, Any]],
        recipes: Mapping[str, Recipe | Mapping[str, Any]] | None = None,
        supply: Mapping[str, Mapping[str, Supplied | Mapping[str, str]]] | None = None,
        waive: Sequence[Waiver | Mapping[str, str]] | None = None,
        title: str | None = None,
        cites: Sequence[str] | None = None,
        processes: str | None = None,
        seed: int | None = None,
        folder: str | Path = ".",
    ) -> None:
        keys: dict[str, Any] = {
            "job": job, "title": title, "cites": cites, "machine": machine, "processes": processes, "sample": sample,
            "patterns": patterns, "recipes": recipes, "steps": steps, "supply": supply, "waive": waive, "seed": seed,
        }  # fmt: skip
        written = plain(keys)
        if not isinstance(written, dict):
            raise TypeError("a job is a mapping")
        self._loaded, self._folder = _loaded_from_code(written, Path(folder)), Path(folder)

    @classmethod
    def of_loaded(cls, loaded: LoadedJob, folder: Path) -> Self:
        """A job that was loaded already; `folder` is the one that its file, or the build, lies in."""
        job = cls.__new__(cls)
        job._loaded, job._folder = loaded, folder  # noqa: SLF001 # as __init__ does for jobs written in code
        return job

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """The job in a file, or the one kept in the folder of a build.

        Raises:
            InputError: anything wrong with it or a file it names, every problem with file, line and column.
        """
        file = Path(path)
        return cls.of_loaded(load_job(file), file if file.is_dir() else file.parent)

    @classmethod
    def from_text(cls, text: str, folder: str | Path = ".", name: str = "job.yaml") -> Self:
        """The job in a YAML text; files it names lie in `folder`, and messages call the text `name`."""
        return cls.of_loaded(load_content(text.encode(), name, Path(folder)), Path(folder))

    @property
    def document(self) -> JobDocument:
        """What was written, typed: quantities in µm, s, µJ, Hz and µm/s."""
        return self._loaded.document

    @property
    def name(self) -> str:
        """The job's name."""
        return self.document.job

    @property
    def text(self) -> str:
        """The job file: as it was read, or as code wrote it."""
        return self._loaded.content.decode("utf-8-sig")

    @property
    def patterns(self) -> dict[str, tuple[str, ...]]:
        """Parts that recipes can attach to, by pattern."""
        return {name: pattern.source.parts.names for name, pattern in self._loaded.patterns.items()}

    def features(self, pattern: str) -> Iterator[FeatureBlock]:
        """Dots and lines of a pattern on the sample: x, y and depth in µm, copies and cuts included.

        >>> import lasercam as lc
        >>> block = next(lc.example("xiao2024_dots").features("grid"))
        >>> block.xyz_um.shape[1], block.xyz_um.dtype
        (3, dtype('float64'))

        Raises:
            UsageError: no pattern has that name.
        """
        if pattern not in self._loaded.patterns:
            raise UsageError(str(name_problem("pattern", pattern, list(self._loaded.patterns))))
        return pattern_features(self._loaded, pattern)

    @cached_property
    def toolpath(self) -> Toolpath:
        """Header and ordered rows, in integer ticks of 0.1 nm; planned at the first look.

        Raises:
            InputError: recipes or parts that do not resolve, patterns that cannot be placed.
        """
        return plan_job(self._loaded)

    def blocks(self) -> Iterator[ToolpathBlock]:
        """Rows as NumPy columns, at most 32,768 at a time; see `lasercam.ToolpathBlock`."""
        return self.toolpath.blocks()

    @property
    def sections(self) -> tuple[Section, ...]:
        """Rows that share a set-up: one job file each."""
        return self.toolpath.header.sections

    @cached_property
    def verdict(self) -> Verdict:
        """The judgement over the toolpath, without a ledger."""
        return self.check()

    def check(self, progress: Progress = SILENT, *, ledger: str | Path | None = None) -> Verdict:
        """Judge the toolpath.

        Args:
            progress: shown while judging.
            ledger: what the sample already holds; absent: the ledger that the job names, but of a build none.
        """
        if ledger is None and isinstance(self._loaded.inputs, BuiltInputs):
            found = None
        else:
            found = ledger_of(self._loaded, None if ledger is None else Path(ledger), self._folder)
        return judge(self._loaded, self.toolpath, progress, ledger=found)

    def facts(self, verdict: Verdict | None = None) -> dict[str, Any]:
        """What `lasercam check --format json` prints."""
        judged = self.verdict if verdict is None else verdict
        return {
            "job": self.toolpath.header.job,
            "toolpath": judged.toolpath_digest,
            "clean": judged.is_clean,
            "findings": [finding_data(f) for f in judged.findings],
            "derived": derived_by_recipe(self._loaded, self.toolpath),
            "sections": [section_data(s) for s in self.sections],
            "notes": list(judged.notes),
        }

    def preview(
        self, view: str = "toolpath", *, step: int | None = None, layer: int | None = None, form: str = "png",
        response: Response = "radiance", false_colour: bool = False,
    ) -> Picture:  # fmt: skip
        """A picture, shown by notebooks.

        Args:
            view: `toolpath`, `dose`, `order`, `neighbours`, `time`, `registration`, `daylight`, `uv`, `uv+lp645` (any
                pass), or `sheet`: every view after every step.
            step: number of the step, from 1; absent: all, or what is there after the last.
            layer: only this layer, 1 = shallowest.
            form: png, svg or pdf.
            response: of emission views: `radiance`, brightness as a camera has it, or `luminance`, as the eye.
            false_colour: of emission views: colours that can be told apart.

        Raises:
            UsageError: no such view, step, layer or form.
        """
        out = io.BytesIO()
        self.draw(out, view, step=step, layer=layer, form=form, response=response, false_colour=false_colour)
        return Picture(form, out.getvalue(), f"{self.name}, {view}")

    def draw(
        self, out: BinaryIO, view: str = "toolpath", *, step: int | None = None, layer: int | None = None,
        form: str = "png", response: Response = "radiance", false_colour: bool = False,
    ) -> None:  # fmt: skip
        """As `preview`, into an open file."""
        draw_one(
            self._loaded, self.toolpath, view, step, form, out, None if layer is None else layer - 1,
            response=response, false_colour=false_colour,
        )  # fmt: skip

    def draw_layers(self, path: str | Path, view: str = "toolpath", *, step: int | None = None) -> list[Path]:
        """Every layer on a page of its own: pages of a .pdf, or .png or .svg files called `layers-001.png` and so on.

        Args:
            path: of the .pdf, or what the numbered files are named after.
            view: `toolpath`, `dose`, `order` or `neighbours`.
            step: number of the step, from 1; absent: all.

        Returns:
            The files written.

        Raises:
            UsageError: no such view, step or format.
        """
        target = Path(path)
        return draw_layers_to(self._loaded, self.toolpath, view, step, target, target.parent)

    def write_page(self, out: BinaryIO, *, verdict: Verdict | None = None, progress: Progress = SILENT) -> str:
        """One HTML page to look around in, without a network: toolpath, voxels and findings, by step and time.

        Args:
            out: where the bytes go.
            verdict: as `check` gave it; absent: judged now, with the ledger that the job names.
            progress: shown meanwhile.

        Returns:
            How many of the rows are drawn, in a sentence.
        """
        judged = self.check(progress) if verdict is None else verdict
        return write_interactive(self._loaded, self.toolpath, judged.findings, out, progress=progress)

    def build(
        self,
        folder: str | Path,
        *,
        verdict: Verdict | None = None,
        pictures: bool = True,
        replace: bool = False,
        progress: Progress = SILENT,
    ) -> "Build":
        """Job files, kept inputs, manifest, runbook and pictures in a folder that appears whole, and their proof.

        Args:
            folder: does not exist yet, or is an earlier build and `replace` is set.
            verdict: as `check` gave it, with a ledger; absent: `self.verdict`.
            pictures: also draw the previews.
            replace: an earlier build makes room.
            progress: shown while writing.

        Raises:
            RefusedError: the verdict holds errors: nothing is written.
        """
        judged = self.verdict if verdict is None else verdict
        build(
            self._loaded, self.toolpath, judged, Path(folder), pictures=pictures, replace_existing=replace,
            progress=progress,
        )  # fmt: skip
        return Build(Path(folder), read_manifest(Path(folder)), verify_build(Path(folder), progress))

    def save(self, path: str | Path, *, replace: bool = False) -> Path:
        """The job as a file, which appears whole.

        Raises:
            InputError: something of that name is there and `replace` is not set, or it cannot be written.
        """
        target = Path(path)
        if target.exists() and not replace:
            raise InputError(Problem(f"'{target}' exists already", hint="Say replace=True, or name another file."))
        appear(target, lambda out: out.write(self._loaded.content))
        return target

    def __repr__(self) -> str:
        steps = ", ".join(step.name for step in self.document.steps)
        return f"<lasercam job {self.name} on {self.document.machine}: {steps}>"

    def _repr_html_(self) -> str:
        from lasercam.api.notebook import job_page

        return job_page(self)


@dataclass(frozen=True)
class Build:
    """A build on disk.

    Attributes:
        folder: where it lies.
        manifest: what it holds, with hashes.
        proof: what re-reading its job files by independent readers found.
    """

    folder: Path
    manifest: Manifest
    proof: Proof

    @property
    def programs(self) -> list[Path]:
        """Job files, in the order they run."""
        return [self.folder / entry.file for entry in self.manifest.programs]


def load(path: str | Path) -> Job:
    """The job in a file or in the folder of a build."""
    return Job.load(path)


def example(name: str) -> Job:
    """A shipped job by its name; `lasercam list patterns` lists them.

    Raises:
        UsageError: there is none of that name.
    """
    from lasercam.pipeline.inputs import shipped, shipped_names

    if name not in shipped_names("patterns"):
        raise UsageError(str(name_problem("pattern", name, shipped_names("patterns"))))
    with shipped("patterns") as folder:
        return Job.load(folder / f"{name}.yaml")


def verify(folder: str | Path, progress: Progress = SILENT, *, job: str | Path | None = None) -> Proof:
    """What re-reading a build by independent readers finds; `job`: also whether that job file was edited since."""
    return verify_build(Path(folder), progress, job=None if job is None else Path(job))


def appear(target: Path, write: Any) -> None:
    """A file that is there whole or not at all; `write` is given it open for bytes."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    except OSError as error:
        raise InputError(Problem(f"nothing can be written to '{target.parent}': {error.strerror}")) from error
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            write(out)
        unfinished.chmod(0o644)
        unfinished.replace(target)
    except OSError as error:
        raise InputError(Problem(f"'{target}' cannot be written: {error.strerror}")) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _loaded_from_code(written: dict[str, Written], folder: Path) -> LoadedJob:
    content = yaml_text(written).encode()
    with named_by_key(content):
        return load_content(content, IN_CODE, folder)
