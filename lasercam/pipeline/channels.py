"""Channels by name or by file."""

from pathlib import Path

from lasercam.channel.model import ChannelDocument
from lasercam.channel.presets import read_channel, shipped_channels
from lasercam.errors import InputError, name_problem
from lasercam.pipeline.inputs import read_bytes


def find_channel(reference: str) -> ChannelDocument:
    """A shipped channel, or a lab's own YAML file.

    Raises:
        InputError: no such channel, or a file that is none.
    """
    shipped = shipped_channels()
    if reference in shipped:
        return shipped[reference]
    if reference.endswith((".yaml", ".yml")):
        return read_channel(read_bytes(Path(reference)), Path(reference).name)
    raise InputError(name_problem("channel", reference, [*shipped, "a file ending in .yaml"], None))
