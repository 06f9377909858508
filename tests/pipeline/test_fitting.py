"""`lasercam fit`: from the table that a sweep's build writes to a process that a job uses."""

import csv
import io
import json

import numpy as np
import pytest

from lasercam.cli.main import run
from lasercam.errors import FitError, InputError, UsageError
from lasercam.model.confidence import Confidence
from lasercam.pipeline.fitting import fit_table
from lasercam.process.lab import VARIABLE
from lasercam.process.library import load_library
from tests.process.fit.tables import dots, lines, peaks, table


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)


def written(folder, columns):
    path = folder / "results.csv"
    path.write_bytes(table(columns))
    return path


@pytest.mark.parametrize(
    ("model", "columns", "process", "parameter"),
    [
        ("threshold", dots(), "film_cspbbr3_microdisc", "ablation_threshold"),
        ("line_width", lines(), "glass_bri_lines", "speed"),
        ("emission", peaks(lambda t: 600 + 12 * np.log(t)), "glass_halide_colour_3d", "exposure"),
    ],
)
def test_the_file_is_a_process_of_the_lab(tmp_path, model, columns, process, parameter, capsys, monkeypatch):
    lab = tmp_path / "lab"
    made = fit_table(
        written(tmp_path, columns), lab / "ours.yaml", process=process, model=model, date="2026-05-02", name="ours"
    )
    loaded = load_library([lab])["ours"]
    assert loaded == made.process
    assert loaded.origin == "ours.yaml"
    assert loaded.ancestors[0] == process
    assert "2026-05-02" in loaded.document.source
    window = loaded.parameters[parameter]
    assert window.confidence is Confidence.MEASURED
    assert parameter not in {u.key for u in loaded.unknown}
    fit = loaded.document.fit
    assert fit is not None
    assert fit.cells == len(made.fitted.y)
    for name, number in made.fitted.coefficients.items():
        assert fit.coefficients[name].value == pytest.approx(number.value, rel=1e-9)
    if model == "threshold":
        radius, energy = (fit.coefficients[k].value for k in ("spot_radius_um", "threshold_energy_uj"))
        assert window.typ == pytest.approx(2 * energy / (np.pi * radius**2) * 100, rel=1e-6)
    else:
        # Every cell lies inside the window that was made of it.
        assert window.min <= made.fitted.x[:, 0].min()
        assert window.max >= made.fitted.x[:, 0].max()
        assert window.outside == "unexplored"
    picture = (lab / "ours.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    monkeypatch.setenv(VARIABLE, str(lab))
    assert run(["explain", "ours"]) == 0
    said = capsys.readouterr().out
    assert "Fitted by the lab" in said
    assert "results.csv" in said


def test_the_same_table_gives_the_same_bytes(tmp_path):
    source = written(tmp_path, lines())
    for name in ("a", "b"):
        fit_table(source, tmp_path / name / "x.yaml", process="glass_bri_lines", model="line_width", date="2026-05-02")
    for file in ("x.yaml", "x.png"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


def test_the_table_a_sweep_writes_is_the_table_that_is_read(tmp_path, capsys):
    """Build a shipped sweep, fill its table by a law, fit, and get the law back."""
    assert run(["new", "sweep_energy_speed", "-o", str(tmp_path / "job.yaml")]) == 0
    assert run(["build", str(tmp_path / "job.yaml"), "-o", str(tmp_path / "out"), "--no-pictures"]) == 0
    empty = next((tmp_path / "out").glob("*.results.csv"))
    rows = list(csv.DictReader(io.StringIO(empty.read_text())))
    chance = np.random.default_rng(2)
    for row in rows:
        speed, energy = float(row["speed_um/s"]), float(row["pulse_energy_uJ"])
        row["width_um"] = f"{4 * (speed / 400) ** -0.25 * (energy / 50) ** 0.4 * np.exp(0.02 * chance.normal()):.4f}"
        row["glows"] = "yes"
    filled = tmp_path / "filled.csv"
    with filled.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    capsys.readouterr()
    arguments = ["fit", str(filled), "-o", str(tmp_path / "w.yaml"), "--process", "glass_bri_lines"]
    assert run([*arguments, "--model", "line_width", "--format", "json", "--as", "w"]) == 0
    fit = json.loads(capsys.readouterr().out)["fit"]
    assert float(fit["coefficients"]["power_speed"]["value"]) == pytest.approx(-0.25, abs=0.03)
    assert float(fit["coefficients"]["power_pulse_energy"]["value"]) == pytest.approx(0.4, abs=0.03)
    assert run([*arguments, "--model", "emission"]) == 1
    assert "too few points" in capsys.readouterr().err
    assert run([*arguments, "--model", "line_width", "--only", "speed"]) == 2


def test_nothing_is_written_when_a_fit_is_refused(tmp_path):
    source = written(tmp_path, dots(low=5, high=5.2))
    with pytest.raises(FitError, match=r"results\.csv: no threshold is fitted: no spread"):
        fit_table(source, tmp_path / "lab" / "x.yaml", process="film_cspbbr3_microdisc", model="threshold")
    assert not (tmp_path / "lab").exists()


@pytest.mark.parametrize(
    ("changed", "error", "says"),
    [
        ({"process": "glas_bri_lines"}, UsageError, "did you mean 'glass_bri_lines'"),
        ({"model": "width"}, UsageError, "line_width"),
        ({"name": "Big Name"}, UsageError, "cannot be the id"),
        ({"name": "glass_bri_dots"}, InputError, "exists already"),
        ({"date": "2.5.2026"}, UsageError, "is no date"),
        ({"against": "speed"}, UsageError, "emission"),
        ({"output": "x.txt"}, UsageError, "ends in"),
        ({"only": [("speed", "1 mm")]}, UsageError, "not a speed"),
    ],
)
def test_wrong_questions_are_refused(tmp_path, changed, error, says):
    asked = {"process": "glass_bri_lines", "model": "line_width", **changed}
    output = tmp_path / "lab" / asked.pop("output", "x.yaml")
    with pytest.raises(error, match=says):
        fit_table(written(tmp_path, lines()), output, **asked)
    assert not output.exists()


def test_a_fit_replaces_its_own_file_and_no_other(tmp_path):
    lab, source = tmp_path / "lab", written(tmp_path, lines())
    lab.mkdir()
    asked = {"process": "glass_bri_lines", "model": "line_width", "name": "ours", "folders": [lab]}
    fit_table(source, lab / "x.yaml", **asked)
    fit_table(source, lab / "x.yaml", **asked)
    with pytest.raises(InputError, match="exists already"):
        fit_table(source, lab / "y.yaml", **asked)
    assert sorted(p.name for p in lab.iterdir()) == ["x.png", "x.yaml"]
