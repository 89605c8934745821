"""A report in a process of its own, as an export is made. Any thread, one at a time."""

from ..exports import Job


class ReportJob(Job):
    """One report."""

    module = f"{__package__}.job_process"
