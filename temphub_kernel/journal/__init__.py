"""The journal: the only meeting point of the hub's parts, and the only room with sqlite3.

One writer (its own thread) appends; everyone else reads with a read-only connection of their own, from any process.
"""

from .commit import Outcome
from .probes import ProbeBook, save_bookmark
from .reader import Bucket, Columns, Newest, Point, Reader
from .rollups import RollUps
from .writer import Writer

__all__ = ["Bucket", "Columns", "Newest", "Outcome", "Point", "ProbeBook", "Reader", "RollUps", "Writer", "save_bookmark"]
