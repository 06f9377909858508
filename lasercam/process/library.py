"""The process library: shipped windows and those of the lab, with inheritance resolved.

A lab adds processes by handing over folders of YAML files; it may inherit from shipped ones, never replace them.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from lasercam.errors import InputError, Location, Problem, name_problem
from lasercam.model.process_window import Process, ProcessDocument
from lasercam.model.sample import MATERIALS
from lasercam.process.inheritance import inherit, removal_problems, with_citations
from lasercam.process.window_text import WindowReader, read_limit, read_windows
from lasercam.schema.document import read_document
from lasercam.schema.tree import Tree, parse_yaml

SHIPPED = "lasercam"
"""Origin of processes that come with the program."""

_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class _Written:
    """One file of the library, read but not yet joined with its parent."""

    document: ProcessDocument
    tree: Tree
    content: bytes
    origin: str

    @property
    def name(self) -> str:
        return self.document.process

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()

    def place(self, *path: str | int) -> Location:
        return self.tree.at(path)


def load_library(folders: Sequence[Path] = ()) -> Mapping[str, Process]:
    """Every process of the shipped library and of the lab's folders, by id in alphabetical order.

    Args:
        folders: the lab's folders; their `*.yaml` and `*.yml` files are read, subfolders are not.

    Raises:
        InputError: a folder or file that cannot be read, an id that stands twice or is shipped already, a parent
            that does not exist or leads back to its child, a window that does not fit; with file, line and column.
    """
    if not folders:
        return _shipped_library()
    written = _all_written(folders)
    problems: list[Problem] = []
    resolved: dict[str, Process] = {}
    for name in sorted(written):
        try:
            resolved[name] = _resolve(name, written)
        except InputError as error:
            problems.extend(p for p in error.problems if p not in problems)
    if problems:
        raise InputError(problems)
    return MappingProxyType(resolved)


def load_process(name: str, folders: Sequence[Path] = ()) -> Process:
    """One process by its id; of the shipped library only the files it needs are read.

    Args:
        name: the id.
        folders: the lab's folders, as for `load_library`.

    Raises:
        InputError: no such process (the nearest names are given), or see `load_library`.
    """
    names = _shipped_names()
    if not folders and name in names:
        return _shipped_process(name)
    written = _all_written(folders) if folders else {}
    if name not in written:
        raise InputError(name_problem("process", name, sorted({*names, *written})))
    return _resolve(name, written)


@cache
def _shipped_names() -> tuple[str, ...]:
    folder = resources.files("lasercam.process") / "library"
    return tuple(sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name.endswith(".yaml")))


@cache
def _shipped_file(name: str) -> _Written:
    file = resources.files("lasercam.process") / "library" / f"{name}.yaml"
    return _read(file.read_bytes(), f"{SHIPPED}/process/library/{name}.yaml", SHIPPED)


@cache
def _shipped_process(name: str) -> Process:
    return _resolve(name, _ShippedFiles())


@cache
def _shipped_library() -> Mapping[str, Process]:
    return MappingProxyType({name: _shipped_process(name) for name in _shipped_names()})


class _ShippedFiles(Mapping[str, _Written]):
    """The shipped files by id, each read when it is asked for."""

    def __getitem__(self, name: str) -> _Written:
        if name not in _shipped_names():
            raise KeyError(name)
        return _shipped_file(name)

    def __contains__(self, name: object) -> bool:
        return name in _shipped_names()

    def __iter__(self) -> Iterator[str]:
        return iter(_shipped_names())

    def __len__(self) -> int:
        return len(_shipped_names())


def written_files(folders: Sequence[Path] = ()) -> Mapping[str, _Written]:
    """Every file of the shipped library and of the lab's folders as it was read, by id; raises InputError."""
    return _all_written(folders) if folders else _ShippedFiles()


def read_process_file(content: bytes, file: str, origin: str = SHIPPED) -> _Written:
    """One process file, not yet joined with its parent; raises InputError."""
    return _read(content, file, origin)


def resolve_process(name: str, written: Mapping[str, _Written]) -> Process:
    """A process of exactly these files, with everything it inherits; raises InputError."""
    return _resolve(name, written)


def _all_written(folders: Sequence[Path]) -> dict[str, _Written]:
    """Shipped and lab files by id.

    Raises:
        InputError: unreadable files, ids that stand twice.
    """
    written = dict(_ShippedFiles())
    problems: list[Problem] = []
    for path in _lab_files(folders):
        try:
            new = _read(_bytes(path), str(path), path.name)
        except InputError as error:
            problems.extend(error.problems)
            continue
        first = written.setdefault(new.name, new)
        if first is not new:
            problems.append(_twice(first, new))
    if problems:
        raise InputError(problems)
    return written


def _twice(first: _Written, again: _Written) -> Problem:
    here = again.place("process")
    if first.origin == SHIPPED:
        return Problem(
            f"the process '{again.name}' is shipped already, in {first.place('process')}",
            here,
            f"Give it an id of its own; with `inherits: {again.name}` it says only what differs.",
        )
    message = f"the process '{again.name}' stands twice, first in {first.place('process')}"
    return Problem(message, here, "Rename or remove one.")


def _lab_files(folders: Sequence[Path]) -> list[Path]:
    """Files of the folders in alphabetical order, each once.

    Raises:
        InputError: a folder does not exist or cannot be listed.
    """
    files: dict[Path, Path] = {}
    for folder in folders:
        try:
            found = sorted(p for p in folder.iterdir() if p.suffix in _ENDINGS)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "that is no folder name"
            hint = "Give a folder that holds process files ending in .yaml or .yml."
            raise InputError(Problem(f"the process folder '{folder}' cannot be read: {reason}", None, hint)) from error
        for path in found:
            files.setdefault(path.resolve(), path)
    return list(files.values())


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = f"the file cannot be read: {error.strerror or 'unknown reason'}"
        raise InputError(Problem(message, Location(str(path), 1, 1))) from error


def _read(content: bytes, file: str, origin: str) -> _Written:
    """One file, checked as far as it can be without its parent.

    Raises:
        InputError: not a process document, or quantities that do not fit.
    """
    tree = parse_yaml(content, file)
    document = read_document(ProcessDocument, tree, what="a process")
    reader = WindowReader(tree)
    reader.check(document)
    problems = reader.problems + _reference_problems(document, tree)
    if problems:
        raise InputError(problems)
    if origin != SHIPPED:
        # Wherever a number of the lab goes, inherited or as a default, it says that it is the lab's.
        document = document.model_copy(update={"source": f"{document.source} (lab file {origin})"})
    return _Written(with_citations(document), tree, content, origin)


def _reference_problems(document: ProcessDocument, tree: Tree) -> list[Problem]:
    """Materials that no sample can have, and unknowns that stand twice."""
    allowed = sorted(MATERIALS)
    listed = [(("materials", i), m) for i, m in enumerate(document.materials)]
    listed += [(("rules", r), m) for r, rule in enumerate(document.rules) for m in rule.materials]
    problems = [name_problem("material", m, allowed, tree.at(path)) for path, m in listed if m not in MATERIALS]
    keys = [u.key for u in document.unknown]
    problems += [
        Problem(f"the unknown '{key}' stands twice", tree.at(("unknown", index)), "Keep one.")
        for index, key in enumerate(keys)
        if key in keys[:index]
    ]
    return problems


def _resolve(name: str, written: Mapping[str, _Written]) -> Process:
    """A process with everything it inherits.

    Raises:
        InputError: its parents do not exist or lead back to it, or it removes or follows what is not there.
    """
    chain = _chain(name, written)
    document: ProcessDocument | None = None
    problems: list[Problem] = []
    for file in reversed(chain):
        problems += removal_problems(document, file.document, file.tree)
        document = file.document if document is None else inherit(document, file.document)
    own = chain[0]
    problems += _relation_problems(own, written)
    if problems or document is None:
        raise InputError(problems)
    return Process(
        document=document,
        parameters=read_windows(document.parameters),
        unknown=document.unknown,
        outcome=document.outcome,
        limits={label: read_limit(limit) for label, limit in document.limits.items()},
        ancestors=tuple(file.name for file in chain[1:]),
        digest=hashlib.sha256(b"".join(file.sha256 for file in chain)).hexdigest(),
        origin=own.origin,
    )


def _chain(name: str, written: Mapping[str, _Written]) -> list[_Written]:
    """The file of a process, its parent's, and so on.

    Raises:
        InputError: a parent does not exist, or leads back to its child.
    """
    chain = [written[name]]
    while (parent := chain[-1].document.inherits) is not None:
        here = chain[-1].place("inherits")
        names = [file.name for file in chain]
        if parent in names:
            circle = " → ".join([*names[names.index(parent) :], parent])
            raise InputError(Problem(f"the process inherits from itself: {circle}", here, "Remove one `inherits`."))
        if parent not in written:
            raise InputError(name_problem("process", parent, sorted(written), here))
        chain.append(written[parent])
    return chain


def _relation_problems(own: _Written, written: Mapping[str, _Written]) -> list[Problem]:
    """Other processes this one speaks of that do not exist."""
    document = own.document
    named = [(("follows", i), n) for i, n in enumerate(document.follows)]
    named += [(("rules", r), n) for r, rule in enumerate(document.rules) for n in rule.after]
    named += [(("heat", h), n) for h, heat in enumerate(document.heat) for n in heat.written_by]
    return [
        name_problem("process", other, sorted(written), own.tree.at(path))
        for path, other in named
        if other not in written
    ]
