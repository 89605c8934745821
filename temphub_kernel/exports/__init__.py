"""Exports: readings as a CSV, an Excel workbook or a Parquet file, made in pieces so that memory stays flat
for any range.

What spreadsheets and data frames are made with (xlsxwriter, polars) is loaded only when such a file is made.
"""

from .job import Job, Wanted
from .order import FORMS, LAST_MS, Order, bad, check_probes, limits_of, make_order, one_of, time_of

__all__ = [
    "FORMS",
    "LAST_MS",
    "Job",
    "Order",
    "Wanted",
    "bad",
    "check_probes",
    "limits_of",
    "make_order",
    "one_of",
    "time_of",
]
