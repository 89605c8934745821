"""The HTTP contract: what openapi.yaml says is what the endpoint does."""

import re
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate as validate_spec

from temphub_kernel.api.contract import contract
from temphub_kernel.api.routes import ROUTES

METHODS = ("get", "post", "put", "delete", "patch", "head", "options")


def schema(part: dict[str, Any]) -> dict[str, Any]:
    return {**part, "components": contract()["components"], "$schema": "https://json-schema.org/draft/2020-12/schema"}


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [(path, method, op) for path, item in contract()["paths"].items() for method, op in item.items() if method in METHODS]


def examples() -> list[Any]:
    found = []
    for path, _, operation in operations():
        media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for name, example in media.get("examples", {}).items():
            found.append(pytest.param(path, media["schema"], operation, example["value"], id=f"{path} {name}"))
    assert len(found) >= 7, "the contract has lost its examples"
    return found


def reply_schema(operation: dict[str, Any], status: int) -> dict[str, Any]:
    responses = operation["responses"]
    response = responses.get(str(status)) or responses["default"]
    if "$ref" in response:
        response = contract()["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    return schema(response["content"]["application/json"]["schema"])


def test_the_contract_is_valid_openapi():
    """openapi.yaml is a document that any OpenAPI 3.1 tool reads."""
    validate_spec(contract())


def test_routes_and_contract_name_the_same_paths():
    """No path is served that the contract does not describe, and none is described that is not served."""
    served = {path.replace("\\", "") for path, handler in ROUTES if handler.__name__ != "Unknown"} | {"/api/ingest"}
    assert served == set(contract()["paths"])


def test_methods_are_those_of_the_contract(hub):
    """A method that the contract does not name is answered 405 with the way out; one that it names never is."""
    for path, item in contract()["paths"].items():
        for method in ("get", "post", "put", "delete"):
            status, answer = hub.ask(method.upper(), path, {} if method in ("post", "put") else None)
            if method in item:
                assert status != 405, (method, path)
            else:
                assert (status, answer["error"]) == (405, "method_not_allowed"), (method, path)


@pytest.mark.parametrize(("path", "wanted", "operation", "value"), examples())
def test_every_example_can_be_posted(hub, path, wanted, operation, value):
    """Each example in the contract fits its own schema, is accepted, and is answered as the contract says."""
    jsonschema.validate(value, schema(wanted))
    status, answer = hub.ask("POST", path, value)
    assert status == 200, answer
    jsonschema.validate(answer, reply_schema(operation, 200))


def test_every_reply_to_a_question_fits_its_schema(hub):
    """What GET answers, with readings in the journal, is what the contract says."""
    hub.ask("POST", "/api/ingest", {"temperature_c": 21.5, "probe_id": "a"})
    hub.ask("POST", "/api/ingest", {"temperature_c": None, "quality": "crc", "probe_id": "a"})
    for path, method, operation in operations():
        query = "?temperature_c=20" if path == "/api/ingest" else ""
        if method == "get" and "application/json" in operation["responses"]["200"]["content"]:
            status, answer = hub.ask("GET", path + query)
            assert status == 200, path
            jsonschema.validate(answer, reply_schema(operation, 200))
    _, buckets = hub.ask("GET", "/api/readings?bucket=1h")
    jsonschema.validate(buckets, reply_schema(contract()["paths"]["/api/readings"]["get"], 200))
    assert buckets["readings"][0]["count"] == 1


def test_the_contract_is_served(hub):
    """Tools find the contract at /api/openapi.json."""
    status, answer = hub.ask("GET", "/api/openapi.json")
    assert status == 200 and answer == contract()


def test_problem_codes_are_words_for_programs(hub):
    """An error's code is snake_case, its problem and remedy are sentences."""
    status, answer = hub.ask("GET", "/api/nothing-here")
    assert status == 404
    jsonschema.validate(answer, schema({"$ref": "#/components/schemas/Problem"}))
    assert re.fullmatch("[a-z_]+", answer["error"])
