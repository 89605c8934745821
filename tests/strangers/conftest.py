"""A street of hosts for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support.strangers import Street


@pytest.fixture
def street(tmp_path: Path) -> Iterator[Street]:
    """A LAN with nobody on it yet."""
    street = Street(tmp_path)
    yield street
    street.close()
