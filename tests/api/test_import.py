"""`import lasercam`: quick, lazy, complete, typed."""

import subprocess
import sys
from pathlib import Path

import pytest

import lasercam

ROOT = Path(__file__).parents[2]
PROGRAM = """
from typing import assert_type
import numpy as np
import lasercam as lc

job: lc.Job = lc.load("job.yaml")
assert_type(job.verdict, lc.Verdict)
assert_type(job.verdict.is_clean, bool)
for block in job.blocks():
    assert_type(block, lc.ToolpathBlock)
    print(block.end_ticks[block.kind == lc.RowKind.LINE] / lc.TICKS_PER_UM)
assert_type(next(job.features("grid")), lc.FeatureBlock)
assert_type(job.preview(), lc.Picture)
recipe = lc.Recipe(process="glass_bri_lines", pulse_energy=["10 uJ", "20 uJ"], speed="0.4 mm/s")
step = lc.Step(name="write", write={"grid": "dual"}, repeat=2)

@lc.source("zigzag")
def zigzag(teeth: int, size: lc.Length) -> list[np.ndarray]:
    return [np.zeros((teeth, 2)) + size]

made = lc.Job("a", machine="m", sample={"id": "A"}, patterns={"g": lc.Pattern("lines", count=2)}, steps=[step],
              recipes={"dual": recipe})
assert_type(made.build("out").proof.holds, bool)
"""
WRONG = 'import lasercam as lc\nlc.Recipe(puls_energy="50 uJ")\nlc.load(3)\nlc.Step(name=1)\n'


def test_it_imports_nothing_heavy_until_it_is_used() -> None:
    code = (
        "import sys, lasercam\n"
        "heavy = {'numpy', 'pydantic', 'yaml', 'shapely', 'matplotlib', 'numba', 'click', 'rich'}\n"
        "assert not heavy & set(sys.modules)\n"
        "assert 'Job' in dir(lasercam) and not heavy & set(sys.modules)\n"
        "lasercam.Finding\n"
        "assert not heavy & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_name_is_there() -> None:
    assert set(lasercam.__all__) == {*lasercam._HOME, "__version__"}
    for name in lasercam.__all__:
        assert getattr(lasercam, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'jobs'"):
        lasercam.jobs  # noqa: B018


def test_names_and_packages_do_not_collide() -> None:
    inside = {p.stem for p in (ROOT / "lasercam").iterdir()}
    assert not inside & set(lasercam._HOME)


def test_programs_are_typed(tmp_path: Path) -> None:
    (tmp_path / "good.py").write_text(PROGRAM)
    (tmp_path / "wrong.py").write_text(WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--config-file", str(ROOT / "pyproject.toml"),
         "--cache-dir", str(ROOT / ".mypy_cache"), str(tmp_path / "good.py"), str(tmp_path / "wrong.py")],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    said = done.stdout.splitlines()
    assert not [line for line in said if "good.py" in line], done.stdout
    assert [line.partition("wrong.py:")[2][:1] for line in said if "error" in line] == ["2", "3", "4"], done.stdout
