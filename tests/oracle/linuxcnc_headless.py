"""The whole LinuxCNC without display or hardware: runs a program in real time and samples stage and beam each cycle.

LinuxCNC refuses to run as root; then it is started as the user `nobody` in a folder of its own. Only one can run on a
machine at a time. Imports no dialect and no model of the motion: it is what they are measured against.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

CYCLE_S = 0.001
"""Servo period: positions and outputs are sampled once per cycle."""
_NOBODY = 65534
_MISSING = "linuxcnc, halsampler and setpriv (Debian package linuxcnc-uspace)"


class ControllerError(Exception):
    """LinuxCNC did not start, refused the program, or did not finish it."""


@dataclass(frozen=True)
class Stage:
    """What LinuxCNC is told about the stage; x, y, z.

    Attributes:
        max_speed_um_s, acceleration_um_s2: per axis.
        low_um, high_um: limits.
        gate: digital output that opens the beam.
        trigger: digital output that triggers counted pulses; None = there is none.
    """

    max_speed_um_s: tuple[float, float, float]
    acceleration_um_s2: tuple[float, float, float]
    low_um: tuple[float, float, float]
    high_um: tuple[float, float, float]
    gate: int = 0
    trigger: int | None = None


@dataclass(frozen=True, eq=False)
class Trace:
    """Every servo cycle from the one in which the beam is armed (M3) to the last one recorded.

    Attributes:
        xyz_um: float64 (N, 3), commanded positions.
        gate: bool (N,), the gate's digital output.
        armed: bool (N,), spindle on; the beam is on where both are.
        trigger: bool (N,), the trigger's digital output.
    """

    xyz_um: NDArray[np.float64]
    gate: NDArray[np.bool_]
    armed: NDArray[np.bool_]
    trigger: NDArray[np.bool_]

    @property
    def duration_s(self) -> float:
        """From arming to disarming the beam."""
        return float(np.count_nonzero(self.armed)) * CYCLE_S

    @property
    def beam(self) -> NDArray[np.bool_]:
        """bool (N,), light reaches the sample: armed and open, as the wiring must make it."""
        return self.gate & self.armed

    def spells(self, on: NDArray[np.bool_]) -> list[tuple[int, int]]:
        """First cycle with and first cycle without, of every time that `on` holds."""
        change = np.flatnonzero(np.diff(np.concatenate(([0], on.astype(np.int8), [0]))))
        return [(int(a), int(b)) for a, b in zip(change[::2], change[1::2], strict=True)]


def is_installed() -> bool:
    """Whether a headless LinuxCNC can be run here."""
    needed = ("linuxcnc", "halsampler", "setpriv") if os.geteuid() == 0 else ("linuxcnc", "halsampler")
    return all(shutil.which(name) for name in needed)


def run(program: bytes, stage: Stage, *, timeout_s: float = 120.0) -> Trace:
    """What the stage and the beam do while LinuxCNC runs a program, in real time plus some 2 s.

    Raises:
        ControllerError: it cannot be started, refuses the program, or does not finish in time.
    """
    if not is_installed():
        raise ControllerError(f"a headless LinuxCNC needs {_MISSING}")
    # A folder of its own: those of pytest are closed to other users, again and again.
    with tempfile.TemporaryDirectory(prefix="lasercam-linuxcnc-", ignore_cleanup_errors=True) as made:
        folder = Path(made)
        folder.chmod(0o755)
        files = {
            "job.ngc": program, "tool.tbl": b"T1 P1 Z0 D0\n", "sim.ini": _ini(stage).encode(),
            "sim.hal": _hal(stage).encode(), "drive.py": _DRIVER.encode(),
        }  # fmt: skip
        for name, content in files.items():
            (folder / name).write_bytes(content)
        (folder / "drive.py").chmod(0o755)
        command = ["linuxcnc", str(folder / "sim.ini")]
        if os.geteuid() == 0:
            for path in (folder, *folder.iterdir()):
                os.chown(path, _NOBODY, _NOBODY)
            command = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", *command]
        environment = {
            "HOME": str(folder), "PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LANG": "C",
            "LASERCAM_TIMEOUT_S": str(timeout_s),
        }  # fmt: skip
        log, outcome = folder / "linuxcnc.log", folder / "outcome.txt"
        _start(command, folder, environment, log, timeout_s)
        said = outcome.read_text().strip() if outcome.exists() else "LinuxCNC never came up"
        if said != "done":
            raise ControllerError(f"{said}\n{_tail(log)}")
        return _trace(folder / "samples.txt")


def _start(command: list[str], folder: Path, environment: dict[str, str], log: Path, timeout_s: float) -> None:
    """Run LinuxCNC to its end."""
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
        try:
            process.wait(timeout_s + 60.0)
        except subprocess.TimeoutExpired:
            _end(process)
            raise ControllerError(f"LinuxCNC did not finish within {timeout_s:g} s\n{_tail(log)}") from None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Stop LinuxCNC and what it started: its own process group, nothing else."""
    os.killpg(process.pid, signal.SIGTERM)
    deadline = time.monotonic() + 10.0
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(10.0)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-25:])


def _trace(path: Path) -> Trace:
    rows = []
    for line in path.read_text().splitlines():
        words = line.split()
        if "overrun" in words:
            raise ControllerError("samples were lost: the machine was too busy")
        rows.append([float(word) for word in words])
    table = np.array(rows)
    number = table[:, 0].astype(np.int64)
    if np.any(np.diff(number) != 1):
        raise ControllerError("samples were lost: the machine was too busy")
    armed = table[:, 5] > 0.5
    if not armed.any():
        raise ControllerError("the program never armed the beam (M3)")
    table = table[int(np.argmax(armed)) :]
    return Trace(table[:, 1:4] * 1000.0, table[:, 4] > 0.5, table[:, 5] > 0.5, table[:, 6] > 0.5)


def _ini(stage: Stage) -> str:
    axes = []
    for index, letter in enumerate("XYZ"):
        limits = (
            f"MAX_VELOCITY = {stage.max_speed_um_s[index] / 1000:.9g}\n"
            f"MAX_ACCELERATION = {stage.acceleration_um_s2[index] / 1000:.9g}\n"
            f"MIN_LIMIT = {stage.low_um[index] / 1000:.9g}\nMAX_LIMIT = {stage.high_um[index] / 1000:.9g}\n"
        )
        axes.append(f"[AXIS_{letter}]\n{limits}")
        axes.append(
            f"[JOINT_{index}]\nTYPE = LINEAR\n{limits}FERROR = 100\nMIN_FERROR = 100\nHOME = 0\nHOME_OFFSET = 0\n"
            "HOME_SEARCH_VEL = 0\nHOME_LATCH_VEL = 0\nHOME_SEQUENCE = 0\n"
        )
    fastest = max(stage.max_speed_um_s) * 3**0.5 / 1000
    return (
        "[EMC]\nVERSION = 1.1\nMACHINE = oracle\nDEBUG = 0\n"
        "[DISPLAY]\nDISPLAY = ./drive.py\nCYCLE_TIME = 0.1\nMAX_FEED_OVERRIDE = 1.0\n"
        "[TASK]\nTASK = milltask\nCYCLE_TIME = 0.001\n"
        "[RS274NGC]\nPARAMETER_FILE = sim.var\n"
        f"[EMCMOT]\nEMCMOT = motmod\nCOMM_TIMEOUT = 1.0\nSERVO_PERIOD = {round(CYCLE_S * 1e9)}\n"
        "[EMCIO]\nEMCIO = io\nCYCLE_TIME = 0.1\nTOOL_TABLE = tool.tbl\n"
        "[HAL]\nHALFILE = sim.hal\n"
        "[TRAJ]\nCOORDINATES = X Y Z\nLINEAR_UNITS = mm\nANGULAR_UNITS = degree\n"
        f"DEFAULT_LINEAR_VELOCITY = {fastest:.9g}\nMAX_LINEAR_VELOCITY = {fastest:.9g}\n"
        "[KINS]\nKINEMATICS = trivkins\nJOINTS = 3\n" + "".join(axes)
    )


def _hal(stage: Stage) -> str:
    joints = "".join(
        f"net pos{i} joint.{i}.motor-pos-cmd => joint.{i}.motor-pos-fb sampler.0.pin.{i}\n" for i in range(3)
    )
    outputs = 1 + max(stage.gate, stage.trigger or 0)
    trigger = (
        "" if stage.trigger is None else f"net trigger motion.digital-out-{stage.trigger:02d} => sampler.0.pin.5\n"
    )
    return (
        "loadrt [KINS]KINEMATICS\n"
        f"loadrt [EMCMOT]EMCMOT servo_period_nsec=[EMCMOT]SERVO_PERIOD num_joints=[KINS]JOINTS num_dio={outputs}\n"
        "loadrt sampler depth=16000 cfg=fffbbb\n"
        "addf motion-command-handler servo-thread\naddf motion-controller servo-thread\naddf sampler.0 servo-thread\n"
        f"{joints}"
        f"net gate motion.digital-out-{stage.gate:02d} => sampler.0.pin.3\n"
        f"net armed spindle.0.on => sampler.0.pin.4\n{trigger}"
        "net estop iocontrol.0.user-enable-out => iocontrol.0.emc-enable-in\n"
        "net prepare iocontrol.0.tool-prepare => iocontrol.0.tool-prepared\n"
        "net change iocontrol.0.tool-change => iocontrol.0.tool-changed\n"
    )


_DRIVER = '''#!/usr/bin/python3
"""Stands in for LinuxCNC's display: homes, starts the sampler, runs job.ngc, and writes how it went."""
import os, subprocess, sys, time
import linuxcnc

command, status, errors = linuxcnc.command(), linuxcnc.stat(), linuxcnc.error_channel()
deadline = time.monotonic() + float(os.environ["LASERCAM_TIMEOUT_S"])


def finish(words):
    with open("outcome.txt", "w") as out:
        out.write(words + "\\n")
    sys.exit(0)


def wait(true, what):
    while True:
        status.poll()
        found = errors.poll()
        if found and found[0] in (linuxcnc.NML_ERROR, linuxcnc.OPERATOR_ERROR):
            return "LinuxCNC says: " + str(found[1])
        if true():
            return ""
        if time.monotonic() > deadline:
            return "waited in vain until " + what
        time.sleep(0.01)


def must(true, what):
    problem = wait(true, what)
    if problem:
        finish(problem)


status.poll()
command.state(linuxcnc.STATE_ESTOP_RESET)
must(lambda: status.task_state == linuxcnc.STATE_ESTOP_RESET, "the emergency stop was reset")
command.state(linuxcnc.STATE_ON)
must(lambda: status.task_state == linuxcnc.STATE_ON, "the machine was on")
command.mode(linuxcnc.MODE_MANUAL)
command.wait_complete()
command.home(-1)
must(lambda: all(status.homed[:3]), "the axes were homed")
command.teleop_enable(1)
command.mode(linuxcnc.MODE_AUTO)
command.wait_complete()
command.program_open(os.path.abspath("job.ngc"))
command.wait_complete()
with open("samples.txt", "w") as samples:
    sampler = subprocess.Popen(["halsampler", "-t"], stdout=samples)
    time.sleep(0.2)
    command.auto(linuxcnc.AUTO_RUN, 0)
    problem = wait(lambda: status.interp_state != linuxcnc.INTERP_IDLE, "the program started")
    problem = problem or wait(
        lambda: status.interp_state == linuxcnc.INTERP_IDLE and status.inpos and status.queue == 0,
        "the program ended",
    )
    time.sleep(0.3)
    sampler.terminate()
    sampler.wait()
finish(problem or "done")
'''
