"""What Grafana makes of docs/fleet: the dashboard by Grafana's own models, which are made from its schema,
and the files that provision it."""

import enum
import json
import re
import types
import typing
import warnings
from pathlib import Path

import pytest
import yaml

DOCS = Path(__file__).parents[2] / "docs"
OURS = json.loads((DOCS / "fleet" / "dashboard.json").read_text(encoding="utf-8"))
# What Grafana's manual has for these files ("Provision Grafana"); of a Prometheus' jsonData what concerns us.
PROVIDER = {
    "name", "orgId", "folder", "folderUid", "type", "disableDeletion", "updateIntervalSeconds",
    "allowUiUpdates", "options",
}  # fmt: skip
SOURCE = {
    "name", "type", "access", "orgId", "uid", "url", "user", "basicAuth", "basicAuthUser", "isDefault",
    "jsonData", "secureJsonData", "version", "editable",
}  # fmt: skip


@pytest.fixture(scope="module")
def models() -> typing.Any:
    """Grafana's package of typed models, panels and data sources known to it."""
    with warnings.catch_warnings():
        # It would have people use a newer form, which Grafana before 12 does not read.
        warnings.simplefilter("ignore", DeprecationWarning)
        from grafana_foundation_sdk.cog import encoder, plugins
        from grafana_foundation_sdk.models import dashboard
    plugins.register_default_plugins()
    return types.SimpleNamespace(dashboard=dashboard, encoder=encoder.JSONEncoder)


def lost(ours: typing.Any, read: typing.Any, at: str = "") -> list[str]:
    """Where something of ours is not in what was read."""
    if isinstance(ours, dict) and isinstance(read, dict):
        pairs = [(f"{at}.{name}", one, read.get(name)) for name, one in ours.items()]
    elif isinstance(ours, list) and isinstance(read, list) and len(ours) == len(read):
        pairs = [(f"{at}[{no}]", one, read[no]) for no, one in enumerate(ours)]
    else:
        return [] if ours == read else [at]
    return [place for pair in pairs for place in lost(pair[1], pair[2], pair[0])]


def fits(value: typing.Any, kind: typing.Any) -> bool:
    """Whether a value is what its field is said to be."""
    if kind in (typing.Any, object):
        return True
    if (origin := typing.get_origin(kind)) in (typing.Union, types.UnionType):
        return any(fits(value, one) for one in typing.get_args(kind))
    if origin is typing.Literal:
        return value in typing.get_args(kind)
    if origin is list:
        return isinstance(value, list) and all(fits(one, typing.get_args(kind)[0]) for one in value)
    if origin is dict or kind is dict:
        return isinstance(value, dict)
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return value in {one.value for one in kind}
    if isinstance(value, dict) and hasattr(kind, "from_json"):
        # Some parts stay as they came.
        made = kind.from_json(value)
        return not lost(value, made.to_json()) and not wrong(made)
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind if kind in (int, str, bool) else isinstance(value, kind)


def wrong(one: typing.Any, at: str = "dashboard") -> list[str]:
    """The fields of a model, and of all in it, whose value is not what Grafana's schema says."""
    if isinstance(one, list):
        return [place for no, part in enumerate(one) for place in wrong(part, f"{at}[{no}]")]
    if not type(one).__module__.startswith("grafana_foundation_sdk.models") or isinstance(one, enum.Enum):
        return []
    found = []
    for name, kind in typing.get_type_hints(type(one)).items():
        value = getattr(one, name)
        if not fits(value, kind):
            found.append(f"{at}.{name} = {value!r}")
        found += wrong(value, f"{at}.{name}")
    return found


def read(models: typing.Any, ours: dict) -> tuple[list[str], list[str]]:
    """(what Grafana does not know, what has a value that it does not take)."""
    made = models.dashboard.Dashboard.from_json(ours)
    return lost(ours, json.loads(json.dumps(made, cls=models.encoder))), wrong(made)


def test_grafanas_own_models_know_all_of_the_dashboard(models) -> None:
    """Dashboard, variables, panels, their options and queries: each field is one of Grafana's schema, with a
    value of its type; a field that it does not know, or a value that it does not take, would be seen."""
    assert read(models, OURS) == ([], [])
    kinds = {type(part).__module__.rpartition(".")[2] for part in parts(models)}
    assert {"dashboard", "common", "prometheus", "table"} <= kinds
    odd = json.loads(json.dumps(OURS))
    odd["panels"][0]["targets"][0]["expression"] = "up"
    odd["panels"][0]["options"]["sortedBy"] = []
    odd["panels"][3]["fieldConfig"]["defaults"]["custom"]["drawStyle"] = "curves"
    odd["templating"]["list"][0]["type"] = "source"
    unknown, bad = read(models, odd)
    assert unknown == [".panels[0].targets[0].expression", ".panels[0].options.sortedBy"]
    assert len(bad) == 2 and "'source'" in bad[0] + bad[1] and "'curves'" in bad[0] + bad[1]


def parts(models: typing.Any) -> list[typing.Any]:
    """Every model in the dashboard."""
    found, left = [], [models.dashboard.Dashboard.from_json(OURS)]
    while left:
        one = left.pop()
        if isinstance(one, list):
            left += one
        elif type(one).__module__.startswith("grafana_foundation_sdk.models"):
            found.append(one)
            left += [] if isinstance(one, enum.Enum) else list(vars(one).values())
    return found


def test_what_provisions_it_has_the_form_of_grafanas_manual() -> None:
    """Both files that docs/fleet.md shows have Grafana's fields only, lead to the engine, and each panel asks
    the source that the person chose."""
    text = (DOCS / "fleet.md").read_text(encoding="utf-8")
    sources, dashboards = (yaml.safe_load(one) for one in re.findall(r"```yaml\n(.*?)```", text, re.S))
    assert sources.keys() == {"apiVersion", "datasources"} and dashboards.keys() == {
        "apiVersion",
        "providers",
    }
    assert sources["apiVersion"] == dashboards["apiVersion"] == 1
    (source,), (provider,) = sources["datasources"], dashboards["providers"]
    assert source.keys() <= SOURCE and source["type"] == "prometheus" and source["access"] == "proxy"
    assert provider.keys() <= PROVIDER and provider["type"] == "file" and provider["options"]["path"]
    chosen, *asked = OURS["templating"]["list"]
    assert chosen["type"] == "datasource" and chosen["query"] == source["type"]
    places = [*asked, *OURS["panels"], *(one for panel in OURS["panels"] for one in panel["targets"])]
    assert len(places) >= 14
    for one in places:
        assert one["datasource"] == {"type": "prometheus", "uid": f"${{{chosen['name']}}}"}
