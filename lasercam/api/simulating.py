"""A GRBL controller that is not there, for lasercam and for other senders."""

from lasercam.pipeline.laser_link import read_machine as read_machine
from lasercam.transports.server import PtyDoor as PtyDoor
from lasercam.transports.server import TcpDoor as TcpDoor
from lasercam.transports.server import serve as serve
from lasercam.transports.simulated.controller import SimulatedController as SimulatedController
from lasercam.transports.simulated.options import GRBLHAL as GRBLHAL
from lasercam.transports.simulated.options import ControllerOptions as ControllerOptions
from lasercam.transports.simulated.settings import GrblSettings as GrblSettings
from lasercam.transports.simulated.settings import settings_of as settings_of
from lasercam.transports.simulated.settings import work_offset_mm as work_offset_mm
