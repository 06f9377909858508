"""A machine's laser: looked at, set for a job file of a build, closed; never opened but in a session."""

from lasercam.lasers.session import LaserSession as LaserSession
from lasercam.pipeline.laser_link import link as link
from lasercam.pipeline.laser_link import read_machine as read_machine
from lasercam.pipeline.laser_link import section_targets as section_targets
