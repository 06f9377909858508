"""The page of a job, served to a browser and made anew when the job changes."""

from lasercam.pipeline.live.rebuilding import Rebuilder as Rebuilder
from lasercam.pipeline.live.rebuilding import Told as Told
from lasercam.pipeline.live.serving import LiveServer as LiveServer
from lasercam.pipeline.live.watching import wait_for_change as wait_for_change
