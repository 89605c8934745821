"""Points as VictoriaMetrics exports them. Any thread; pure."""

import json
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Told(NamedTuple):
    """Points of a series by time. labels: its own, `__name__` among them; columns of one length (n,)."""

    labels: dict[str, str]
    taken_ms: npt.NDArray[np.int64]
    values: npt.NDArray[np.float64]


def exported(body: bytes) -> list[Told]:
    """The lines of a raw export; a series may have several. Raises ValueError."""
    # Decoded once: of each line alone it would be looked for anew in which encoding it is.
    lines = body.decode().split("\n")
    try:
        return [
            Told(one["metric"], np.array(one["timestamps"], np.int64), np.array(one["values"], np.float64))
            for one in (json.loads(line) for line in lines if line)
        ]
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError("no export") from error
