"""Builds that several tests look at."""

from collections.abc import Callable
from pathlib import Path

import pytest

from lasercam.pipeline.build import build
from lasercam.pipeline.judge import judge
from lasercam.pipeline.load import load_job
from lasercam.pipeline.planning import plan_job
from tests.support.jobs import write_job

Built = Callable[..., Path]


@pytest.fixture
def built(tmp_path: Path) -> Built:
    """Build a job text without pictures; gives the folder."""

    def make(text: str, name: str = "out") -> Path:
        loaded = load_job(write_job(tmp_path, text))
        toolpath = plan_job(loaded)
        return build(loaded, toolpath, judge(loaded, toolpath), tmp_path / name, pictures=False)

    return make
