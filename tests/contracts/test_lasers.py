"""What every laser adapter promises, asked of every registered one."""

import inspect
from collections.abc import Callable, Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from lasercam.lasers.session import LaserSession
from lasercam.model.laser_control import AdapterKeys, LaserTargets, SettlingKeys
from lasercam.model.links import LaserAdapter
from tests.lasers.pharos_double import PharosDouble
from tests.support import builders

REGISTERED = {e.name: e for e in entry_points(group="lasercam.lasers")}
TARGETS = LaserTargets(10, 30.0, 10_000.0)
QUICK = {"settle_time": "10 s", "poll_interval": "5 ms"}

Make = Callable[..., LaserAdapter]


@pytest.fixture(params=sorted(REGISTERED))
def kind(request: pytest.FixtureRequest) -> Any:
    return REGISTERED[request.param].load()


@pytest.fixture
def own_keys(kind: Any, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The keys that make this kind work here."""
    double = PharosDouble()
    known = {
        "url": double.url,
        "file": str(tmp_path / "targets.txt"),
        "attenuator_time": "20 ms",
        "output_time": "10 ms",
        **QUICK,
    }
    yield {
        "kind": next(n for n, e in REGISTERED.items() if e.load() is kind),
        "source": "contract",
        **{k: v for k, v in known.items() if k in kind.Keys.model_fields},
    }
    double.stop()


@pytest.fixture
def adapter(kind: Any, own_keys: dict[str, Any]) -> LaserAdapter:
    made: LaserAdapter = kind(kind.Keys.model_validate(own_keys), builders.machine().laser)
    return made


def test_adapters_are_registered() -> None:
    assert {"pharos", "carbide", "simulated", "settings_file"} <= set(REGISTERED)


def test_it_explains_itself(kind: Any) -> None:
    assert issubclass(kind.Keys, AdapterKeys)
    assert len(kind.summary) > 20
    assert len(kind.explanation) > 200
    assert kind.reads_back is issubclass(kind.Keys, SettlingKeys)
    assert all(info.description for info in kind.Keys.model_fields.values())


def test_keys_say_where_their_numbers_come_from(kind: Any, own_keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind.Keys.model_validate({k: v for k, v in own_keys.items() if k != "source"})
    with pytest.raises(ValidationError):
        kind.Keys.model_validate({**own_keys, "prot": 20022})


def test_it_begins_without_light(adapter: LaserAdapter) -> None:
    assert adapter.read().is_open is not True


def test_targets_are_reached_and_confirmed_where_it_reads_back(adapter: LaserAdapter, kind: Any) -> None:
    with LaserSession(adapter) as laser:
        state = laser.apply(TARGETS)
        assert laser.is_confirmed is kind.reads_back
        if kind.reads_back:
            assert state.divider == 10
            assert state.attenuator_percent == pytest.approx(30.0, abs=0.5)
            assert state.rate_hz == pytest.approx(10_000.0, rel=0.01)
    assert adapter.read().is_open is not True


def test_the_attenuator_stays_where_no_target_is_given(adapter: LaserAdapter) -> None:
    with LaserSession(adapter) as laser:
        laser.apply(TARGETS)
        before = adapter.read().attenuator_percent
        laser.apply(LaserTargets(5, None, 20_000.0))
    assert adapter.read().attenuator_percent == before


def test_closing_twice_does_no_harm(adapter: LaserAdapter) -> None:
    adapter.close_output()
    adapter.close_output()


def test_the_room_never_opens_but_in_a_session() -> None:
    import lasercam.lasers as room

    for path in Path(inspect.getfile(room)).parent.glob("*.py"):
        calls = path.read_text().count(".open_output()")
        assert calls == (1 if path.name == "session.py" else 0), path.name
