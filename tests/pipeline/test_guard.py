"""Faults of other people's packages read as theirs: named, placed, without a traceback unless asked for."""

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.errors import PluginError
from lasercam.pipeline import registry
from lasercam.pipeline.guard import guarded, owner_of_object
from tests.support.jobs import GOOD, write_job

SOURCE = '''
from typing import Literal
import numpy as np
from lasercam.errors import PatternError
from lasercam.model.feature import dots, parts
from lasercam.model.job import Placement

class FaultyKeys(Placement):
    type: Literal["faulty"]
    way: str
    """How it fails."""

class Faulty:
    Keys = FaultyKeys
    summary = "fails"
    area = lambda self: None

    def __init__(self, keys, context):
        self.way = keys.way
        if self.way == "making":
            raise KeyError("nothing")
        if self.way == "refusing":
            raise PatternError("this cannot be made")

    @property
    def parts(self):
        return ["dots"] if self.way == "parts" else parts(["dots"])

    def features(self, max_rows=100):
        if self.way == "features":
            return None
        return self.blocks()

    def blocks(self):
        yield dots(np.ones((3, 3)))
        if self.way == "dividing":
            1 / 0
        if self.way == "yielding":
            yield [1, 2, 3]
        if self.way == "geometry":
            yield dots(np.full((3, 3), np.nan))
'''
CHECK = """
from lasercam.model.finding import CodeInfo, Severity
class Grumpy:
    codes = (CodeInfo("W_GRUMPY", Severity.WARNING, "Never said by it", "It fails before it says so. " * 4),)
    def begin(self, context): pass
    def block(self, block): raise RuntimeError("bad mood")
    def end(self): return []
"""


@pytest.fixture
def faulty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of somebody else's."""
    package = tmp_path / "their_lab"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "source.py").write_text(SOURCE)
    (package / "check.py").write_text(CHECK)
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = EntryPoint("faulty", "their_lab.source:Faulty", registry.SOURCES)
    known = registry._entries
    monkeypatch.setattr(
        registry, "_entries", lambda group: {**known(group), **({"faulty": entry} if group == registry.SOURCES else {})}
    )
    return tmp_path


def job(folder: Path, way: str) -> Path:
    text = GOOD.replace("{type: lines, count: 5, pitch: 50 um, length: 300 um,", f"{{type: faulty, way: {way},")
    return write_job(folder, text.replace("grid.lines", "grid.dots").replace("grid.odd", "grid.dots"))


WHOSE = "pattern type 'faulty' of the package their_lab (their_lab.source:Faulty) is at fault, not lasercam"


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("making", f"{WHOSE}: KeyError: 'nothing', source.py line 21"),
        ("dividing", f"{WHOSE}: ZeroDivisionError: division by zero, source.py line 37"),
        ("parts", f"{WHOSE}: `parts` gives a list instead of a Parts"),
        ("features", f"{WHOSE}: `features` gives nothing instead of something that yields FeatureBlocks"),
        ("yielding", f"{WHOSE}: `features` yields a list instead of a FeatureBlock"),
        ("geometry", "of the package their_lab (their_lab.source:Faulty) makes geometry that cannot be used"),
    ],
)
def test_a_source_that_fails_is_named(
    faulty: Path, way: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["check", str(job(faulty, way))]) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "Traceback" not in told
    assert "fault in lasercam itself" not in told
    monkeypatch.setenv("LASERCAM_TRACEBACK", "1")
    assert run(["check", str(job(faulty, way))]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_a_source_that_refuses_is_not_at_fault(faulty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["check", str(job(faulty, "refusing"))]) == 1
    told = capsys.readouterr().err
    assert "pattern 'grid': this cannot be made" in told
    assert "fault" not in told


def test_a_check_that_fails_is_named(
    faulty: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import importlib

    kind = importlib.import_module("their_lab.check").Grumpy
    registry.register(registry.CHECKS, "grumpy", kind)
    try:
        assert run(["check", str(write_job(faulty))]) == 1
    finally:
        registry.forget(registry.CHECKS, "grumpy")
    told = capsys.readouterr().err
    assert "the check 'grumpy' of this program (their_lab.check:Grumpy) is at fault" in told
    assert "RuntimeError: bad mood" in told


def test_rooms_of_the_house_are_not_watched() -> None:
    kind = registry.source_type("lines")
    assert kind.__module__ == "lasercam.sources.lines"
    assert kind.__mro__[1] is object  # type: ignore[attr-defined]


def test_a_watched_class_is_still_what_it_was() -> None:
    class Kind:
        Keys = int

        def parts(self) -> str:
            return "text"

    watched = guarded(Kind, owner_of_object("x", Kind), {"parts": int, "absent": None})
    assert issubclass(watched, Kind)
    assert watched.Keys is int
    with pytest.raises(PluginError, match="`parts` gives a str instead of a int"):
        watched().parts()
    maker = guarded(len, owner_of_object("x", len), {})
    assert maker is len
