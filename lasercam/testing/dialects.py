"""What every dialect promises: its file, read by its own independent reader, says what was planned."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

from lasercam.errors import RereadError
from lasercam.model.machine import Machine
from lasercam.pipeline import registry
from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from lasercam.pipeline.verify import verify_build
from lasercam.schema.document import read_document
from lasercam.schema.tree import parse_yaml
from lasercam.testing.demand import hold
from lasercam.testing.jobs import DOTS, LINES, on_machine

CUTS = 12
"""Places at which each file is cut off."""
_CHANGED = "was changed after the build"


class DialectContract:
    """Subclass it as `Test…`, with `kind` and a machine profile that uses it.

    Attributes:
        kind: the class that is registered under `lasercam.dialects`.
        profile: text of a machine profile whose `controller: dialect:` is its name.
        jobs: texts of jobs, for `machine: fs1030-linuxcnc`, which is replaced by the profile.
    """

    kind: ClassVar[Any]
    profile: ClassVar[str]
    jobs: ClassVar[Sequence[str]] = (LINES, DOTS)

    def test_it_explains_itself(self) -> None:
        """Summary, explanation, suffix and codes are there."""
        language = self.kind()
        hold(language.summary and "\n" not in language.summary, "`summary` is one line")
        hold(len(language.explanation) > 200, "`explanation` says too little: what is emitted, what is proven")
        hold(language.suffix.startswith(".") and language.suffix[1:].isalnum(), "`suffix` is no file name suffix")
        for info in language.codes:
            hold(info.code[:2] in ("E_", "W_", "N_") and len(info.explanation) > 40, f"{info.code} is not explained")

    def test_files_say_what_was_planned(self) -> None:
        """Every job is judged clean, written, and proven one-to-one by the reader."""
        with self._builds() as folders:
            for folder in folders:
                proof = verify_build(folder)
                hold(proof.holds, f"not proven: {proof.mismatches[:1]}")
                hold(sum(proof.exposures.values()) > 0, "nothing is exposed")

    def test_files_are_the_same_every_time(self) -> None:
        """The same rows give the same bytes."""
        with self._builds() as first, self._builds() as second:
            for one, two in zip(first, second, strict=True):
                for path in sorted(one.glob(f"*{self.kind.suffix}")):
                    hold(path.read_bytes() == (two / path.name).read_bytes(), f"{path.name} differs from run to run")

    def test_files_that_end_early_are_noticed(self) -> None:
        """A file cut off anywhere is refused, or found to lack something: the controller would stop midway."""
        with self._builds() as folders:
            for folder in folders:
                for path in sorted(folder.glob(f"*{self.kind.suffix}")):
                    whole = path.read_bytes()
                    for cut in range(1, CUTS):
                        path.write_bytes(whole[: len(whole) * cut // CUTS])
                        hold(self._is_noticed(folder), f"{path.name} cut off at {cut}/{CUTS} is taken for whole")
                    path.write_bytes(whole)

    def test_an_empty_file_is_refused(self) -> None:
        """No end, no file."""
        import io

        machine = read_document(Machine, parse_yaml(self.profile, "profile.yaml"), what="a machine profile")
        try:
            list(self.kind().reader(io.BytesIO(b""), machine))
        except RereadError:
            return
        hold(False, "an empty file is read as if it were whole")  # noqa: FBT003 # it has failed

    @staticmethod
    def _is_noticed(folder: Path) -> bool:
        return any(_CHANGED not in mismatch.message for mismatch in verify_build(folder).mismatches)

    @contextmanager
    def _builds(self) -> Iterator[list[Path]]:
        """A build of every job."""
        profile = read_document(Machine, parse_yaml(self.profile, "profile.yaml"), what="a machine profile")
        name = profile.controller.dialect
        is_new = name not in registry.names(registry.DIALECTS)
        if is_new:
            registry.register(registry.DIALECTS, name, self.kind)
        try:
            with TemporaryDirectory(prefix="lasercam-contract-") as folder:
                yield [self._build(Path(folder), profile.machine, number) for number in range(len(self.jobs))]
        finally:
            if is_new:
                registry.forget(registry.DIALECTS, name)

    def _build(self, folder: Path, machine: str, number: int) -> Path:
        profiles = folder / "machine_profiles"
        profiles.mkdir(exist_ok=True)
        (profiles / f"{machine}.yaml").write_text(self.profile, encoding="utf-8")
        path = folder / f"job{number}.yaml"
        path.write_text(on_machine(self.jobs[number], machine), encoding="utf-8")
        loaded = load_job(path)
        toolpath = plan_job(loaded)
        verdict = judge(loaded, toolpath)
        hold(verdict.is_clean, f"job {number} is refused: {[str(f.message) for f in verdict.errors[:1]]}")
        return build(loaded, toolpath, verdict, folder / f"out{number}", pictures=False)
