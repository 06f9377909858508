"""Named channels: the shipped ones, and a lab's own file."""

from functools import cache
from importlib.resources import files
from types import MappingProxyType

from lasercam.channel.model import ChannelDocument
from lasercam.schema.document import read_document
from lasercam.schema.tree import parse_yaml


@cache
def shipped_channels() -> MappingProxyType[str, ChannelDocument]:
    """All shipped channels by name."""
    folder = files("lasercam.channel").joinpath("shipped")
    found = {}
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".yaml"):
            document = read_channel(file.read_bytes(), file.name)
            found[document.channel] = document
    return MappingProxyType(found)


def read_channel(content: bytes, name: str) -> ChannelDocument:
    """A channel from the bytes of its file.

    Raises:
        InputError: everything wrong with it, with line and column.
    """
    return read_document(ChannelDocument, parse_yaml(content, name), what="a channel")
