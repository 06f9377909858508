"""What an A3200 does with an AeroBasic program: the proof of what the encoder wrote.

The statements and what they do come from public documentation and code, named in the dialect's explanation. Every
other statement is refused, whether the controller would run it or not.
"""

from collections.abc import Iterator
from typing import BinaryIO

from lasercam.dialects import aerotech_statements as do
from lasercam.dialects.aerotech_reading import Form, exposures
from lasercam.dialects.aerotech_settings import A3200_KEYS, AerotechSettings, aerotech_settings
from lasercam.errors import RereadError
from lasercam.model.exposure import ExposureBlock
from lasercam.model.machine import Machine


def read(stream: BinaryIO, machine: Machine, *, use_compiled: bool | None = None) -> Iterator[ExposureBlock]:
    """Everything that fires in an A3200 program.

    Args:
        stream: the file.
        machine: its controller.settings and trigger.
        use_compiled: force compiled or plain; None chooses by size.

    Raises:
        RereadError: what lasercam never writes, or what no exposure can mean.
    """
    settings = aerotech_settings(machine, A3200_KEYS, RereadError)
    yield from exposures(stream, _forms(settings), ";", machine, settings, use_compiled=use_compiled)


def _forms(settings: AerotechSettings) -> list[Form]:
    axis = settings.pso_axis
    forms: list[Form] = [
        ("ENABLE X Y Z", do.MODE, 2),
        ("G71", do.MODE, 4),
        ("G76", do.MODE, 8),
        ("WAIT MODE INPOS", do.MODE, 16),
        ("G90", do.ABSOLUTE, 0),
        ("G91", do.INCREMENTAL, 0),
        ("VELOCITY ON", do.BLEND, 0),
        ("VELOCITY OFF", do.STOP, 0),
        ("WAIT MOVEDONE X Y Z", do.WAIT, 0),
        ("G4 P#", do.DWELL, 0),
        ("REPEAT #", do.REPEAT, 0),
        ("ENDREPEAT", do.END_REPEAT, 0),
        ("END PROGRAM", do.END, 0),
        (f"PSOCONTROL {axis} RESET", do.RESET, 0),
        (f"PSOCONTROL {axis} OFF", do.OFF, 0),
        (f"PSOCONTROL {axis} ON", do.ON, 0),
        (f"PSOCONTROL {axis} ARM", do.ARM, 0),
        (f"PSOCONTROL {axis} FIRE", do.FIRE, 0),
        (f"PSOOUTPUT {axis} CONTROL {settings.output}", do.PIN, 0),
        (f"PSOOUTPUT {axis} PULSE", do.SOURCE, 1),
        (f"PSOOUTPUT {axis} WINDOW", do.SOURCE, 2),
        (f"PSOOUTPUT {axis} PULSE WINDOW MASK", do.SOURCE, 3),
        (f"PSOPULSE {axis} TIME #,# CYCLES #", do.TRAIN, 0),
        (f"PSODISTANCE {axis} FIXED #", do.DISTANCE, 0),
        (f"PSOWINDOW {axis} 1 LOAD #", do.LOAD, 0),
        (f"PSOWINDOW {axis} 1 RANGE #,#", do.RANGE, 0),
        (f"PSOWINDOW {axis} 1 ON", do.WINDOW_ON, 0),
        (f"PSOWINDOW {axis} 1 OFF", do.WINDOW_OFF, 0),
    ]
    if settings.ramp_rate:
        forms.append((f"RAMP RATE {settings.ramp_rate}", do.MODE, 32))
    for number, name in enumerate(settings.inputs):
        if settings.tracked[number]:
            forms.append((f"PSOWINDOW {axis} 1 INPUT {name}", do.WINDOW_INPUT, number))
            forms.append((f"PSOTRACK {axis} INPUT {name}", do.DISTANCE_INPUT, number))
    for axes in range(1, 8):
        words = "".join(f" {letter}#" for i, letter in enumerate("XYZ") if axes >> i & 1)
        forms.append((f"G0{words}", do.RAPID, axes))
        forms.append((f"G1{words} F#", do.FEED, axes))
    return forms
