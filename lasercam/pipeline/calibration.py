"""Measured scales of a machine profile: the CSV tables beside it, read and put in their place."""

import csv
import io

from lasercam.errors import InputError, Location, Problem, QuantityError, shorten
from lasercam.model.laser import EnergySetting, PowerSetting
from lasercam.model.machine import Machine
from lasercam.model.scale import check_points
from lasercam.pipeline.inputs import Inputs
from lasercam.units import ENERGY, POWER, Dimension, parse_quantity


def with_calibration(machine: Machine, inputs: Inputs, location: Location | None) -> Machine:
    """The machine with the points of its measured scale filled in.

    Args:
        machine: as its profile says.
        inputs: where the table is found: below the job's folder or its `machine_profiles`, or shipped.
        location: of the table's name in the profile.

    Raises:
        InputError: no such file, or no such table in it.
    """
    strength = machine.laser.strength
    if strength is None or strength.scale is None or strength.scale.table is None:
        return machine
    file = inputs.read("calibration", strength.scale.table, location)
    dimension = POWER if machine.laser.is_cw else ENERGY
    points = read_scale(file.content, file.name, dimension)
    scale = strength.scale.model_copy(update={"points": points})
    filled: EnergySetting | PowerSetting = strength.model_copy(update={"scale": scale})
    key = "average_power" if machine.laser.is_cw else "pulse_energy"
    return machine.model_copy(update={"laser": machine.laser.model_copy(update={key: filled})})


def read_scale(content: bytes, name: str, dimension: Dimension) -> tuple[tuple[float, float], ...]:
    """Settings and amounts of a CSV table that begins with a line `setting,UNIT`, such as `setting,uJ`.

    Raises:
        InputError: with the line and what is wrong with it.
    """

    def wrong(line: int, text: str) -> InputError:
        hint = f"A table begins with `setting,{dimension.example.split()[-1]}` and has one measured point per line."
        return InputError(Problem(text, Location(name, line, 1), hint))

    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise wrong(1, f"the calibration is no CSV text: {error}") from error
    head = [cell.strip() for cell in rows[0]] if rows else []
    if len(head) != 2 or head[0].casefold() != "setting":
        raise wrong(1, f"the calibration begins with '{shorten(','.join(head))}'")
    try:
        unit = parse_quantity(f"1 {head[1]}", dimension)
    except QuantityError as error:
        raise wrong(1, str(error)) from error
    points: list[tuple[float, float]] = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        try:
            setting, amount = (float(cell) for cell in row)
        except ValueError as error:
            raise wrong(number, f"'{shorten(','.join(row))}' are not two numbers") from error
        if not (abs(setting) <= 1e9 and 0 <= amount * unit <= 1e15):
            raise wrong(number, f"'{shorten(','.join(row))}' holds a number that is no setting or no amount")
        points.append((setting, amount * unit))
    try:
        check_points(points)
    except ValueError as error:
        raise wrong(len(rows), str(error)) from error
    return tuple(points)
