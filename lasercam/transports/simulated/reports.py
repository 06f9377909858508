"""What the simulated controller tells of itself. Source: GRBL 1.1 documentation "Interface"."""

from collections.abc import Iterator, Sequence
from typing import Final

from lasercam.transports.simulated.core import Core, SpindleStop, State
from lasercam.transports.simulated.modal import PROBES, Interpreter
from lasercam.transports.simulated.planner import Planner

_BUSY: Final = (State.HOME, State.RUN, State.HOLD, State.JOG, State.DOOR)
_WCO_BUSY, _WCO_IDLE, _OVERRIDES_BUSY, _OVERRIDES_IDLE = 30, 10, 20, 10
"""Reports from one telling to the next. Source: GRBL 1.1, REPORT_…_COUNT."""


def banner(core: Core) -> str:
    """What a boot says."""
    return "GrblHAL 1.1f ['$' or '$HELP' for help]" if core.is_hal else "Grbl 1.1h ['$' for help]"


def build_info(core: Core) -> Iterator[str]:
    """`$I`."""
    yield "[VER:1.1f.20240101:]" if core.is_hal else "[VER:1.1h.20190825:]"
    yield f"[OPT:V,{core.options.planner_blocks},{core.options.rx_bytes}]"


def status(core: Core) -> str:
    """`?`: state, place, buffers, speed, and now and then offsets and overrides."""
    kind = int(core.settings[10])
    offset = core.interpreter.offset_mm()
    place = core.rounded(core.place())
    if kind & 1:
        fields = [_state(core), f"MPos:{_values(place)}"]
    else:
        work = tuple(at - zero for at, zero in zip(place, offset, strict=True))
        fields = [_state(core), f"WPos:{_values(work)}"]
    if kind & 2:
        fields.append(f"Bf:{core.planner.n_free},{core.receiver.n_free}")
    fields.append(f"FS:{core.motion.speed_mm_s(core.now_s) * 60:.0f},{core.beam.shown_power:.0f}")
    is_busy = core.state in _BUSY
    if core.wco_reports > 0:
        core.wco_reports -= 1
    else:
        core.wco_reports = (_WCO_BUSY if is_busy else _WCO_IDLE) - 1
        core.override_reports = core.override_reports or 1
        fields.append(f"WCO:{_values(offset)}")
    if core.override_reports > 0:
        core.override_reports -= 1
    else:
        core.override_reports = (_OVERRIDES_BUSY if is_busy else _OVERRIDES_IDLE) - 1
        fields.append(f"Ov:{_percents(core.planner)},{core.beam.percent}")
        if core.beam.is_on:
            fields.append("A:S" if core.beam.direction == 3 else "A:C")
    return f"<{'|'.join(fields)}>"


def modes(state: Interpreter) -> str:
    """`$G`."""
    m = state.modes
    motion = f"{m.motion / 10:.1f}" if m.motion in PROBES.values() else str(m.motion)
    codes = f"G{motion} G{m.system} G{m.plane} G{m.units} G{m.distance} G{m.feed} M{m.spindle} M{m.coolant}"
    return f"[GC:{codes} T{state.tool} F{state.feed_mm_min:.0f} S{state.power:.0f}]"


def parameters(state: Interpreter) -> Iterator[str]:
    """`$#`."""
    for index, place in enumerate(state.systems_mm):
        yield f"[G{54 + index}:{_values(place)}]"
    for name, place in state.homes_mm.items():
        yield f"[G{name}:{_values(place)}]"
    yield f"[G92:{_values(state.g92_mm)}]"
    yield f"[TLO:{_number(state.tool_length_mm)}]"
    yield f"[PRB:{_values((0.0, 0.0, 0.0))}:0]"


def probe(core: Core) -> str:
    """Where the last probing ended, in vain: there is no probe."""
    return f"[PRB:{_values(core.rounded(core.place()))}:0]"


def _state(core: Core) -> str:
    name = core.state.value
    if core.state is State.HOLD:
        return f"{name}:{0 if core.is_suspended else 1}"
    if core.state is State.DOOR:
        return f"{name}:{0 if core.is_suspended and core.spindle_stop is not SpindleStop.BEGIN else 2}"
    return name


def _percents(planner: Planner) -> str:
    return f"{planner.feed_percent},{planner.rapid_percent}"


def _values(values: Sequence[float]) -> str:
    return ",".join(_number(value) for value in values)


def _number(value: float) -> str:
    return f"{round(value, 3) + 0.0:.3f}"
