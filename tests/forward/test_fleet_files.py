"""docs/fleet/: a dashboard and alert rules that promtool and a real engine understand, and that say what is
so."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from support.engines import Engine, Prometheus, Victoria
from support.ports import free_port
from support.shops import Shop
from support.waiting import cannot, wait_for
from temphub_kernel.core.clock import HOUR_MS, now_ms
from temphub_kernel.core.reading import to_celsius
from temphub_kernel.journal import Reader

FILES = Path(__file__).parents[2] / "docs" / "fleet"
RULES = FILES / "alerts.yml"
DASHBOARD = json.loads((FILES / "dashboard.json").read_text(encoding="utf-8"))
EXPRESSIONS = {panel["title"]: panel["targets"][0]["expr"] for panel in DASHBOARD["panels"]}


def promtool(*words: str, folder: Path) -> str:
    tool = shutil.which("promtool")
    if tool is None:
        cannot("promtool is not installed (Debian: apt-get install prometheus)")
    said = subprocess.run([tool, *words], capture_output=True, text=True, cwd=folder, timeout=60)
    assert said.returncode == 0, said.stdout + said.stderr
    return said.stdout + said.stderr


def filled(expression: str) -> str:
    """A panel's question as Grafana sends it."""
    for name, value in {"$__interval": "5m", "$site": ".*", "$probe": ".*"}.items():
        expression = expression.replace(name, value)
    return expression


def test_promtool_finds_rules_and_panels_right(tmp_path: Path) -> None:
    """The rules are rules, and each panel asks what Prometheus understands."""
    assert "SUCCESS" in promtool("check", "rules", str(RULES), folder=tmp_path)
    asked = [{"record": f"panel:no{at}", "expr": filled(one)} for at, one in enumerate(EXPRESSIONS.values())]
    file = tmp_path / "panels.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": asked}]}))
    assert f"{len(asked)} rules found" in promtool("check", "rules", str(file), folder=tmp_path)
    assert len(asked) >= 6


def test_rules_fire_when_they_should_and_not_else(tmp_path: Path) -> None:
    """A place that fell silent, a probe of one that sends, a warm freezer, a broken wire: each once; a
    defrost and a probe at a silent place fire nothing of their own."""
    series = {
        'temphub_hub{site="Silent"}': "1x30 _x60",
        'temphub_hub{site="Well"}': "1x90",
        'temphub_celsius{site="Silent",probe="Lost"}': "4x30 _x60",
        'temphub_celsius{site="Well",probe="Gone"}': "4x30 _x60",
        'temphub_celsius{site="Well",probe="Freezer-1"}': "-18x50 -10x40",
        'temphub_celsius{site="Well",probe="Freezer-2"}': "-18x70 -8x10 -18x10",
        'temphub_celsius{site="Well",probe="Freezer-3"}': "-10x90",
        'temphub_corrected{site="Well",probe="Freezer-3",revision="1"}': "-20x90",
        'temphub_flagged{site="Well",probe="Cold",quality="open"}': "_x70 1x20",
    }
    fire = {
        "TempHubPlaceSilent": [{"site": "Silent"}],
        "TempHubProbeSilent": [{"site": "Well", "probe": "Gone"}],
        "TempHubFreezerWarm": [{"site": "Well", "probe": "Freezer-1"}],
        "TempHubBadReadings": [{"site": "Well", "probe": "Cold", "quality": "open"}],
    }
    rules = {one["alert"]: one for one in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]}
    assert rules.keys() == fire.keys()
    tests = [
        {
            "eval_time": "90m",
            "alertname": name,
            "exp_alerts": [{"exp_labels": {**labels, **rules[name]["labels"]}} for labels in wanted],
        }
        for name, wanted in fire.items()
    ]
    # Prometheus counts both ends of 15 minutes: 16.
    for one in tests:
        # Which alerts fire is asked; their words are looked at by people.
        for alert, labels in zip(one["exp_alerts"], fire[one["alertname"]], strict=True):
            alert["exp_annotations"] = said(rules[one["alertname"]]["annotations"], labels)
    told = {
        "rule_files": [str(RULES)],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
                "alert_rule_test": tests,
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(told))
    assert "SUCCESS" in promtool("test", "rules", "test.yml", folder=tmp_path)


def said(annotations: dict[str, str], labels: dict[str, str]) -> dict[str, str]:
    """An alert's words with the values of the series above."""
    found = {}
    for name, text in annotations.items():
        for label, value in labels.items():
            text = text.replace(f"{{{{ $labels.{label} }}}}", value)
        found[name] = text.replace("{{ $value | humanize }}", "-10").replace("{{ $value }}", "16")
    return found


@pytest.fixture
def victoria(tmp_path: Path):
    """VictoriaMetrics on the loopback interface."""
    made = Victoria(tmp_path / "victoria", free_port()).start()
    yield made
    made.kill()


@pytest.fixture
def shop(tmp_path: Path):
    """A hub whose freezer is warm since two hours, with a fault now and then; its hub forwards."""
    made = Shop(tmp_path, "Shop 3", (2, 0), -6)
    yield made
    made.close()


def test_every_question_has_an_answer_from_both_engines(tmp_path: Path, victoria: Victoria, shop) -> None:
    """What a hub forwarded, a place that fell silent, a probe that did and one with a broken wire: each panel
    and each rule has data from VictoriaMetrics and from Prometheus, and the same."""
    shop.measure(3, 0)
    shop.forward(victoria)
    now = now_ms()
    lines = [f"temphub,site=Shop\\ 4 hub=1 {now - 6 * HOUR_MS}"]
    lines += [f"temphub,site=Shop\\ 3,probe=Gone celsius=4 {now - 2 * HOUR_MS}"]
    for no in range(12):
        lines.append(f"temphub,site=Shop\\ 3,probe=Door,quality=open flagged=1 {now - no * 30_000 - 1000}")
    victoria.write("\n".join(lines), "")
    prometheus = Prometheus(tmp_path / "prometheus", free_port()).take(victoria.series()).start()
    try:
        rules = yaml.safe_load(RULES.read_text())["groups"][0]["rules"]
        asked = {**EXPRESSIONS, **{one["alert"]: one["expr"] for one in rules}}
        assert len(asked) == 10

        def answer(engine: Engine, question: str) -> set[tuple[str | None, str | None]]:
            return {(one.get("site"), one.get("probe")) for one, _ in engine.ask(filled(question))}

        for title, question in asked.items():
            told = answer(prometheus, question)
            assert told, title
            # The index of VictoriaMetrics shows a new series a moment later.
            wait_for(lambda told=told, question=question: answer(victoria, question) == told, 20)
    finally:
        prometheus.kill()


STEP_MS = 300_000


def drawn(engine: Engine, title: str, end_ms: int) -> dict[tuple[str, ...], dict[int, float]]:
    """A panel's curves as Grafana asks for them, of two hours in steps of five minutes: by their labels, the
    value at the end of each step."""
    span = {"start": str((end_ms - 2 * HOUR_MS) // 1000), "end": str(end_ms // 1000)}
    told = json.loads(
        engine.get(
            "/api/v1/query_range",
            query=filled(EXPRESSIONS[title]),
            step=str(STEP_MS // 1000),
            nocache="1",
            **span,
        )
    )
    return {
        tuple(sorted(one["metric"].values())): {round(at * 1000): float(value) for at, value in one["values"]}
        for one in told["data"]["result"]
    }


def test_panels_have_the_numbers_of_the_journal(victoria: Victoria, shop: Shop) -> None:
    """Every point of every curve, and every line of every table, is what the hub's own readings come to,
    counted here one by one; a step without a reading has no point."""
    shop.measure(3, 1.5)
    # Half an hour without any.
    shop.measure(1, 0)
    shop.forward(victoria)
    with Reader(shop.journal) as reader:
        points = list(reader.after(0, 1000))
    end_ms = now_ms() // STEP_MS * STEP_MS
    steps: dict[int, list[float | None]] = {}
    for one in points:
        celsius = None if one.units is None else to_celsius(one.units)
        steps.setdefault(-(one.taken_ms // -STEP_MS) * STEP_MS, []).append(celsius)
    inside = {at: told for at, told in steps.items() if end_ms - 2 * HOUR_MS <= at <= end_ms}
    good = {at: [one for one in told if one is not None] for at, told in inside.items()}
    bad = {at: told.count(None) for at, told in inside.items()}
    assert 15 < len(inside) < 25 and sum(bad.values()) > 1
    probe = ("Freezer", "Shop 3")
    expected = {
        "Temperature": {probe: {at: pytest.approx(sum(one) / len(one)) for at, one in good.items() if one}},
        "Readings in each step": {probe: {at: len(one) for at, one in good.items() if one}},
        "Readings without a value, in each step": {
            ("Freezer", "Shop 3", "crc"): {at: count for at, count in bad.items() if count}
        },
    }
    for title, curves in expected.items():
        # The index of VictoriaMetrics shows a new series a moment later.
        wait_for(lambda title=title, curves=curves: drawn(victoria, title, end_ms) == curves)
    values = [to_celsius(one.units) for one in points if one.units is not None]
    tables = {"Warmest now": values[-1], "Warmest in the last 30 days": max(values)}
    for title, value in tables.items():
        assert [told for _, told in victoria.ask(filled(EXPRESSIONS[title]))] == [value]
    (there,) = victoria.series('{__name__="temphub_hub"}').values()
    minutes = filled(EXPRESSIONS["Places: minutes they were there, of the last day"])
    wait_for(lambda: [told for _, told in victoria.ask(minutes)] == [len(there)])
    assert len(expected) + len(tables) + 1 == len(EXPRESSIONS)


def test_panels_show_what_the_engine_has(victoria: Victoria) -> None:
    """Each panel has an answer from the real engine: the worst freezer now and over the month is the first
    line, corrected where it is, and a late reading counts in its place."""
    now, lines = now_ms(), []
    for minute in range(5):
        at = now - minute * 60_000 - 40_000
        lines += [
            f"temphub,site=Shop\\ 1 hub=1 {at}",
            f"temphub,site=Shop\\ 1,probe=Freezer celsius=-18.5 {at}",
            f"temphub,site=Shop\\ 2,probe=Freezer celsius=-30 {at}",
            f"temphub,site=Shop\\ 2,probe=Freezer,revision=2 corrected=-12 {at}",
            f"temphub,site=Shop\\ 2,probe=Door,quality=open flagged=1 {at}",
        ]
    # Shop 1 was off the net for a day, and too warm then.
    lines.append(f"temphub,site=Shop\\ 1,probe=Freezer celsius=-3.25 {now - 86_400_000}")
    victoria.write("\n".join(lines), "")
    victoria.series()
    answers = {title: victoria.ask(filled(one)) for title, one in EXPRESSIONS.items()}
    assert all(answers.values()), answers
    by_site = {
        title: [(labels["site"], value) for labels, value in answers[title]]
        for title in ("Warmest now", "Warmest in the last 30 days")
    }
    assert by_site["Warmest now"] == [("Shop 2", -12), ("Shop 1", -18.5)]
    assert by_site["Warmest in the last 30 days"] == [("Shop 1", -3.25), ("Shop 2", -12)]
    for rule in yaml.safe_load(RULES.read_text())["groups"][0]["rules"]:
        victoria.ask(rule["expr"])
