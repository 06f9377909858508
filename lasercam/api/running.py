"""Executing a build on its controller, and recording what a controller executed by itself."""

from lasercam.model.file_control import FileLinkKeys
from lasercam.model.links import FileLink as FileLink
from lasercam.model.links import StreamedByLines as StreamedByLines
from lasercam.model.links import Transport as Transport
from lasercam.model.machine import Machine as Machine
from lasercam.model.toolpath import Toolpath as Toolpath
from lasercam.pipeline.ledger_run import RunLedger as RunLedger
from lasercam.pipeline.ledger_run import run_ledger as run_ledger
from lasercam.pipeline.runnable import Runnable as Runnable
from lasercam.pipeline.runnable import load_runnable as load_runnable
from lasercam.run.executed import record_executed as record_executed
from lasercam.run.execution import read_execution as read_execution
from lasercam.run.faults import WaitingError as WaitingError
from lasercam.run.faults import ignored as ignored
from lasercam.run.operator import Answer as Answer
from lasercam.run.operator import Controls as Controls
from lasercam.run.operator import Events as Events
from lasercam.run.places import journal_beside as journal_beside
from lasercam.run.places import picture_beside as picture_beside
from lasercam.run.planned import Planned as Planned
from lasercam.run.planned import Wanted as Wanted
from lasercam.run.session import Session as Session


def serial_link(port: str) -> Transport:
    """A serial port, opened."""
    from lasercam.transports.serial_port import SerialPort

    return SerialPort(port)


def tcp_link(host: str, port: int) -> Transport:
    """A network address, connected."""
    from lasercam.transports.tcp import TcpLink

    return TcpLink(host, port)


def file_link(keys: FileLinkKeys, machine: Machine, address: tuple[str, int] | None = None) -> FileLink:
    """A controller that runs whole files, connected as its profile says, or at another address."""
    from lasercam.pipeline.controller_link import open_link

    return open_link(keys, machine, address)


def simulated_link(machine: Machine) -> Transport:
    """A controller that is not there, with the stage of a machine; its time runs as fast as it can."""
    from lasercam.transports.simulated.controller import SimulatedController
    from lasercam.transports.simulated.link import SimulatedLink
    from lasercam.transports.simulated.options import ControllerOptions
    from lasercam.transports.simulated.settings import settings_of, work_offset_mm

    options = ControllerOptions(work_offset_mm=work_offset_mm(machine))
    return SimulatedLink(SimulatedController(settings_of(machine), options))
