"""The running hub's own parts: what each says of itself, in its own words."""

from collections.abc import Iterable

from ..base.finding import Finding, problem, warning, well
from .case import Case


def hub_parts(case: Case) -> Iterable[Finding]:
    """Nothing when no hub runs: that is no fault."""
    workers = case.health.get("workers") if case.running else None
    if not isinstance(workers, list):
        return
    bad = [one for one in workers if one.get("problem") or not one.get("running", True)]
    for one in bad:
        said = one.get("problem") or f"The {one.get('name')} part does not run."
        yield problem(f"Hub, {one.get('name')}", said, one.get("remedy") or "Stop the hub and start it again.")
    for one in case.health.get("told") or []:
        yield warning("Hub, at its start", str(one.get("problem", "")), str(one.get("remedy", "")))
    for one in case.health.get("refused") or ():
        said = f"It delivers readings that are refused ({one.get('times')} times, last {one.get('last')}): {one.get('problem')}"
        yield problem(f"Device {one.get('address')}", said, str(one.get("remedy")))
    if not bad:
        yield well("Hub", f"Runs since {int(case.health.get('uptime_s', 0)) // 60} minutes; all its {len(workers)} parts are well.")
