"""`lasercam simulate` as another program sees it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lasercam.cli.main import run
from lasercam.transports.serial_port import SerialPort
from lasercam.transports.tcp import TcpLink


@pytest.mark.skipif(os.name != "posix", reason="pseudo terminals need a POSIX system")
@pytest.mark.parametrize("options", [[], ["--tcp", "0"], ["fs1030-grbl", "--firmware", "grblhal"]])
def test_simulate(options: list[str], tmp_path: Path) -> None:
    record = tmp_path / "truth.csv"
    process = subprocess.Popen(
        [sys.executable, "-m", "lasercam", "simulate", *options, "--no-homing", "--record", str(record)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        name = re.search(r"listens on (\S+);", process.stdout.readline())
        assert name is not None
        host, _, port = name.group(1).partition(":")
        link = TcpLink(host, int(port)) if port else SerialPort(name.group(1))
        link.write(b"\x18")
        while link.read_line(0.5) is not None:
            pass
        answers = []
        for text in (b"G21G90F600\n", b"M3S0\n", b"G1X0.5S1000\n", b"S0\n", b"M5\n"):
            link.write(text)
            answers.append(link.read_line(10.0))
        assert answers == [b"ok"] * 5
        link.close()
    finally:
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=20)
    assert process.returncode == 0, errors
    assert re.search(r"\d exposures, beam on for \d+\.\d+ s, 0 bytes lost", output)
    assert record.read_text().splitlines()[0].startswith("kind,x0_ticks")
    assert re.search(r"^line,.*,1000\.0,", record.read_text(), re.MULTILINE)


def test_unknown_machine(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "fs1030-grbll"]) == 1
    assert "fs1030-grbl" in capsys.readouterr().err


def test_port_in_use(capsys: pytest.CaptureFixture[str]) -> None:
    from lasercam.transports.server import TcpDoor

    door = TcpDoor()
    assert run(["simulate", "--tcp", str(door.port)]) == 3
    assert "cannot be opened" in capsys.readouterr().err
    door.close()
