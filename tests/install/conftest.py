"""A tiny project to start, and a Windows to start it in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from install.tiny import Tiny
from install.wine import Wine, available
from support.waiting import cannot


@pytest.fixture
def tiny(tmp_path: Path) -> Tiny:
    """A tiny checkout that nothing was installed for."""
    return Tiny(tmp_path)


@pytest.fixture(scope="session")
def wine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wine]:
    """Wine with a fresh disk C (700 MB, removed afterwards)."""
    if not available():
        cannot("Wine is not installed (Debian: apt-get install --no-install-recommends wine wine64)")
    windows = Wine(tmp_path_factory.mktemp("wine") / "prefix")
    try:
        yield windows
    finally:
        windows.stop()
