"""`lasercam laser`: what a person at the stage sees, with a simulated laser and with a server that behaves like one."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.pipeline.inputs import shipped
from tests.lasers.pharos_double import PharosDouble, Trouble
from tests.support.jobs import GOOD, write_job

MACHINE = "fs1030-linuxcnc"
SCALE = "scale: {law: table, unit: '%', low: 0, high: 100, points: [[5, 10 uJ], [100, 200 uJ]], source: test}"
BY_LASER = ("{control: operator, ", f"{{control: laser, {SCALE}, ")


@pytest.fixture
def double() -> Iterator[PharosDouble]:
    made = PharosDouble()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build for the shipped machine."""
    folder = tmp_path_factory.mktemp("built")
    assert run(["build", str(write_job(folder, GOOD)), "-o", str(folder / "out"), "--no-pictures"]) == 0
    return folder / "out"


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, double: PharosDouble, built: Path) -> Path:
    """A folder with a build, and a profile whose laser is the double."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(built, tmp_path / "out")
    adapter = f"{{kind: pharos, url: {double.url}, poll_interval: 5 ms, settle_time: 2 s, source: test}}"
    profile(tmp_path, adapter, BY_LASER)
    return tmp_path


def profile(folder: Path, adapter: str, *changes: tuple[str, str], machine: str = MACHINE) -> None:
    """The shipped profile with an adapter, in the folder's own machine_profiles."""
    with shipped("machine_profiles") as shelf:
        text = (shelf / f"{machine}.yaml").read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / "machine_profiles").mkdir(exist_ok=True)
    written = text.replace("\nlaser:\n", f"\nlaser:\n  adapter: {adapter}\n")
    (folder / "machine_profiles" / f"{machine}.yaml").write_text(written)


def test_apply_sets_what_the_section_needs_and_reads_it_back(
    stage: Path, double: PharosDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    section = json.loads((stage / "out" / "manifest.json").read_text())["sections"][0]["laser"]
    assert run(["laser", "apply", MACHINE, "out", "--section", "1", "--yes"]) == 0
    said = capsys.readouterr().out
    divider = round(100_000 / section["rep_rate_hz"])
    percent = section["pulse_energy_uj"] / 2
    assert double.divider == divider
    assert double.attenuator == pytest.approx(percent)
    assert f"read back: divider {divider}, attenuator {percent + 0.1:.4g} %" in said
    assert not any(path.endswith("EnableOutput") for _, path, _ in double.log)
    assert double.log[-1][0] == "GET"
    assert not double.light


def test_apply_asks_first(stage: Path, double: PharosDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "n")
    assert run(["laser", "apply", MACHINE, "out", "--section", "1"]) == 130
    assert double.log == []


def test_a_job_file_is_named_too(stage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = json.loads((stage / "out" / "manifest.json").read_text())["programs"][0]["file"]
    assert run(["laser", "apply", MACHINE, "out", "--section", file, "--yes"]) == 0
    capsys.readouterr()
    assert run(["laser", "apply", MACHINE, "out", "--section", file[:-2], "--yes"]) == 2
    assert f"did you mean '{file}'" in capsys.readouterr().err
    assert run(["laser", "apply", MACHINE, "out", "--section", "99", "--yes"]) == 2


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("base_rate: 100 kHz", "base_rate: 33 kHz", "10 kHz is not 33 kHz / k with a whole k up to 1,000; the nearest"),
        ("wavelength: 1030 nm", "wavelength: 1064 nm", "was built for a wavelength of 1030, the profile says 1064"),
        ("pulse_duration: 300 fs", "pulse_duration: 200 fs", "was built for a pulse duration of 300"),
    ],
)
def test_a_profile_that_does_not_fit_the_build(
    stage: Path, double: PharosDouble, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    profile(stage, f"{{kind: pharos, url: {double.url}, source: test}}", BY_LASER, (old, new))
    assert run(["laser", "apply", MACHINE, "out", "--section", "1", "--yes"]) == 1
    assert says in capsys.readouterr().err
    assert double.log == []


def test_where_the_operator_sets_the_energy_the_picker_alone_is_set(
    stage: Path, double: PharosDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    profile(stage, f"{{kind: pharos, url: {double.url}, poll_interval: 5 ms, source: test}}")
    apply = ["laser", "apply", MACHINE, "out", "--section", "1", "--yes"]
    assert run(apply) == 0
    assert "attenuator left as it is" in capsys.readouterr().out
    assert (double.divider, double.attenuator) == (10, 100.0)
    assert run([*apply, "--attenuator", "12.5"]) == 0
    assert double.attenuator == 12.5
    assert run([*apply, "--keep-attenuator", "--attenuator", "1"]) == 2
    assert run([*apply, "--attenuator", "120"]) == 1


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (f"{SCALE}, ", "", "has no `scale`"),
        ("unit: '%'", "unit: deg", "counts settings in deg"),
        ("[100, 200 uJ]", "[100, 40 uJ]", "50 uJ lies outside what was measured, 10 to 40 uJ"),
    ],
)
def test_an_energy_without_a_measured_setting(
    stage: Path, double: PharosDouble, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    profile(stage, f"{{kind: pharos, url: {double.url}, poll_interval: 5 ms, source: test}}", BY_LASER, (old, new))
    apply = ["laser", "apply", MACHINE, "out", "--section", "1", "--yes"]
    assert run(apply) == 1
    assert says in capsys.readouterr().err
    assert double.log == []
    assert run([*apply, "--keep-attenuator"]) == 0
    assert double.attenuator == 100.0


def test_a_table_beside_the_profile_is_found(stage: Path, double: PharosDouble) -> None:
    table = ("points: [[5, 10 uJ], [100, 200 uJ]]", "table: attenuator.csv")
    profile(stage, f"{{kind: pharos, url: {double.url}, poll_interval: 5 ms, source: test}}", BY_LASER, table)
    (stage / "machine_profiles" / "attenuator.csv").write_text("setting,uJ\n10,10\n100,100\n")
    assert run(["laser", "apply", MACHINE, "out", "--section", "1", "--yes"]) == 0
    assert double.attenuator == 50.0
    path = f"machine_profiles/{MACHINE}.yaml"
    assert run(["laser", "apply", path, "out", "--section", "1", "--yes"]) == 0


def test_another_machines_build(stage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["laser", "apply", "ps1030-linuxcnc", "out", "--section", "1", "--yes", "--simulate"]) == 1
    assert f"was built for machine '{MACHINE}', not 'ps1030-linuxcnc'" in capsys.readouterr().err


def test_a_laser_that_does_not_follow_ends_with_three(
    stage: Path, double: PharosDouble, capsys: pytest.CaptureFixture[str]
) -> None:
    double.trouble = {Trouble.STUCK_ATTENUATOR}
    assert run(["laser", "apply", MACHINE, "out", "--section", "1", "--yes"]) == 3
    assert "the attenuator is at 100.1 %" in capsys.readouterr().err
    double.is_open, double.trouble = True, {Trouble.STAYS_OPEN}
    assert run(["laser", "close", MACHINE]) == 3
    assert "NOT confirmed closed" in capsys.readouterr().err
    double.trouble = set()
    assert run(["laser", "close", MACHINE]) == 0
    assert capsys.readouterr().out == "closed\n"
    assert not double.light


def test_status_in_words_and_json(stage: Path, double: PharosDouble, capsys: pytest.CaptureFixture[str]) -> None:
    double.divider, double.is_open = 4, True
    assert run(["laser", "status", MACHINE]) == 0
    said = capsys.readouterr().out
    assert "output: OPEN" in said
    assert "rate behind the picker: 25,025 Hz" in said
    assert run(["laser", "status", f"machine_profiles/{MACHINE}.yaml", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["divider"] == 4
    assert {method for method, _, _ in double.log} == {"GET"}


def test_simulate_needs_no_adapter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], built: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(built, tmp_path / "out")
    for arguments in (["status", MACHINE], ["close", MACHINE]):
        assert run(["laser", *arguments, "--simulate"]) == 0
        assert run(["laser", *arguments]) == 1
        assert "has no `adapter` under `laser:`" in capsys.readouterr().err
    apply = ["laser", "apply", MACHINE, "out", "--section", "1", "--yes", "--simulate", "--attenuator", "30"]
    assert run(apply) == 0
    assert "read back: divider 10" in capsys.readouterr().out


def test_a_settings_file_is_written_and_said_not_to_be_read(
    stage: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    profile(stage, f"{{kind: settings_file, file: {tmp_path}/laser.txt, source: test}}", BY_LASER)
    assert run(["laser", "apply", MACHINE, "out", "--section", "1", "--yes"]) == 0
    assert "written, not read back" in capsys.readouterr().out
    assert "divider = 10\n" in (tmp_path / "laser.txt").read_text()
    assert run(["laser", "close", MACHINE]) == 0
    assert "by hand" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("adapter", "says"),
    [
        ("{kind: pharoz, source: x}", "unknown kind of laser adapter 'pharoz'; did you mean 'pharos'?"),
        ("{source: x}", "the laser's adapter has no `kind`; allowed: carbide, pharos"),
        ("{kind: pharos, source: x}", "the key 'url' is missing"),
        ("{kind: pharos, source: x, url: 'http://a:1/v1', time_out: 1 s}", "did you mean 'timeout'?"),
        ("{kind: pharos, source: x, url: 'http://a:1/v1', timeout: 2}", "timeout"),
    ],
)
def test_a_slip_in_the_profile_is_found_when_a_job_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], adapter: str, says: str
) -> None:
    profile(tmp_path, adapter)
    assert run(["check", str(write_job(tmp_path, GOOD))]) == 1
    error = capsys.readouterr().err
    assert says in error
    assert f"{MACHINE}.yaml:" in error


def test_a_profile_that_relies_on_an_adapter_has_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    profile(tmp_path, "{kind: simulated, source: test}", BY_LASER)
    job = write_job(tmp_path, GOOD)
    assert run(["check", str(job)]) == 0
    written = tmp_path / "machine_profiles" / f"{MACHINE}.yaml"
    written.write_text(written.read_text().replace("  adapter: {kind: simulated, source: test}\n", ""))
    capsys.readouterr()
    assert run(["check", str(job)]) == 1
    assert "says that an adapter sets the laser, and there is no `adapter`" in capsys.readouterr().err


def test_lists_and_pages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["list", "lasers"]) == 0
    assert "settings_file" in capsys.readouterr().out
    assert run(["explain", "pharos"]) == 0
    assert "TargetPpDivider" in capsys.readouterr().out
