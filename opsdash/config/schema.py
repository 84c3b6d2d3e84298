"""JSON Schema 2020-12 of the configuration, from the same models that read it."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from opsdash.config.models.model import Model
from opsdash.config.models.root import Root
from opsdash.config.models.sections import SECTION_MODELS

SCHEMA_ID = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema of one configuration file."""
    models: list[type[Model]] = [Root, *(model for model, _ in SECTION_MODELS.values())]
    refs, document = models_json_schema(
        [(model, "validation") for model in models], by_alias=True, schema_generator=_Untitled
    )
    definitions: dict[str, Any] = document["$defs"]
    root = definitions.pop("Root")
    for name, (model, is_list) in SECTION_MODELS.items():
        ref = refs[(model, "validation")]
        described = {"description": root["properties"][name]["description"]}
        root["properties"][name] = {"type": "array", "items": ref, **described} if is_list else {**ref, **described}
    whole = {**root, "title": "opsdash configuration", "$defs": definitions}
    whole["patternProperties"] = {"^x-": {"description": "Ignored: a place for anchors."}}
    schema: dict[str, Any] = {"$schema": SCHEMA_ID, **_without_nulls(whole)}
    used = str(schema)
    schema["$defs"] = {name: part for name, part in schema["$defs"].items() if f"#/$defs/{name}'" in used}
    return schema


def _without_nulls(schema: Any) -> Any:
    """The schema without the nulls that stand for "not given", which an editor would offer as a value."""
    if isinstance(schema, list):
        return [_without_nulls(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    clean = {name: _without_nulls(part) for name, part in schema.items() if (name, part) != ("default", None)}
    choices = clean.get("anyOf")
    if isinstance(choices, list) and {"type": "null"} in choices:
        left = [choice for choice in choices if choice != {"type": "null"}]
        del clean["anyOf"]
        clean = {**left[0], **clean} if len(left) == 1 else {"anyOf": left, **clean}
    return clean


class _Untitled(GenerateJsonSchema):
    """Without the titles that are only the names again."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the signature is the library's
        """Never."""
        return False

    def get_title_from_name(self, name: str) -> str:
        """The name of a model stays readable in an editor."""
        return name
