"""The map of the world that bqplot holds for whoever makes a map of it, 2 MB of each process with a chart: it
is let go, and read again when a map is made. Kernel's own thread only."""

from collections.abc import Iterator, Mapping
from typing import Any

import bqplot
from bqplot.marks import topo_load

FILE = "map_data/WorldMap.json"


class World(Mapping[str, Any]):
    """What is in the file, read anew each time: a map takes a copy of it."""

    def __getitem__(self, key: str) -> Any:
        return topo_load(FILE)[key]

    def __iter__(self) -> Iterator[str]:
        return iter(topo_load(FILE))

    def __len__(self) -> int:
        return len(topo_load(FILE))


def let_go() -> None:
    """From now on a map's own data are read when it is made."""
    trait = bqplot.Map.class_traits()["map_data"]
    # As bqplot has it: one argument of the dict that a map begins with.
    if trait.default_args == (topo_load(FILE),):
        trait.default_args = (World(),)
