"""Contracts for other packages hold for what is good, and say what is wrong with what is not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import pytest

from lasercam.checks.path_dose import PathDose
from lasercam.dialects.grbl import Grbl
from lasercam.dialects.linuxcnc import LinuxCnc
from lasercam.model.feature import FeatureBlock, Parts, dots, parts
from lasercam.model.job import Placement
from lasercam.sources.lines import Lines
from lasercam.testing import CheckContract, DialectContract, SourceContract, hold
from lasercam.testing.jobs import LINES

PROFILES = Path(__file__).parents[2] / "machine_profiles"


class TestLines(SourceContract):
    kind = Lines
    examples: ClassVar = [{"type": "lines", "count": "3", "pitch": "5 um", "length": "20 um"}]


class TestPathDose(CheckContract):
    kind = PathDose
    triggers: ClassVar = {code: LINES.replace("length: 300 um", "length: 300 um") for code in ()}

    def test_every_code_is_reported(self) -> None:
        with pytest.raises(AssertionError, match="give a job for each of"):
            super().test_every_code_is_reported()


class TestLinuxCnc(DialectContract):
    kind = LinuxCnc
    profile = (PROFILES / "fs1030-linuxcnc.yaml").read_text()


class TestGrbl(DialectContract):
    kind = Grbl
    profile = (PROFILES / "fs1030-grbl.yaml").read_text()


class BadKeys(Placement):
    type: Literal["bad"]
    silent: int = 1


class Bad:
    """Breaks a promise at a time."""

    Keys: ClassVar[type[Placement]] = BadKeys
    summary: ClassVar[str] = "a bad source"
    made = 0

    def __init__(self, keys: Any, context: Any) -> None:
        type(self).made += 1
        self._number = type(self).made

    @property
    def parts(self) -> Parts:
        return parts(["dots"])

    def features(self, max_rows: int = 9) -> Iterator[FeatureBlock]:
        yield dots(np.array([[5.0 + self._number, 1.0, 0.0], [5.0, 1.0, 3.0], [5.0, 1.0, 3.0]]))

    def area(self) -> None:
        return None


class BadContract(SourceContract):
    kind = Bad
    examples: ClassVar = [{"type": "bad"}]


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("test_type_says_what_it_is", r"keys without a docstring: \['silent'\]"),
        ("test_features_repeat", "the same keys give other features"),
        ("test_no_feature_comes_twice", "a feature comes twice"),
        ("test_tiles_hold_no_more_than_asked", "above 1 rows"),
    ],
)
def test_broken_promises_are_told(test: str, said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        getattr(BadContract(), test)()


class Deaf(Grbl):
    """A reader that takes any file for whole."""

    def reader(self, stream: Any, machine: Any) -> Any:
        whole = stream.read()
        from io import BytesIO

        return iter(()) if not whole else super().reader(BytesIO(whole), machine)


def test_a_reader_that_takes_nothing_for_whole_is_found() -> None:
    class Contract(DialectContract):
        kind = Deaf
        profile = (PROFILES / "fs1030-grbl.yaml").read_text()

    with pytest.raises(AssertionError, match="an empty file is read as if it were whole"):
        Contract().test_an_empty_file_is_refused()


def test_hold_says_why() -> None:
    hold(1, "no")
    with pytest.raises(AssertionError, match="because"):
        hold([], "because")
