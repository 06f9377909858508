"""A PHAROS that is not there, for tests that talk to one."""

from collections.abc import Iterator

import pytest

from tests.lasers.pharos_double import PharosDouble


@pytest.fixture
def double() -> Iterator[PharosDouble]:
    made = PharosDouble()
    yield made
    made.stop()
