"""Process files that travel with a build: which ones a job needs, and a library made of nothing else."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from lasercam.errors import InputError, Problem
from lasercam.model.process_window import Process, ProcessDocument
from lasercam.process.library import SHIPPED, read_process_file, resolve_process, written_files

_LAB = "lab/"
"""How references of the lab's files begin."""


def process_files(names: Iterable[str], folders: Sequence[Path] = ()) -> dict[str, bytes]:
    """Files of some processes and of every process they inherit from or speak of.

    Args:
        names: ids in the library.
        folders: the lab's folders, as for `load_library`.

    Returns:
        Contents by reference: `ID.yaml` of a shipped file, `lab/ID/FILE` of one of the lab's.

    Raises:
        InputError: see `load_library`.
    """
    written = written_files(folders)
    found: dict[str, bytes] = {}
    seen: set[str] = set()
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        if name in seen:
            continue
        seen.add(name)
        file = written[name]
        reference = f"{name}.yaml" if file.origin == SHIPPED else f"{_LAB}{name}/{file.origin}"
        found[reference] = file.content
        wanted.extend(_spoken_of(resolve_process(name, written)))
    return dict(sorted(found.items()))


def library_from_files(files: Mapping[str, bytes]) -> Mapping[str, Process]:
    """A library of exactly these files, given by the references of `process_files`.

    Raises:
        InputError: a file that is no process, or one that needs another which is not there.
    """
    written = {}
    for reference, content in sorted(files.items()):
        origin = reference.rsplit("/", 1)[-1] if reference.startswith(_LAB) else SHIPPED
        file = read_process_file(content, reference, origin)
        if file.name in written:
            raise InputError(Problem(f"the process '{file.name}' is kept twice", file.place("process")))
        written[file.name] = file
    return MappingProxyType({name: resolve_process(name, written) for name in sorted(written)})


def _spoken_of(process: Process) -> set[str]:
    document: ProcessDocument = process.document
    named = {*process.ancestors, *document.follows}
    named.update(name for rule in document.rules for name in rule.after)
    named.update(name for heat in document.heat for name in heat.written_by)
    return named
