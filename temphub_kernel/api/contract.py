"""The contract, `openapi.yaml`, read once. Any thread."""

from functools import cache
from pathlib import Path
from typing import Any

import yaml


@cache
def contract() -> dict[str, Any]:
    """The OpenAPI document."""
    document: dict[str, Any] = yaml.safe_load(
        (Path(__file__).parent / "openapi.yaml").read_text(encoding="utf-8")
    )
    return document
