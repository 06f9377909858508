"""Rewritable media: pages are known by their places, erasures are counted over jobs, cleared places are free."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from lasercam.channel.presets import shipped_channels
from lasercam.cli.main import run
from lasercam.model.execution import Execution, ProgramRows
from lasercam.model.finding import Finding, Severity
from lasercam.model.toolpath import Toolpath
from lasercam.pipeline.build import build as build_job
from lasercam.pipeline.judge import judge
from lasercam.pipeline.ledger import Ledger, read_ledger
from lasercam.pipeline.ledger_adding import add_build, take_over
from lasercam.pipeline.ledger_pages import touched_pages
from lasercam.pipeline.ledger_saving import whole_pieces
from lasercam.pipeline.load import LoadedJob, load_job
from lasercam.pipeline.page_wear import page_findings
from lasercam.pipeline.planning import pattern_uses, plan_job
from lasercam.pipeline.read_back import read_back
from lasercam.sources.payload.source import Payload
from lasercam.storage.page import DARK
from tests.support.jobs import write_job

JOB = """
job: JOB
machine: fs1030-linuxcnc
sample: {id: R7, material: br_borosilicate, size: [10 mm, 10 mm, 2 mm], refractive_index: 1.52}
patterns:
  NAME: {type: payload, text: "TEXT", bits: 1, presence: true, page: [48, 48], pitch: [6 um, 6 um], fields: [2, 1],
         group: [1, 1], at: [AT, 4 mm], depth: 100 um}
recipes:
  on: {process: glass_cspbbr3_reversible, pulse_energy: 1 uJ, repetition_rate: 1 kHz, exposure: 1 s}
  off: {like: on, exposure: 2 s}
steps:
STEPS
supply:
  glass_cspbbr3_reversible:
    wavelength: {value: 1030 nm, source: "example value"}
    pulse_duration: {value: 300 fs, source: "example value"}
    pulse_energy: {value: 1 uJ, source: "example value"}
    spot_radius: {value: 1.5 um, definition: 1/e^2 radius, source: "example value"}
    anneal_temperature: {value: 450 degC, source: "example value"}
    anneal_time: {value: 5 h, source: "example value"}
    recover_temperature: {value: 150 degC, source: "example value"}
    damage_threshold: {value: 50 J/cm^2, definition: peak, source: "example value"}
"""
TURNED = "depth: 100 um, rotate: 90 deg, array: {counts: [2, 1], pitch: [800 um, 800 um]}}"
FURNACE = (
    "  - {name: furnace, heat: {process: glass_cspbbr3_reversible, temperature: 150 degC, hold_time: 10 min,"
    " ramp_rate: 5 degC/min, atmosphere: air}}"
)
SHOWN = 10
"""Cycles that Huang 2020 printed, by way of Mu 2022: as the process states them."""


@dataclass(frozen=True)
class Built:
    """A job that was built, ready to be taken over again and again without proving it anew."""

    folder: Path
    loaded: LoadedJob
    toolpath: Toolpath

    def execution(self, number: int, *programs: ProgramRows) -> Execution:
        whole = [
            ProgramRows(s.index, 0, ((s.first_row, s.first_row + s.n_rows),), is_finished=True)
            for s in self.toolpath.header.sections
        ]
        return Execution(f"{number:032x}", "a.journal", self.toolpath.header.digest, True, programs or tuple(whole))

    def executed(self, ledger: Path, number: int, *programs: ProgramRows) -> None:
        """What a journal of that number says goes into the ledger."""
        take_over(
            read_ledger(ledger, may_be_new=True), self.folder, self.loaded, self.toolpath,
            self.execution(number, *programs), day=date(2026, 5, 2),
        )  # fmt: skip

    def wear(self, ledger: Path) -> list[Finding]:
        return list(page_findings(self.loaded, self.toolpath, read_ledger(ledger)))


def text(steps: str, name: str = "data", stored: str = "first", at: str = "4 mm") -> str:
    told = JOB.replace("NAME", name).replace("TEXT", stored).replace("AT", at).replace("JOB", f"{name}_job")
    return told.replace("STEPS", steps)


def build(folder: Path, job: str, *more: str) -> Built:
    folder.mkdir()
    assert run(["build", str(write_job(folder, job)), "-o", str(folder / "out"), "--no-pictures", *more]) == 0
    loaded = load_job(folder / "out")
    return Built(folder / "out", loaded, plan_job(loaded))


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Built]:
    """Two files for the same pages, under different names, to write and to erase."""
    folder = tmp_path_factory.mktemp("jobs")
    files = {"one": ("data", "first"), "two": ("other", "something else altogether")}
    found = {}
    for key, (name, stored) in files.items():
        for verb, recipe in (("write", "on"), ("erase", "off")):
            step = f"  - {{name: {verb} it, {verb}: {{{name}: {recipe}}}}}"
            ledger = folder / f"{key}.ledger"  # an erasure needs what it erases
            more = ("--ledger", str(ledger)) if verb == "erase" else ()
            found[f"{verb} {key}"] = build(folder / f"{verb}_{key}", text(step, name, stored), *more)
            found[f"{verb} {key}"].executed(ledger, 1)
    return found


def errors(built: Built, ledger: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    for finding in judge(built.loaded, built.toolpath, ledger=read_ledger(ledger)).errors:
        found[finding.code] = found.get(finding.code, 0) + finding.count
    return found


def places(toolpath: Toolpath) -> set[tuple[int, ...]]:
    return {tuple(p) for b in toolpath.blocks() for p in b.end_ticks[b.exposes].tolist()}


def test_an_entry_lists_the_pages_of_its_build(tmp_path: Path, jobs: dict[str, Built]) -> None:
    path = tmp_path / "R7.ledger"
    entry = add_build(jobs["write one"].folder, path, date="2026-05-02")
    [found] = entry.pages or ()
    source = jobs["write one"].loaded.patterns["data"].source
    assert (found.pattern, found.copy_number, found.file_id) == ("data", 1, source.volume.file_id.hex())
    assert (found.across_um, found.up_um, found.pitch_um) == ((282.0, 0.0), (0.0, 282.0), 6.0)
    told = [(p.address, p.kind, p.layer, p.corner_um) for p in found.pages]
    # The second page stands 48 voxels and a gap of 6 beside the first.
    assert told == [(0, "data", 1, (4000.0, 4000.0, 100.0)), (1, "parity", 1, (4324.0, 4000.0, 100.0))]
    assert [(p.written, p.rewritten, p.erased, p.partly, p.uncertain) for p in found.pages] == [(1, 0, 0, 0, 0)] * 2
    assert sum(p.exposures for p in found.pages) == entry.exposures


def test_every_page_of_every_copy_is_where_the_map_of_pages_says(tmp_path: Path) -> None:
    """Turned copies, side by side, in two layers; `pages.csv` tells the middle of each."""
    turned = text("  - {name: w, write: {data: on}}").replace("depth: 100 um}", TURNED)
    loaded = load_job(write_job(tmp_path, turned.replace("fields: [2, 1]", "layer_pitch: 20 um")))
    toolpath = plan_job(loaded)
    source = loaded.patterns["data"].source
    assert isinstance(source, Payload)
    table = source.extra_files(pattern_uses(loaded)["data"])["pages.csv"].decode().splitlines()[1:]
    found = touched_pages(loaded, toolpath, whole_pieces(toolpath))
    told = []
    for pages in found:
        for page in pages.pages:
            x, y = (np.array(pages.across_um) + np.array(pages.up_um)) / 2 + page.corner_um[:2]
            place = f"{x:.4f},{y:.4f},{page.corner_um[2]:.4f}"
            told.append(f"{pages.copy_number},{page.address},{page.kind},{page.layer},{place}")
    assert sorted(told) == sorted(table)
    assert len(told) == 4
    exposures = {page.address: page.exposures for page in found[0].pages}
    for address, levels in source.volume.pages():
        # Of presence, level 0 is no voxel; sites that are never written have a level of their own.
        assert exposures[address] == np.count_nonzero((levels != 0) & (levels != DARK))


def test_a_page_is_written_and_erased_eleven_times(
    tmp_path: Path, jobs: dict[str, Built], capsys: pytest.CaptureFixture[str]
) -> None:
    """Two files take turns; the eleventh erasure is one more than was shown."""
    path = tmp_path / "R7.ledger"
    for cycle in range(1, SHOWN + 2):
        key = "one" if cycle % 2 else "two"
        write, erase = jobs[f"write {key}"], jobs[f"erase {key}"]
        if cycle in (2, 3):
            assert errors(write, path) == {}, "what was erased is no longer in the way"
        write.executed(path, 2 * cycle)
        other = jobs["write two" if cycle % 2 else "write one"]
        if cycle in (1, 2):
            shared = places(write.toolpath) & places(other.toolpath)
            assert errors(other, path) == {"E_DUPLICATE": len(shared)}
            assert errors(erase, path) == {}
        [finding] = erase.wear(path)
        assert (finding.value, finding.limit, finding.on) == (cycle, SHOWN, f"patterns.{['other', 'data'][cycle % 2]}")
        assert finding.code == ("W_PAGE_CYCLES" if cycle > SHOWN else "N_PAGE_CYCLES")
        if cycle <= SHOWN:
            assert f"{SHOWN - cycle} of the 10 cycles" in finding.message
        erase.executed(path, 2 * cycle + 1)
    verdict = judge(jobs["write two"].loaded, jobs["write two"].toolpath, ledger=read_ledger(path))
    warned = [f.code for f in verdict.findings if f.severity is Severity.WARNING]
    assert warned == ["W_PAGE_CYCLES"], "pages that are worn stay so"
    assert run(["ledger", "show", "--ledger", str(path)]) == 0
    table = [line.split() for line in capsys.readouterr().out.splitlines() if "data" in line.split()[2:4]]
    assert [row[2:8] for row in table] == [["0", "data", "1", "11", "0", "11"]]
    assert run(["explain", "W_PAGE_CYCLES"]) == 0


def test_without_a_ledger_a_job_counts_what_it_does_itself(tmp_path: Path) -> None:
    steps = "\n".join(
        f"  - {{name: w{i}, write: {{data: on}}}}\n  - {{name: e{i}, erase: {{data: off}}}}" for i in range(2)
    )
    loaded = load_job(write_job(tmp_path, text(steps)))
    verdict = judge(loaded, plan_job(loaded))
    assert not verdict.errors
    [finding] = [f for f in verdict.findings if f.code == "N_PAGE_CYCLES"]
    assert finding.value == 2
    assert "no ledger" in finding.message
    assert "W_CYCLES" not in {f.code for f in verdict.findings}


def cut(built: Built, done: int, partly: int, uncertain: int) -> ProgramRows:
    """The first exposures of a job that was stopped, by their states."""
    rows = [b.first_row + i for b in built.toolpath.blocks() for i in np.flatnonzero(b.exposes).tolist()]
    ends = np.cumsum([done, partly, uncertain]).tolist()
    a, b, c = (tuple((r, r + 1) for r in rows[x:y]) for x, y in zip([0, *ends], ends, strict=False))
    return ProgramRows(0, 0, a, b, c)


def test_a_journal_says_what_of_a_page_was_touched(tmp_path: Path, jobs: dict[str, Built]) -> None:
    path = tmp_path / "R7.ledger"
    jobs["write one"].executed(path, 1)
    erase = jobs["erase one"]
    erase.executed(path, 2, cut(erase, 20, 1, 3))
    [found] = read_ledger(path).current[-1].pages or ()
    assert sum(p.exposures for p in found.pages) == 20
    assert sum(p.partly for p in found.pages) == 1
    assert sum(p.uncertain for p in found.pages) == 3
    touched = [p for p in found.pages if p.exposures or p.partly]
    assert all((p.erased, p.perhaps_erased) == (1, 0) for p in touched)
    # Only voxels that are surely erased are free: everything else of the file that stands there is in the way.
    cleared = sorted(tuple(p) for b in erase.toolpath.blocks() for p in b.end_ticks[np.flatnonzero(b.exposes)].tolist())
    assert len(cleared) == len(places(jobs["write one"].toolpath))
    assert errors(jobs["write one"], path) == {"E_DUPLICATE": len(cleared) - 20}
    # The run goes on to its end: the same pass, counted once.
    erase.executed(path, 2)
    assert [p.erased for p in (read_ledger(path).current[-1].pages or ())[0].pages] == [1, 1]
    assert errors(jobs["write one"], path) == {}


def test_an_erasure_that_perhaps_happened_wears_and_clears_nothing(tmp_path: Path, jobs: dict[str, Built]) -> None:
    path = tmp_path / "R7.ledger"
    jobs["write one"].executed(path, 1)
    jobs["erase one"].executed(path, 2, cut(jobs["erase one"], 0, 0, 5))
    [found] = read_ledger(path).current[-1].pages or ()
    assert [(p.erased, p.perhaps_erased, p.uncertain) for p in found.pages] == [(0, 1, 5)]
    [finding] = jobs["erase one"].wear(path)
    assert finding.value == 2
    assert errors(jobs["write one"], path)["E_DUPLICATE"] == len(places(jobs["write one"].toolpath))


def test_a_furnace_may_bring_back_what_was_erased(tmp_path: Path, jobs: dict[str, Built]) -> None:
    """By the process itself: erased CsPbBr3 glows again after a low temperature."""
    erase = "  - {name: e, erase: {data: off}}"
    both = build(tmp_path / "both", text(f"  - {{name: w, write: {{data: on}}}}\n{erase}\n{FURNACE}"))
    path = tmp_path / "R7.ledger"
    every = len(places(jobs["write one"].toolpath))
    last = both.toolpath.header.sections[1]
    done = [ProgramRows(s.index, 0, ((s.first_row, s.first_row + s.n_rows),)) for s in both.toolpath.header.sections]
    both.executed(path, 1, *done)
    assert last.step_name == "e"
    assert errors(jobs["write one"], path) == {}, "the furnace was not confirmed"
    execution = both.execution(1, *done)
    confirmed = Execution(execution.journal, "a", execution.toolpath, True, execution.programs, (2,))
    take_over(read_ledger(path), both.folder, both.loaded, both.toolpath, confirmed, day=date(2026, 5, 2))
    assert errors(jobs["write one"], path) == {"E_DUPLICATE": every}
    # A furnace of the job itself, before it writes, counts as well.
    cold = tmp_path / "cold.ledger"
    both.executed(cold, 1, *done)
    heated = load_job(write_job(tmp_path, text(f"{FURNACE}\n  - {{name: again, write: {{data: on}}}}")))
    verdict = judge(heated, plan_job(heated), ledger=read_ledger(cold))
    assert {f.code for f in verdict.errors} == {"E_DUPLICATE"}


def test_a_run_that_goes_on_after_an_erasure_is_not_cleared_by_it(tmp_path: Path, jobs: dict[str, Built]) -> None:
    """Entries stand where their runs began; what was written later must not count as erased."""
    path = tmp_path / "R7.ledger"
    write, erase = jobs["write one"], jobs["erase one"]
    write.executed(path, 1, cut(write, 10, 0, 0))
    erase.executed(path, 2, cut(erase, 10, 0, 0))
    assert errors(write, path) == {}
    write.executed(path, 1)
    assert errors(write, path) == {"E_DUPLICATE": len(places(write.toolpath))}
    # And a run that erases on both sides of another job clears nothing, since nobody knows what came first.
    erase.executed(path, 2)
    assert errors(write, path) == {"E_DUPLICATE": len(places(write.toolpath))}
    erase.executed(path, 3)
    assert errors(write, path) == {}


def test_ledgers_from_before_pages_were_recorded_are_read(tmp_path: Path, jobs: dict[str, Built]) -> None:
    path = tmp_path / "R7.ledger"
    jobs["write one"].executed(path, 1)
    entry = read_ledger(path).entries[0]
    old = entry.model_dump(mode="json", exclude={"pages"})
    ledger = Ledger(path, (type(entry).model_validate(old),))
    assert ledger.entries[0].pages is None
    erase = jobs["erase one"]
    [finding] = page_findings(erase.loaded, erase.toolpath, ledger)
    assert "ledger entries 1 do not say which pages they touched" in finding.message


def test_the_shipped_job_is_read_back_and_says_what_its_page_went_through(tmp_path: Path) -> None:
    """Two files on one page, erased twice: the last is what is there, and the draft is not looked for."""
    path = Path(__file__).parents[2] / "patterns" / "stored_rewritable.yaml"
    loaded = load_job(path)
    toolpath = plan_job(loaded)
    verdict = judge(loaded, toolpath)
    [wear] = [f for f in verdict.findings if f.code == "N_PAGE_CYCLES"]
    assert (wear.value, wear.on) == (2, "patterns.data")
    folder = build_job(loaded, toolpath, verdict, tmp_path / "out", pictures=False)
    job = load_job(folder)
    [loop] = read_back(folder, job, plan_job(job), shipped_channels()["bench"])
    assert (loop.pattern, loop.identical) == ("data", True)
    assert loop.file is not None
    assert loop.file.content == str(loaded.document.patterns["data"]["text"]).encode()
