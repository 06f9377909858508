"""Which patterns of a job store data."""

from lasercam.pipeline.load import LoadedJob
from lasercam.sources.payload.source import Payload


def stored_patterns(loaded: LoadedJob) -> dict[str, Payload]:
    """Patterns of a job that store data, by name."""
    return {name: p.source for name, p in loaded.patterns.items() if isinstance(p.source, Payload)}
