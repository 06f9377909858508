"""Which patterns of a job store data."""

from lasercam.model.recipe import PassKind
from lasercam.pipeline.load import LoadedJob
from lasercam.pipeline.planning import pattern_uses
from lasercam.sources.payload.source import Payload


def stored_patterns(loaded: LoadedJob) -> dict[str, Payload]:
    """Patterns of a job that store data, by name."""
    return {name: p.source for name, p in loaded.patterns.items() if isinstance(p.source, Payload)}


def written_payloads(loaded: LoadedJob) -> dict[str, Payload]:
    """Those of them that the job writes: of what it only erases nothing is left to be read."""
    stored = stored_patterns(loaded)
    if not stored:
        return {}
    uses = pattern_uses(loaded)
    return {
        name: source
        for name, source in stored.items()
        if name not in uses or any(exposure.kind is not PassKind.ERASE for exposure in uses[name].exposures)
    }
