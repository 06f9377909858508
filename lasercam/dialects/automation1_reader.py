"""What Automation1 does with an AeroScript program: the proof of what the encoder wrote.

The functions and what they do come from Aerotech's public help pages and from public code, named in the dialect's
explanation. Every other statement is refused, whether the controller would run it or not.
"""

from collections.abc import Iterator
from typing import BinaryIO

from lasercam.dialects import aerotech_statements as do
from lasercam.dialects.aerotech_reading import Form, exposures
from lasercam.dialects.aerotech_settings import AUTOMATION1_KEYS, AerotechSettings, aerotech_settings
from lasercam.errors import RereadError
from lasercam.model.exposure import ExposureBlock
from lasercam.model.machine import Machine


def read(stream: BinaryIO, machine: Machine, *, use_compiled: bool | None = None) -> Iterator[ExposureBlock]:
    """Everything that fires in an Automation1 program.

    Args:
        stream: the file.
        machine: its controller.settings and trigger.
        use_compiled: force compiled or plain; None chooses by size.

    Raises:
        RereadError: what lasercam never writes, or what no exposure can mean.
    """
    settings = aerotech_settings(machine, AUTOMATION1_KEYS, RereadError)
    yield from exposures(stream, _forms(settings), "//", machine, settings, use_compiled=use_compiled)


def _forms(settings: AerotechSettings) -> list[Form]:
    axis = settings.pso_axis
    forms: list[Form] = [
        ("program", do.MODE, 2),
        ("Enable([X, Y, Z])", do.MODE, 4),
        ("SetupTaskDistanceUnits(DistanceUnits.Primary)", do.MODE, 8),
        ("SetupTaskTimeUnits(TimeUnits.Seconds)", do.MODE, 16),
        ("SetupTaskWaitMode(WaitMode.InPosition)", do.MODE, 32),
        ("SetupTaskTargetMode(TargetMode.Absolute)", do.ABSOLUTE, 0),
        ("SetupTaskTargetMode(TargetMode.Incremental)", do.INCREMENTAL, 0),
        ("VelocityBlendingOn()", do.BLEND, 0),
        ("VelocityBlendingOff()", do.STOP, 0),
        ("WaitForMotionDone([X, Y, Z])", do.WAIT, 0),
        ("Dwell(#)", do.DWELL, 0),
        ("repeat #", do.REPEAT, 0),
        ("end", do.END, 1),
        (f"PsoReset({axis})", do.RESET, 0 if settings.output else 1),
        (f"PsoOutputOff({axis})", do.OFF, 0),
        (f"PsoOutputOn({axis})", do.ON, 0),
        (f"PsoEventGenerateSingle({axis})", do.FIRE, 0),
        (f"PsoEventConfigureMask({axis}, PsoEventMask.WindowMask)", do.MASK, 0),
        (f"PsoOutputConfigureSource({axis}, PsoOutputSource.Waveform)", do.SOURCE, 4),
        (f"PsoOutputConfigureSource({axis}, PsoOutputSource.WindowOutput)", do.SOURCE, 2),
        (f"PsoWaveformConfigureMode({axis}, PsoWaveformMode.Pulse)", do.WAVE_MODE, 0),
        (f"PsoWaveformConfigurePulseFixedTotalTime({axis}, #)", do.TOTAL_TIME, 0),
        (f"PsoWaveformConfigurePulseFixedOnTime({axis}, #)", do.ON_TIME, 0),
        (f"PsoWaveformConfigurePulseFixedCount({axis}, #)", do.COUNT, 0),
        (f"PsoWaveformApplyPulseConfiguration({axis})", do.APPLY, 0),
        (f"PsoWaveformOn({axis})", do.WAVE_ON, 0),
        (f"PsoDistanceConfigureFixedDistance({axis}, #)", do.DISTANCE, 0),
        (f"PsoDistanceCounterOn({axis})", do.COUNTER_ON, 0),
        (f"PsoDistanceCounterOff({axis})", do.DISARM, 1),
        (f"PsoDistanceEventsOn({axis})", do.ARM, 2),
        (f"PsoDistanceEventsOff({axis})", do.DISARM, 0),
        (f"PsoWindowCounterSetValue({axis}, 0, #)", do.LOAD, 0),
        (f"PsoWindowConfigureFixedRange({axis}, 0, #, #)", do.RANGE, 0),
        (f"PsoWindowOutputOn({axis}, 0)", do.WINDOW_ON, 1),
        (f"PsoWindowOutputOff({axis}, 0)", do.WINDOW_OFF, 0),
    ]
    if settings.output:
        forms.append((f"PsoOutputConfigureOutput({axis}, PsoOutputPin.{settings.output})", do.PIN, 0))
    if settings.ramp_rate:
        forms.append((f"SetupCoordinatedRampValue(RampMode.Rate, {settings.ramp_rate})", do.MODE, 128))
    for number, name in enumerate(settings.inputs):
        if settings.tracked[number]:
            forms.append((f"PsoWindowConfigureInput({axis}, 0, PsoWindowInput.{name}, false)", do.WINDOW_INPUT, number))
            forms.append((f"PsoDistanceConfigureInputs({axis}, [PsoDistanceInput.{name}])", do.DISTANCE_INPUT, number))
    for axes in range(1, 8):
        words = "".join(f" {letter}#" for i, letter in enumerate("XYZ") if axes >> i & 1)
        forms.append((f"G0{words}", do.RAPID, axes))
        forms.append((f"G1{words} F#", do.FEED, axes))
    return forms
