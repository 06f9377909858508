"""The JSON Schema of job files, put together from the job document and every registered source."""

from typing import Any

from lasercam.model.job import JobDocument
from lasercam.pipeline import registry

SCHEMA_ID = "urn:lasercam:job"


def job_schema() -> dict[str, Any]:
    """A schema that accepts every job lasercam reads and names its keys, units and allowed values."""
    schema = JobDocument.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
    definitions = schema.setdefault("$defs", {})
    choices = []
    for name in registry.names(registry.SOURCES):
        keys = registry.source_type(name).Keys.model_json_schema(by_alias=True, ref_template="#/$defs/{model}")
        definitions.update(keys.pop("$defs", {}))
        keys["properties"]["type"] = {"const": name, "description": registry.source_type(name).summary}
        definitions[f"pattern_{name}"] = keys
        choices.append({"if": {"properties": {"type": {"const": name}}}, "then": {"$ref": f"#/$defs/pattern_{name}"}})
    pattern = {
        "type": "object",
        "required": ["type"],
        "properties": {"type": {"enum": registry.names(registry.SOURCES)}},
        "allOf": choices,
    }
    schema["properties"]["patterns"] = {
        "type": "object",
        "description": "WHAT: geometry by name.",
        "minProperties": 1,
        "additionalProperties": pattern,
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, **_as_written(schema)}


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
