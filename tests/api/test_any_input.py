"""Requests made up from openapi.yaml, right and wrong ones, at a real endpoint: never a 5xx, never an unhandled exception.

Short and the same each time by default. The full run, some 10,000 cases:
`TEMPHUB_CASES=450 python -m pytest tests/api/test_any_input.py`.
"""

import logging
import os

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from temphub_kernel.api.contract import contract
from temphub_kernel.api.gate import Gate

CASES = int(os.environ.get("TEMPHUB_CASES", "20"))
FULL = CASES > 50
OPERATIONS = {one.ok().label: one.ok() for one in schemathesis.openapi.from_dict(contract()).get_all_operations()}
# What takes nothing cannot be asked wrongly.
TRIED = [
    (label, mode)
    for label, one in OPERATIONS.items()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode is GenerationMode.POSITIVE or list(one.iter_parameters()) or list(one.body)
]
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


def test_the_whole_contract_is_covered():
    """Every operation of the contract is tried."""
    assert len(OPERATIONS) == len({label for label, _ in TRIED}) == sum(len(item) for item in contract()["paths"].values())


@pytest.mark.timeout(3600 if FULL else 120)
@pytest.mark.parametrize(("label", "mode"), TRIED, ids=str)
def test_no_input_breaks_the_hub(make_hub, caplog, record_property, label, mode):
    """Whatever is sent, fitting the contract or not: the reply is one that the contract describes, never a 5xx; the hub's log
    shows no exception; afterwards a reading is stored as before."""
    # Nobody else is here whom so many requests could be in the way of.
    hub = make_hub(gate=Gate(busy=10**9))
    sent = []
    base = f"http://127.0.0.1:{hub.port}"

    @settings(
        max_examples=CASES,
        derandomize=not FULL,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def send(case):
        response = case.call(base_url=base)
        case.validate_response(response, checks=CHECKS)
        sent.append(response.status_code)

    with caplog.at_level(logging.WARNING):
        send()
    # For the figure of a long run: `-o junit_family=xunit1 --junitxml=…` lists them.
    record_property("requests", len(sent))
    assert not [record.getMessage() for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR]
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 20, "probe_id": "afterwards"}) == (200, {"ok": True})
