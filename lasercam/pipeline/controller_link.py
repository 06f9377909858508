"""From a machine profile to the link over which its controller takes whole job files."""

from typing import TYPE_CHECKING

from lasercam.errors import InputError, Problem
from lasercam.model.file_control import FileLinkKeys
from lasercam.model.links import FileLink
from lasercam.model.machine import Machine
from lasercam.pipeline import registry
from lasercam.schema.document import read_document
from lasercam.schema.tree import Tree, parse_yaml

if TYPE_CHECKING:
    from lasercam.pipeline.load import LoadedJob

_PATH = ("controller", "link")


def link_keys(machine: Machine, profile: Tree) -> FileLinkKeys | None:
    """The keys under `controller: link:`, typed by their kind; None where the operator loads the files.

    Raises:
        InputError: an unknown kind, one that does not take the files of the machine's dialect, or keys that it does not
            take.
    """
    written = machine.controller.link
    if written is None:
        return None
    if "kind" not in written:
        kinds = ", ".join(registry.names(registry.CONTROLLERS))
        raise InputError(Problem(f"the controller's link has no `kind`; allowed: {kinds}", profile.at(_PATH)))
    name = str(written["kind"])
    kind = registry.controller_link(name, profile.at((*_PATH, "kind")))
    dialect = machine.controller.dialect
    if dialect not in kind.dialects:
        text = f"a link of the kind '{name}' takes files of {', '.join(kind.dialects)}, not of {dialect}"
        raise InputError(Problem(text, profile.at((*_PATH, "kind")), "Remove `link`; the operator loads the files."))
    return read_document(kind.Keys, profile.under(_PATH), what="a link to a controller")


def step_link_keys(loaded: "LoadedJob", step: int) -> FileLinkKeys | None:
    """Those of the machine that a step of a job runs on."""
    written = loaded.document.steps[step]
    file = loaded.inputs.read("machine", written.machine or loaded.document.machine, None)
    return link_keys(loaded.machines[step], parse_yaml(file.content, file.name))


def open_link(keys: FileLinkKeys, machine: Machine, address: tuple[str, int] | None = None) -> FileLink:
    """The link; at another address than the profile's where one is given.

    Raises:
        InputError: the keys cannot be used.
        LinkError: the controller does not answer.
    """
    if address is not None:
        keys = keys.model_copy(update={"host": address[0], "port": address[1]})
    return registry.controller_link(keys.kind)(keys, machine)
