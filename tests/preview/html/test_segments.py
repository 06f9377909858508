"""Segments are the rows: same places, same times, and lines cut only where their dose changes."""

from pathlib import Path

import numpy as np
import pytest

from lasercam.model.toolpath import RowKind, Toolpath
from lasercam.pipeline.interactive import job_scene
from lasercam.pipeline.load import LoadedJob, load_job
from lasercam.pipeline.planning import plan_job
from lasercam.preview.dose_colours import EDGES
from lasercam.preview.html.segments import row_places_um
from tests.preview.html.test_columns import unpacked
from tests.support.jobs import DOTS, GOOD, broken, write_job


def planned(folder: Path, text: str) -> tuple[LoadedJob, Toolpath]:
    loaded = load_job(write_job(folder, text))
    return loaded, plan_job(loaded)


def columns(loaded: LoadedJob, toolpath: Toolpath) -> tuple[dict[str, np.ndarray], dict]:
    scene = job_scene(loaded, toolpath, [])
    found = unpacked(scene.rows, scene.facts["segments"])
    return {name: np.array(values, np.int64) for name, values in found.items()}, scene.facts


def places(found: dict[str, np.ndarray], facts: dict, end: str) -> np.ndarray:
    steps = np.column_stack([found[f"{end}_{axis}"] for axis in "xyz"])
    return steps * facts["quantum_um"] + np.array(facts["origin_um"])


@pytest.mark.parametrize("text", [GOOD, DOTS], ids=["lines", "dots"])
def test_segments_are_the_rows(tmp_path: Path, text: str) -> None:
    loaded, toolpath = planned(tmp_path, text)
    found, facts = columns(loaded, toolpath)
    (starts, ends, kinds) = ([], [], [])
    for block in toolpath.blocks():
        frame = toolpath.header.sections[block.section].frame
        starts.append(frame.sample_um(block.start_ticks))
        ends.append(frame.sample_um(block.end_ticks))
        kinds.append(block.kind_at_sample)
    row = found["row"]
    first, last = np.flatnonzero(np.diff(row, prepend=-1)), np.flatnonzero(np.diff(row, append=row[-1] + 1))
    assert np.array_equal(row[first], np.arange(toolpath.header.n_rows))
    slack = 0.51 * facts["quantum_um"]
    assert np.abs(places(found, facts, "start")[first] - np.concatenate(starts)).max() <= slack
    assert np.abs(places(found, facts, "end")[last] - np.concatenate(ends)).max() <= slack
    assert np.array_equal(found["kind"][first], np.concatenate(kinds))
    assert np.array_equal(found["begin"][1:], (found["begin"] + found["lasts"])[:-1]), "no gaps in time"
    total = (found["begin"] + found["lasts"])[-1] * facts["quantum_s"]
    assert total == pytest.approx(sum(s.duration_s for s in toolpath.header.sections), rel=1e-6)


def test_lines_are_cut_where_their_dose_changes(tmp_path: Path) -> None:
    # Long strokes that meet at sharp corners, where the stage slows down.
    text = broken("speed: 0.4 mm/s}", "speed: 40 mm/s}").replace(
        "{type: lines, count: 5, pitch: 50 um, length: 300 um,",
        "{type: text, text: Z, font: stroke-sans, height: 3 mm,",
    )
    text = text.replace("grid.lines", "grid.all").replace("  - {name: again, rewrite: {grid.odd: red}}\n", "")
    loaded, toolpath = planned(tmp_path, text)
    found, facts = columns(loaded, toolpath)
    is_line = found["kind"] == RowKind.LINE
    assert np.count_nonzero(is_line) > len(np.unique(found["row"][is_line])), "some lines are in pieces"
    steps = np.searchsorted(EDGES, found["dose"] / 1000, side="right")
    same_row = (np.diff(found["row"]) == 0) & is_line[1:]
    assert np.all(steps[1:][same_row] != steps[:-1][same_row]), "a cut lies between two classes"
    ends, starts = places(found, facts, "end")[:-1][same_row], places(found, facts, "start")[1:][same_row]
    assert np.abs(ends - starts).max() <= facts["quantum_um"], "pieces join"
    assert (found["dose"][is_line] > 0).all()
    assert (found["dose"][~is_line] == 0).all()


def test_places_of_rows(tmp_path: Path) -> None:
    _, toolpath = planned(tmp_path, DOTS)
    found = row_places_um(toolpath, [0, 89, 1_000])
    assert sorted(found) == [0, 89], "rows that do not exist have no place"
    block = next(toolpath.blocks())
    want = toolpath.header.sections[0].frame.sample_um(block.end_ticks[[0, 89]])
    assert np.allclose([found[0], found[89]], want)


def test_a_large_job_is_thinned_and_says_so(tmp_path: Path) -> None:
    loaded, toolpath = planned(tmp_path, broken("[6, 5, 3]", "[60, 50, 3]", DOTS))
    scene = job_scene(loaded, toolpath, [], most_rows=1_000)
    assert scene.facts["segments"] <= 1_100
    assert "of 9,000 rows are drawn" in scene.facts["note"]
    assert sum(layer[3] for layer in scene.facts["layers"]) == 9_000, "layers count all rows"
    assert scene.facts["total_s"] == pytest.approx(toolpath.header.sections[0].duration_s)
