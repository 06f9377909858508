"""Settings and instruments every test shares."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.oracle import rs274
from tests.support.browser import Browser, program

settings.register_profile("lasercam", deadline=None)
settings.load_profile("lasercam")


@pytest.fixture(scope="session")
def interpret(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], list[rs274.Call]]:
    """Runs a program in rs274; skips where it is absent unless LASERCAM_REQUIRE_RS274=1 demands it."""
    if not rs274.is_installed():
        message = "rs274 is not installed (Debian package linuxcnc-uspace)"
        if os.environ.get("LASERCAM_REQUIRE_RS274") == "1":
            pytest.fail(message)
        pytest.skip(message)
    folder: Path = tmp_path_factory.mktemp("rs274")
    return lambda program: rs274.calls(program, folder)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium; skips where it is absent unless LASERCAM_REQUIRE_CHROMIUM=1 demands it."""
    if program() is None:
        message = "Chromium is not installed (Debian package chromium)"
        if os.environ.get("LASERCAM_REQUIRE_CHROMIUM") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with Browser((1300, 800)) as one:
        yield one
