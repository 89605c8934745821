"""Exports: readings as a CSV, an Excel workbook or a Parquet file, made in pieces so that memory stays flat
for any range.

What spreadsheets and data frames are made with (xlsxwriter, polars) is loaded only when such a file is made.
"""

from .job import Job, Wanted
from .order import FORMS, Order, limits_of, make_order

__all__ = ["FORMS", "Job", "Order", "Wanted", "limits_of", "make_order"]
