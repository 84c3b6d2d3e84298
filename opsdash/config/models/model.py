"""What all models of the configuration share: unknown keys are errors, and nothing is built before it is needed."""

from __future__ import annotations

import os
from typing import Any, ClassVar

os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # looking for them reads every installed package: 20 ms

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Model(BaseModel):
    """One mapping of the configuration."""

    model_config = ConfigDict(extra="forbid", defer_build=True, frozen=True, populate_by_name=False)

    shorthand: ClassVar[dict[str, Any] | None] = None
    """JSON Schema of what may be written instead of the mapping, if anything."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        full = handler(schema)
        return full if cls.shorthand is None else {"anyOf": [cls.shorthand, full]}
