"""JSON Schemas of what people write: jobs, machine profiles and process files, for completion and hover in editors."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from lasercam.errors import UsageError, name_problem
from lasercam.model.job import VERBS, JobDocument
from lasercam.model.machine import Machine
from lasercam.model.process_window import ProcessDocument
from lasercam.model.sample import MATERIALS
from lasercam.pipeline import registry
from lasercam.pipeline.inputs import shipped_names
from lasercam.process.lab import environment_folders
from lasercam.process.library import load_library

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_ID = "urn:lasercam:job"
_REFERENCES = "#/$defs/{model}"


def schema_of(kind: str) -> dict[str, Any]:
    """The schema of a kind of file: job, machine or process; UsageError for anything else."""
    makers: Mapping[str, Callable[[], dict[str, Any]]] = {
        "job": job_schema, "machine": machine_schema, "process": process_schema
    }  # fmt: skip
    if kind not in makers:
        raise UsageError(str(name_problem("kind of file", kind, list(makers))))
    return makers[kind]()


def job_schema() -> dict[str, Any]:
    """A schema that accepts every job lasercam reads and names its keys, units and allowed values."""
    schema = _schema(JobDocument)
    definitions, properties = schema.setdefault("$defs", {}), schema["properties"]
    by_name = properties["patterns"].pop("patternProperties")
    properties["patterns"]["patternProperties"] = dict.fromkeys(by_name, _patterns(definitions))
    properties["machine"] = _open(properties["machine"], shipped_names("machine_profiles"))
    _close(definitions["Sample"]["properties"]["material"], MATERIALS)
    library = load_library(environment_folders())
    titles = {name: process.document.title for name, process in library.items()}
    for text in ("RecipeText", "HeatStep", "SoakStep", "ReadStep"):
        process = definitions[text]["properties"]["process"]
        definitions[text]["properties"]["process"] = _open(process, titles, titles.values())
    properties["supply"]["propertyNames"] = _open({}, titles, titles.values())
    step = definitions["Step"]
    step["properties"]["machine"] = _open(step["properties"]["machine"], shipped_names("machine_profiles"))
    step["oneOf"] = [{"required": [verb]} for verb in VERBS]
    return _finished(schema, SCHEMA_ID, "A lasercam job")


def machine_schema() -> dict[str, Any]:
    """A schema of machine profiles."""
    schema = _schema(Machine)
    definitions = schema["$defs"]
    languages = {name: registry.dialect(name).summary for name in registry.names(registry.DIALECTS)}
    _close(definitions["Controller"]["properties"]["dialect"], languages)
    adapter = definitions["Laser"]["properties"]["adapter"]
    kinds = registry.names(registry.LASERS)
    choices = []
    for kind in kinds:
        keys = _schema(registry.laser_adapter(kind).Keys)
        definitions.update(keys.pop("$defs", {}))
        keys["properties"]["kind"] = {"const": kind, "description": registry.laser_adapter(kind).summary}
        definitions[f"adapter_{kind}"] = keys
        choices.append({"if": {"properties": {"kind": {"const": kind}}}, "then": {"$ref": f"#/$defs/adapter_{kind}"}})
    about = {"enum": kinds, "description": "What sets the laser; see `lasercam list lasers`."}
    written = {"type": "object", "required": ["kind"], "properties": {"kind": about}, "allOf": choices}
    definitions["Laser"]["properties"]["adapter"] = {"description": adapter.get("description", ""), **written}
    return _finished(schema, "urn:lasercam:machine", "A lasercam machine profile")


def process_schema() -> dict[str, Any]:
    """A schema of process files."""
    return _finished(_schema(ProcessDocument), "urn:lasercam:process", "A lasercam process file")


def _patterns(definitions: dict[str, Any]) -> dict[str, Any]:
    """Any pattern: its type decides about its keys."""
    names = registry.names(registry.SOURCES)
    choices = []
    for name in names:
        kind = registry.source_type(name)
        keys = _schema(kind.Keys)
        definitions.update(keys.pop("$defs", {}))
        keys["properties"]["type"] = {"const": name, "description": kind.summary}
        definitions[f"pattern_{name}"] = keys
        choices.append({"if": {"properties": {"type": {"const": name}}}, "then": {"$ref": f"#/$defs/pattern_{name}"}})
    about = {"description": "Which source makes it; see `lasercam list patterns`."}
    types = {"enum": names, "enumDescriptions": [registry.source_type(name).summary for name in names], **about}
    return {"type": "object", "required": ["type"], "properties": {"type": types}, "allOf": choices}


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(by_alias=True, ref_template=_REFERENCES)


def _close(key: dict[str, Any], known: Mapping[str, str]) -> None:
    """The key takes these names and no others."""
    key |= {"enum": list(known), "enumDescriptions": list(known.values())}


def _open(key: dict[str, Any], known: Iterable[str], about: Iterable[str] = ()) -> dict[str, Any]:
    """The key offers these names, and takes others too: a lab has profiles and processes of its own."""
    told = list(about)
    offered = {"enum": list(known), **({"enumDescriptions": told} if told else {})}
    rest = {k: v for k, v in key.items() if k in ("type", "anyOf", "pattern")} or {"type": "string"}
    kept = {k: v for k, v in key.items() if k not in rest}
    return {**kept, "anyOf": [offered, *rest.pop("anyOf", ()), *([rest] if rest else [])]}


def _finished(schema: dict[str, Any], name: str, title: str) -> dict[str, Any]:
    described = _described(schema, schema.get("$defs", {}))
    return {"$schema": DRAFT, "$id": name, **_as_written(described), "title": title}


def _described(node: Any, definitions: Mapping[str, Any]) -> Any:
    """Every key tells what it is: keys that say nothing themselves say what their type says.

    Titles that pydantic makes of names go; a key called title is a mapping, and stays.
    """
    if isinstance(node, list):
        return [_described(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key != "title" or not isinstance(value, str)}
    changed = {key: _described(value, definitions) for key, value in kept.items()}
    for key in changed.get("properties", {}).values():
        if isinstance(key, dict) and "description" not in key and "$ref" in key:
            about = definitions.get(str(key["$ref"]).rpartition("/")[2], {}).get("description")
            key.update({"description": about} if about else {})
    return changed


def _as_written(node: Any) -> Any:
    """YAML editors read `3` and `true` as numbers and truth values, a job's author may quote them: allow both."""
    if isinstance(node, list):
        return [_as_written(item) for item in node]
    if not isinstance(node, dict):
        return node
    changed = {key: _as_written(value) for key, value in node.items()}
    kind = changed.get("type")
    if kind in ("integer", "number", "boolean") and "enum" not in changed and "const" not in changed:
        changed["type"] = [kind, "string"]
    elif kind == "string" and not {"pattern", "enum", "const"} & set(changed):
        changed["type"] = ["string", "number", "boolean"]
    return changed
