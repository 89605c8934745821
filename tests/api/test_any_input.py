"""Requests made up from openapi.yaml, right and wrong ones, at a real endpoint: never a 5xx, never an
unhandled exception.

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
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    positive_data_acceptance,
    response_schema_conformance,
)

from support.waiting import PATIENCE_S
from temphub_kernel.api.access.rate_limit import Gate
from temphub_kernel.api.access.tarpit import Tarpit
from temphub_kernel.api.contract import contract

CASES = int(os.environ.get("TEMPHUB_CASES", "20"))
FULL = CASES > 50
OPERATIONS = {
    one.ok().label: one.ok() for one in schemathesis.openapi.from_dict(contract()).get_all_operations()
}
# What takes nothing cannot be asked wrongly.
TRIED = [
    (label, mode)
    for label, one in OPERATIONS.items()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    if mode is GenerationMode.POSITIVE or list(one.iter_parameters()) or list(one.body)
]

# What a schema of JSON cannot say, and the hub refuses in words. Any other refusal of what fits the contract
# is a fault of one of the two.
BEYOND = {
    "bad_from": "a time, and before `to`",
    "bad_to": "a time",
    "bad_bucket": "from 1 s to 366 days",
    "bad_every": "from 1 s to 366 days",
    "bad_origin": "not together with `every`",
    "bad_tz": "a zone that exists",
    "bad_for": "a month, week, day or year that there is",
    "bad_title": "printable",
    "bad_place": "printable",
    "bad_from_ms": "not after to_ms",
    "bad_to_ms": "not before from_ms",
    "bad_limit": "the upper one not below the lower",
    "bad_text": "printable, and not only spaces",
    "bad_alias": "printable",
    "bad_group": "printable",
    "bad_note": "printable",
    "bad_version": "printable",
    "bad_model": "printable",
    "bad_name": "printable",
    "bad_boot": "printable",
    "bad_ip": "an address that a probe can have",
    "bad_quality": "wanted beside a temperature that is null; in a query that is another parameter",
    "bad_calibration": "rising from point to point",
    "bad_thermocouple": "a type that the chip is made for",
    "bad_rule": "fields that a rule of its kind has, and that fit each other",
    "bad_comment": "no control characters",
    "bad_action": "no control characters, and not only spaces",
    "bad_by": "printable",
    "bad_url": "an address that apprise knows",
    "no_preview": "a limit or a change",
    "bad_cold_c": "with cold_within_c what a chip may have",
}


@schemathesis.check
def no_surprise(ctx, response, case):
    """What fits the contract is taken, unless the refusal is about what a schema cannot say."""
    if response.status_code == 400 and response.json()["error"] in BEYOND:
        return None
    return positive_data_acceptance(ctx, response, case)


@schemathesis.check
def refusal(ctx, response, case):
    """What does not fit the contract is refused; more readings than fit into a delivery with 413."""
    return response.status_code != 413 and negative_data_rejection(ctx, response, case)


# Each starts a process, which takes a second.
PROCESSES = ("POST /api/channels", "GET /api/report")
PLAIN = "POST /api/ingest"
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    no_surprise,
    refusal,
]


def test_the_whole_contract_is_covered():
    """Every operation of the contract is tried."""
    assert (
        len(OPERATIONS)
        == len({label for label, _ in TRIED})
        == sum(len(item) for item in contract()["paths"].values())
    )


@pytest.fixture
def firmware(tmp_path):
    """One of two files. The real one is a hundred, which a busy computer compiles for longer than a client
    waits for the list."""
    for name, text in (
        ("probe/__init__.py", 'VERSION = "1.0"\n'),
        ("probe/app.py", "def main():\n    pass\n"),
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.timeout(3600 if FULL else 120)
@pytest.mark.parametrize(("label", "mode"), TRIED, ids=str)
def test_no_input_breaks_the_hub(make_hub, firmware, caplog, record_property, label, mode):
    """Whatever is sent: what fits the contract is taken and what does not is refused, with a reply that the
    contract describes, never a 5xx; the hub's log shows no exception; afterwards a reading is stored as
    before."""
    # Nobody else is here whom so many requests could be in the way of.
    hub = make_hub(gate=Gate(busy=10**9), tarpit=Tarpit(free=10**9), firmware=firmware)
    sent = []
    base = f"http://127.0.0.1:{hub.port}"

    @settings(
        max_examples=min(CASES, 3) if label in PROCESSES and mode is GenerationMode.POSITIVE else CASES,
        derandomize=not FULL,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=OPERATIONS[label].as_strategy(generation_mode=mode))
    def send(case):
        response = case.call(base_url=base, timeout=PATIENCE_S)
        case.validate_response(response, checks=CHECKS)
        sent.append(response.status_code)
        if label == PLAIN:
            # The headers of these cases lead away from the fast path of plain deliveries.
            assert hub.ask("POST", "/api/ingest", response.request.body or b"")[0] == response.status_code

    with caplog.at_level(logging.WARNING):
        send()
    # For the figure of a long run: `-o junit_family=xunit1 --junitxml=…` lists them.
    record_property("requests", len(sent))
    assert not [
        record.getMessage() for record in caplog.records if record.exc_info or record.levelno >= logging.ERROR
    ]
    assert hub.ask("POST", "/api/ingest", {"temperature_c": 20, "probe_id": "afterwards"}) == (
        200,
        {"ok": True},
    )
