"""The contract, `openapi.yaml`, read once. Any thread."""

from functools import cache
from pathlib import Path
from typing import Any


@cache
def contract() -> dict[str, Any]:
    """The OpenAPI document."""
    # Only here: few ask for it, and a hub that nobody asks would hold a megabyte for it.
    import yaml

    document: dict[str, Any] = yaml.safe_load(
        (Path(__file__).parent / "openapi.yaml").read_text(encoding="utf-8")
    )
    return document
