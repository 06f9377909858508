"""Process files that travel with a build: which ones a job needs, and a library made of nothing else."""

from collections.abc import Iterable, Mapping
from importlib import resources
from types import MappingProxyType

from lasercam.errors import InputError, Problem
from lasercam.model.process_window import Process, ProcessDocument
from lasercam.process.library import load_library, read_process_file, resolve_process


def process_files(names: Iterable[str]) -> dict[str, bytes]:
    """Files of some shipped processes and of every process they inherit from or speak of, by id.

    Args:
        names: ids in the shipped library.
    """
    library = load_library()
    folder = resources.files("lasercam.process") / "library"
    found: dict[str, bytes] = {}
    wanted = list(names)
    while wanted:
        name = wanted.pop()
        if name not in found:
            found[name] = (folder / f"{name}.yaml").read_bytes()
            wanted.extend(_spoken_of(library[name]))
    return dict(sorted(found.items()))


def library_from_files(files: Mapping[str, bytes]) -> Mapping[str, Process]:
    """A library of exactly these files, given by name.

    Raises:
        InputError: a file that is no process, or one that needs another which is not there.
    """
    written = {}
    for name, content in sorted(files.items()):
        file = read_process_file(content, name)
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
