"""The HTTP contract: what openapi.yaml says is what the endpoint does."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from jsonschema_specifications import REGISTRY
from openapi_spec_validator import validate as validate_spec

from temphub_kernel.alarms.telling.sender import Outcome
from temphub_kernel.api import contract as contract_module
from temphub_kernel.api.contract import contract
from temphub_kernel.api.routes import ROUTES
from temphub_kernel.journal import change

METHODS = ("get", "post", "put", "delete", "patch", "head", "options")


def schema(part: dict[str, Any]) -> dict[str, Any]:
    return {
        **part,
        "components": contract()["components"],
        "$schema": "https://json-schema.org/draft/2020-12/schema",
    }


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, op)
        for path, item in contract()["paths"].items()
        for method, op in item.items()
        if method in METHODS
    ]


def examples() -> list[Any]:
    found = []
    for path, _, operation in operations():
        media = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        for name, example in media.get("examples", {}).items():
            found.append(
                pytest.param(path, media["schema"], operation, example["value"], id=f"{path} {name}")
            )
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


def subschemas(node: Any, where: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(place, schema) of every schema in the document, the nested ones too."""
    if isinstance(node, list):
        for at, one in enumerate(node):
            yield from subschemas(one, f"{where}/{at}")
    elif isinstance(node, dict):
        for key, value in node.items():
            if key == "schema" or where == "/components/schemas":
                yield from nested(value, f"{where}/{key}")
            else:
                yield from subschemas(value, f"{where}/{key}")


def nested(one: Any, where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    yield where, one
    for keyword, value in one.items():
        if keyword in ("properties", "patternProperties", "$defs"):
            below = value.items()
        elif keyword in ("allOf", "anyOf", "oneOf", "prefixItems"):
            below = enumerate(value)
        elif keyword in (
            "items",
            "not",
            "if",
            "then",
            "else",
            "additionalProperties",
            "contains",
        ) and isinstance(value, dict):
            below = [("", value)]
        else:
            continue
        for name, schema_ in below:
            yield from nested(schema_, f"{where}/{keyword}/{name}")


def test_every_word_of_a_schema_is_a_word_of_openapi():
    """No schema has a key that tools do not know: half a description after a comma is not taken for one."""
    metas = (
        meta.contents
        for name, meta in REGISTRY.items()
        if name.startswith("https://json-schema.org/draft/2020-12/")
    )
    known = {word for meta in metas for word in meta.get("properties", {})} | {
        "discriminator",
        "xml",
        "externalDocs",
        "example",
    }
    found = list(subschemas(contract()))
    assert len(found) > 150 and len(known) > 50
    assert not [(where, set(one) - known) for where, one in found if set(one) - known]


def test_every_array_says_what_is_in_it():
    """A generated client can read every list: the contract says of each what its items are."""
    arrays = [(where, one) for where, one in subschemas(contract()) if one.get("type") == "array"]
    assert len(arrays) > 10
    assert not [where for where, one in arrays if not {"items", "prefixItems"} & set(one)]


def test_no_choice_stands_beside_fields():
    """A schema has fields of its own or is a choice between others: generated clients drop the fields where
    both stand together."""
    assert not [
        where
        for where, one in subschemas(contract())
        if "properties" in one and {"anyOf", "oneOf"} & set(one)
    ]


def test_no_name_is_given_twice():
    """No key of the contract hides another one of the same name."""

    class Strict(yaml.SafeLoader):
        pass

    def mapping(loader: Strict, node: yaml.MappingNode) -> dict[Any, Any]:
        names = [loader.construct_object(name) for name, _ in node.value]
        assert len(names) == len(set(names)), (names, str(node.start_mark))
        return loader.construct_mapping(node, deep=True)

    Strict.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, mapping)
    document = (Path(contract_module.__file__).parent / "openapi.yaml").read_text(encoding="utf-8")
    assert yaml.load(document, Strict) == contract()


def test_every_name_is_text():
    """`yes`, `no` and `on` are no names in YAML: no key of the contract was read as true or false."""

    def names(node: Any, where: str) -> list[str]:
        if isinstance(node, list):
            return [found for at, one in enumerate(node) for found in names(one, f"{where}/{at}")]
        if not isinstance(node, dict):
            return []
        wrong = [f"{where}/{name!r}" for name in node if not isinstance(name, str)]
        return wrong + [found for name, one in node.items() for found in names(one, f"{where}/{name}")]

    assert not names(contract(), "")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/ingest", {"temperature_c": 20, "probe_id": "a", "age_ms": 1200.0}),
        (
            "/api/ingest",
            {
                "probe_id": "a",
                "boot": "b",
                "sent_ms": 9e3,
                "readings": [{"seq": 2145.0, "age_ms": 12.0, "temperature_c": 20}],
            },
        ),
        ("/api/hello", {"id": "a", "port": 80.0}),
        ("/api/provision", {"host": "TempProbe-0096", "port": 80.0, "interval_ms": 2e3}),
        ("/api/describe", {"probe_id": "known", "place": 3.0}),
        ("/api/annotate", {"from_ms": 1795438440000.0, "text": "Door", "probe_id": None}),
        ("/api/calibrate", {"probe_id": "known", "points": [[1, 2]], "from_ms": 1795438440000.0}),
    ],
    ids=str,
)
def test_a_whole_number_may_be_written_with_a_point(hub, path, body):
    """Languages that know one kind of number write 2145 as 2145.0: that is the same number, in every
    field."""
    hub.ask("POST", "/api/ingest", {"temperature_c": 20, "probe_id": "known"})
    status, answer = hub.ask("POST", path, body)
    assert status == 200, answer
    for field in ("seq", "port", "age_ms"):
        wrong = json.loads(json.dumps(body).replace(f'"{field}": ', f'"{field}": 0.5e-3, "was": '))
        if wrong != body and json.dumps(wrong) != json.dumps(body):
            assert hub.ask("POST", path, wrong)[0] == 400, wrong


@pytest.mark.parametrize(
    "path", ["/api/describe", "/api/identify", "/api/annotate", "/api/calibrate", "/api/update", "/api/trust"]
)
def test_what_cannot_name_a_probe_names_none(hub, path):
    """A probe_id that no probe can have is refused as that, everywhere alike; a good one that nobody knows is
    answered 404."""
    more = {"from_ms": 1, "text": "x", "points": []} if path in ("/api/annotate", "/api/calibrate") else {}
    for wrong in ("", "a b", "é", 5, "x" * 65):
        status, answer = hub.ask("POST", path, {"probe_id": wrong, **more})
        assert (status, answer["error"]) == (400, "bad_probe_id"), wrong


def test_an_empty_question_is_one_that_was_left_out(hub):
    """`probe_id=` and its like, as forms and scripts send them, mean the default, and the contract says
    so."""
    hub.ask("POST", "/api/ingest", {"temperature_c": 21.5, "probe_id": "a"})
    for path, item in contract()["paths"].items():
        asked = [
            one
            for one in item.get("get", {}).get("parameters", [])
            if "name" in one and not one.get("required")
        ]
        if path in ("/api/readings", "/api/export", "/api/firmware/manifest"):
            assert hub.whole("GET", f"{path}?" + "&".join(f"{one['name']}=" for one in asked))[0] == 200
            for one in asked:
                kind = one["schema"].get("items", one["schema"])
                jsonschema.validate("", schema(kind))


def test_routes_and_contract_name_the_same_paths():
    """No path is served that the contract does not describe, and none is described that is not served."""
    served = {path.replace("\\", "") for path, handler in ROUTES if handler.__name__ != "Unknown"} | {
        "/api/ingest"
    }
    assert served == set(contract()["paths"])


def test_methods_are_those_of_the_contract(hub):
    """A method that the contract does not name is answered 405 with the way out; one that it names never
    is."""
    for path, item in contract()["paths"].items():
        for method in ("get", "post", "put", "delete"):
            status, answer = hub.ask(method.upper(), path, {} if method in ("post", "put") else None)
            if method in item:
                assert status != 405, (method, path)
            else:
                assert (status, answer["error"]) == (405, "method_not_allowed"), (method, path)


@pytest.mark.parametrize(("path", "wanted", "operation", "value"), examples())
def test_every_example_can_be_posted(hub, ntfy, path, wanted, operation, value):
    """Each example in the contract fits its own schema, is accepted, and is answered as the contract says."""
    jsonschema.validate(value, schema(wanted))
    hub.ask("POST", "/api/ingest", {"temperature_c": 20, "probe_id": "TempProbe-0096"})
    if path.startswith(("/api/alarms", "/api/rules")):
        one_alarm(hub)
    if path.startswith("/api/channels"):
        hub.channels.add("Boss", ntfy.url(), Outcome(True, kind="ntfy", shown="ntfy://…"))
    status, answer = hub.ask("POST", path, value)
    assert status == 200, answer
    jsonschema.validate(answer, reply_schema(operation, 200))


def one_alarm(hub):
    """Rule 1, an alarm 1 that is over, a mute 1."""
    assert hub.ask("POST", "/api/rules", {"rule": {"kind": "above", "limit_c": 8}}) == (
        200,
        {"ok": True, "number": 1},
    )
    assert hub.ask("POST", "/api/alarms/mute", {"minutes": 5})[1]["number"] == 1
    over = {
        "cause": "above",
        "severity": "warning",
        "since_ms": 1,
        "fired_ms": 2,
        "cleared_ms": 3,
        "probe": 1,
        "rule": 1,
    }
    change(hub.writer, lambda book: book.event(book.open(**over), 2, "fired"))


def test_every_reply_to_a_question_fits_its_schema(hub):
    """What GET answers, with readings in the journal, is what the contract says."""
    hub.ask("POST", "/api/ingest", {"temperature_c": 21.5, "probe_id": "a"})
    hub.ask("POST", "/api/ingest", {"temperature_c": None, "quality": "crc", "probe_id": "a"})
    one_alarm(hub)
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
