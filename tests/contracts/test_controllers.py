"""Every registered link to a controller that takes whole files keeps what the protocol promises."""

import inspect

import pytest

from lasercam.errors import LinkError
from lasercam.model.file_control import FileLinkKeys
from lasercam.model.links import FileLink, LoadedByHand, StreamedByLines
from lasercam.pipeline import registry
from lasercam.pipeline.catalogue import controllers, explain
from tests.support import builders

NAMES = registry.names(registry.CONTROLLERS)
METHODS = [name for name, member in vars(FileLink).items() if not name.startswith("_") and callable(member)]


@pytest.mark.parametrize("name", NAMES)
def test_a_link_has_all_that_runs_use(name: str) -> None:
    kind = registry.controller_link(name)
    assert issubclass(kind.Keys, FileLinkKeys)
    assert set(kind.dialects) <= set(registry.names(registry.DIALECTS))
    assert METHODS
    for method in METHODS:
        wanted = inspect.signature(getattr(FileLink, method)).parameters
        assert list(inspect.signature(getattr(kind, method)).parameters) == list(wanted), method
    assert isinstance(inspect.getattr_static(kind, "last_line"), property)


@pytest.mark.parametrize("name", NAMES)
def test_a_link_says_what_is_proven(name: str) -> None:
    text = "\n".join(explain(name))
    assert "Proven" in text
    assert any(entry.name == name and entry.summary for entry in controllers())


@pytest.mark.parametrize("name", NAMES)
def test_a_controller_that_does_not_answer_is_a_link_error(name: str) -> None:
    kind = registry.controller_link(name)
    needed = {"folder": "/Admin/Public/Trajectories"} if name == "xps_calls" else {}
    keys = kind.Keys.model_validate({"kind": name, "host": "127.0.0.1", "port": 1, "source": "test", **needed})
    settings = {"group": "XYZ", "gate_gpio": "GPIO3.DO"} if name == "xps_calls" else {}
    controller = {
        "dialect": kind.dialects[0], "increment": "10 nm", "path_tolerance": "1 um", "source": "test",
        "settings": settings,
    }  # fmt: skip
    with pytest.raises(LinkError, match=r"nobody answers at 127\.0\.0\.1:1"):
        kind(keys, builders.machine(kind.dialects[0], controller=controller))


@pytest.mark.parametrize("name", registry.names(registry.DIALECTS))
def test_a_dialect_is_streamed_or_says_how_its_files_are_loaded(name: str) -> None:
    language = registry.dialect(name)
    assert isinstance(language, StreamedByLines) != isinstance(language, LoadedByHand)
