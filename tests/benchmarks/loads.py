"""What is sent, as scripts of wrk: lone readings, batches, a day's backlog, and the line protocol of a
peer."""

from typing import NamedTuple

SINGLE = """
local n = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
%(more)s
function request()
  n = n + 1
  local body = '{"temperature_c": %%.2f, "probe_id": "TempProbe-%%04d"}'
  return wrk.format(nil, nil, nil, string.format(body, 20 + n %% 500 / 100, n %% 100))
end
"""
BATCH = """
local per, n, threads = %(per)d, 0, 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function request()
  n = n + 1
  local r = {}
  for i = 1, per do
    r[i] = string.format('{"seq": %%d, "age_ms": %%d, "temperature_c": %%.2f}', n * per + i, (per - i) * 20,
      20 + i / 100)
  end
  local body = '{"probe_id": "TempProbe-%%04d", "boot": "%(boot)s%%d", "readings": [%%s]}'
  return wrk.format(nil, nil, nil, string.format(body, n %% 100, id, table.concat(r, ",")))
end
"""
# Each thread has half of the probes; each probe delivers its day from the oldest reading on, a reading each
# two seconds. Behind the last one it only asks for the hub's health, until wrk is ended.
BACKLOG = """
local probes, each, n, threads = %(probes)d, %(each)d, 0, 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init(args)
  -- The first thread is asked once before anything is sent.
  if id == 0 then n = -1 end
end
function request()
  local probe, first = n %% (probes / 2), math.floor(n / (probes / 2)) * 1000
  n = n + 1
  if first < 0 or first >= each then return wrk.format("GET", "/api/health") end
  local r = {}
  for i = 1, math.min(1000, each - first) do
    local seq = first + i
    r[i] = string.format('{"seq": %%d, "age_ms": %%d, "temperature_c": %%.4f}', seq, (each - seq) * 2000,
      20 + seq %% 977 / 16)
  end
  local body = '{"probe_id": "Away-%%d-%%04d", "boot": "%(boot)s", "readings": [%%s]}'
  return wrk.format(nil, nil, nil, string.format(body, id, probe, table.concat(r, ",")))
end
"""
# Within the last month and never ahead of now, else VictoriaMetrics lets them fall; each run has moments of
# its own.
LINES = """
local per, n, threads = %(per)d, 0, 0
local t0 = (os.time() - 25 * 86400) * 1000 + %(run)d
wrk.method = "POST"
wrk.headers["Content-Type"] = "text/plain"
%(more)s
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function request()
  n = n + 1
  local r = {}
  for i = 1, per do
    local at = t0 + id * 1000000000 + (n * per + i) * 20
    r[i] = string.format("temperature,probe=TempProbe-%%04d celsius=%%.2f %%d", n %% 100, 20 + i / 100, at)
  end
  return wrk.format(nil, nil, nil, table.concat(r, "\\n"))
end
"""
CLOSE = 'wrk.headers["Connection"] = "close"'


class Load(NamedTuple):
    """per: readings a request; connections of wrk; script: what a hub gets, a peer gets LINES in its place;
    more: lines for both."""

    per: int
    connections: int
    script: str
    more: str = ""


LOADS = {
    "batches of 100": Load(100, 16, BATCH),
    "batches of 1,000": Load(1000, 8, BATCH),
    "lone readings": Load(1, 16, SINGLE),
    "lone readings, a connection each": Load(1, 16, SINGLE, more=CLOSE),
}
