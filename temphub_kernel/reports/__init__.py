"""Reports: what a person files and an inspector reads, as PDF/A or HTML, from the journal. Made in a process
of its own.

What sets a PDF and what works out figures is loaded only where a report is made.
"""

from .job import ReportJob
from .order import FORMS, ReportOrder, make_report
from .schedule import Schedule

__all__ = ["FORMS", "ReportJob", "ReportOrder", "Schedule", "make_report"]
