"""A file for the vendor's program: whole or not at all, and nobody else's."""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from lasercam.errors import InputError, LinkError
from lasercam.lasers.settings_file import SettingsFile, SettingsFileKeys
from lasercam.model.laser_control import LaserTargets
from tests.support import builders


def adapter(path: Path | str) -> SettingsFile:
    keys = SettingsFileKeys.model_validate({"kind": "settings_file", "file": str(path), "source": "test"})
    return SettingsFile(keys, builders.machine().laser)


def test_json_and_lines_say_the_same(tmp_path: Path) -> None:
    for suffix in (".json", ".txt"):
        adapter(tmp_path / f"laser{suffix}").set_targets(LaserTargets(10, 34.25, 10_000.0))
    data = json.loads((tmp_path / "laser.json").read_text())
    about = data.pop("about")
    assert data == {"divider": 10, "repetition_rate_hz": 10_000.0, "attenuator_percent": 34.25, "output": "closed"}
    lines = (tmp_path / "laser.txt").read_text().splitlines()
    assert lines[0] == f"# {about}"
    assert lines[1:] == [f"{key} = {value}" for key, value in data.items()]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["laser.json", "laser.txt"]


def test_what_is_not_to_be_touched_is_left_out(tmp_path: Path) -> None:
    link = adapter(tmp_path / "laser.json")
    link.set_targets(LaserTargets(10, 34.25))
    link.set_targets(LaserTargets(3))
    assert set(json.loads((tmp_path / "laser.json").read_text())) == {"about", "divider", "output"}


def test_somebody_elses_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text('{"service": "keep"}')
    with pytest.raises(LinkError, match="was not written by lasercam"):
        adapter(path).set_targets(LaserTargets(10))
    assert path.read_text() == '{"service": "keep"}'


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = adapter(tmp_path / "laser.json")
    link.set_targets(LaserTargets(10))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("lasercam.lasers.settings_file.os.fsync", full)
    with pytest.raises(LinkError, match="No space left"):
        link.set_targets(LaserTargets(3))
    assert json.loads((tmp_path / "laser.json").read_text())["divider"] == 10
    assert [p.name for p in tmp_path.iterdir()] == ["laser.json"]


def test_places_it_does_not_write_to(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        adapter(tmp_path / "absent" / "laser.json")
    for file in ("laser.json", str(tmp_path / "laser.cfg"), str(tmp_path / "a\nb.txt")):
        with pytest.raises(ValidationError, match="whole path"):
            adapter(file)


def test_it_opens_nothing_and_says_nothing(tmp_path: Path) -> None:
    link = adapter(tmp_path / "laser.json")
    with pytest.raises(LinkError, match="opens no light"):
        link.open_output()
    assert link.read().is_open is None
