"""Real time-series engines for tests: Debian's VictoriaMetrics and InfluxDB 1, on the loopback interface or
in a namespace."""

import json
import shutil
import signal
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .waiting import PATIENCE_S, cannot, wait_for


class Engine:
    """A program that can be killed and started again on the same data. before: words before its command, such
    as those that enter a namespace."""

    def __init__(self, folder: Path, port: int, before: Sequence[str] = (), host: str = "127.0.0.1") -> None:
        self.folder = folder
        self.port = port
        self.base = f"http://{host}:{port}"
        self._before = list(before)
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(exist_ok=True)

    def command(self) -> list[str]:
        raise NotImplementedError

    def start(self) -> "Engine":
        """Returns when it answers."""
        with (self.folder / "log.txt").open("ab") as out:
            self._process = subprocess.Popen(
                [*self._before, *self.command()], stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        wait_for(self.answers, 30)
        return self

    def answers(self) -> bool:
        return self._curl("/ping") is not None

    def _curl(self, path: str) -> bytes | None:
        """An answer as seen from where it runs; None when there is none."""
        said = subprocess.run(
            [*self._before, "curl", "-s", "-m", "20", "-g", f"{self.base}{path}"], capture_output=True
        )
        return said.stdout if said.returncode == 0 else None

    def get(self, path: str, **query: str) -> Any:
        text = self._curl(f"{path}?{urllib.parse.urlencode({k.rstrip('_'): v for k, v in query.items()})}")
        assert text is not None
        return text

    def ask(self, question: str) -> list[tuple[dict[str, str], float]]:
        """What the query API of VictoriaMetrics or Prometheus says now, without a cache."""
        told = json.loads(self.get("/api/v1/query", query=question, nocache="1"))
        return [(one["metric"], float(one["value"][1])) for one in told["data"]["result"]]

    def write(self, lines: str, database: str) -> None:
        """Points of somebody else."""
        url = f"{self.base}/write?precision=ms{f'&db={database}' if database else ''}"
        with urllib.request.urlopen(url, lines.encode(), timeout=PATIENCE_S):
            pass

    def kill(self) -> None:
        """As a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """In order."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(30)
            self._process = None


class Victoria(Engine):
    """VictoriaMetrics; flags: how it is started, by default with its default retention of a month."""

    flags: Sequence[str] = ()

    def command(self) -> list[str]:
        tool = shutil.which("victoria-metrics")
        if tool is None:
            cannot("victoria-metrics is not installed (Debian: apt-get install victoria-metrics)")
        place = ["-storageDataPath", str(self.folder / "data"), "-httpListenAddr", f":{self.port}"]
        return [tool, *place, *(self.flags or ("-memory.allowedBytes=128MiB",))]

    def series(self, match: str = '{__name__=~"temphub_.*"}') -> dict[str, list[tuple[int, float]]]:
        """Every stored point, by series as it would be written: `temphub_celsius{probe="A",site="S"}`."""
        self._curl("/internal/force_flush")
        found = {}
        text = self.get("/api/v1/export", **{"match[]": match, "start": "0", "end": "4000000000"})
        for line in text.splitlines():
            told = json.loads(line)
            name = told["metric"].pop("__name__")
            labels = ",".join(f'{key}="{value}"' for key, value in sorted(told["metric"].items()))
            points = zip(told["timestamps"], told["values"], strict=True)
            found.setdefault(f"{name}{{{labels}}}", []).extend(points)
        return {name: sorted(points) for name, points in found.items()}


class Prometheus(Engine):
    """Prometheus 2 on blocks made of what a VictoriaMetrics has. flags: more of how it is started."""

    flags: Sequence[str] = ()

    def command(self) -> list[str]:
        tool = shutil.which("prometheus")
        if tool is None:
            cannot("prometheus is not installed (Debian: apt-get install prometheus)")
        config = self.folder / "prometheus.yml"
        config.write_text("global: {}\n")
        place = [f"--config.file={config}", f"--storage.tsdb.path={self.folder / 'data'}"]
        kept = ["--storage.tsdb.retention.time=100y", f"--web.listen-address=127.0.0.1:{self.port}"]
        return [tool, *place, *kept, *self.flags]

    def answers(self) -> bool:
        said = self._curl("/-/ready")
        return said is not None and b"is Ready" in said

    def take(self, series: dict[str, list[tuple[int, float]]]) -> "Prometheus":
        """Have these points, in the form of `Victoria.series`, before it is started."""
        lines, last = [], ""
        for name, points in sorted(series.items()):
            if (metric := name.partition("{")[0]) != last:
                lines.append(f"# TYPE {metric} gauge")
                last = metric
            lines += [f"{name} {value!r} {ms / 1000:.3f}" for ms, value in points]
        text = self.folder / "points.txt"
        text.write_text("\n".join([*lines, "# EOF", ""]))
        said = subprocess.run(
            ["promtool", "tsdb", "create-blocks-from", "openmetrics", text, self.folder / "data"],
            capture_output=True,
            text=True,
        )
        assert said.returncode == 0, said.stderr
        return self


class Influx(Engine):
    """InfluxDB 1 with the database `temphub`. most_bytes: of a request, 0 for any; None for its default."""

    most_bytes: int | None = None

    def command(self) -> list[str]:
        tool = shutil.which("influxd")
        if tool is None:
            cannot("influxd is not installed (Debian: apt-get install influxdb)")
        config = self.folder / "influxdb.conf"
        data = self.folder / "data"
        most = "" if self.most_bytes is None else f"max-body-size = {self.most_bytes}\n"
        config.write_text(
            f'bind-address = "127.0.0.1:0"\nreporting-disabled = true\n[meta]\ndir = "{data}/meta"\n[data]\n'
            f'dir = "{data}/data"\nwal-dir = "{data}/wal"\n[http]\nbind-address = ":{self.port}"\n'
            f"log-enabled = false\n{most}[monitor]\nstore-enabled = false\n"
        )
        return [tool, "-config", str(config)]

    def query(self, question: str) -> list[dict[str, Any]]:
        """The series of an answer."""
        data = urllib.parse.urlencode({"q": question, "db": "temphub", "epoch": "ms"}).encode()
        with urllib.request.urlopen(f"{self.base}/query", data, timeout=PATIENCE_S) as answer:
            return json.loads(answer.read())["results"][0].get("series", [])
