"""Files as loggers, databases and feeds write them, made after public forms; numbers and names are made up.
Each with what must come of it: {probe: [(moment in UTC, °C or the quality)]}."""

import json
from typing import NamedTuple


class History(NamedTuple):
    """A file: its name, its bytes, what a person has to say, and the readings in it."""

    name: str
    body: bytes
    said: tuple[str, ...]
    readings: dict[str, list[tuple[str, float | str]]]


def _lines(*lines: str, end: str = "\n", encoding: str = "utf-8") -> bytes:
    return (end.join(lines) + end).encode(encoding)


HOBO = _lines(
    '"Plot Title: 20123456"',
    '"#","Date Time, GMT-04:00","Temp, °F (LGR S/N: 20123456, SEN S/N: 20123456, LBL: Walk-in)",'
    '"RH, % (LGR S/N: 20123456, SEN S/N: 20123456, LBL: Walk-in)","Coupler Detached (LGR S/N: 20123456)",'
    '"End Of File (LGR S/N: 20123456)"',
    "1,06/14/24 11:59:30 PM,,,Logged,",
    "2,06/15/24 12:00:00 AM,38.300,61.2,,",
    "3,06/15/24 12:15:00 PM,39.2,60.9,,",
    "4,06/15/24 12:15:12 PM,,,,Logged",
    end="\r\n",
    encoding="utf-8-sig",
)
ELITECH_TXT = _lines(
    "Elitech Data Report",
    "Model:\tRC-51H",
    "Serial Number:\tEFG2309A0077",
    "Time Zone:\tUTC +01:00",
    "First Reading:\t2024-02-29 23:50:00",
    "",
    "No.\tTime\t\t°C\t%RH",
    "1\t2024-02-29 23:50:00\t4,5\t71,0",
    "2\t2024-03-01 00:00:00\tNC\t71,2",
    "3\t2024-03-01 00:10:00\t-18,0\t70,8",
    end="\r\n",
    encoding="latin-1",
)
SENSORPUSH = _lines(
    "Timestamp (America/New_York),Temperature (°F),Relative Humidity (%)",
    "2024-03-10 01:59,50.0,40.1",
    "2024-03-10 03:00,68.0,40.0",
)
TEMPTALE = _lines(
    "TempTale 4 USB MultiAlarm",
    "Serial Number: 2930011223",
    "Trip Length: 2 days",
    "Temperature Unit: C",
    "",
    "Point,Date,Time,Temp (C)",
    "1,14-Jan-2024,22:10:00,2.1",
    "2,14-Jan-2024,22:20:00,2.3",
    "3,14-Jan-2024,22:30:00,--",
)
# Plain columns, as WADA's manual of ADAMS tells of Sensitech's and Berlinger's text files.
SENSITECH = _lines("1 2016/12/14 5:02:58 22.61", "2 2016/12/14 5:12:58 22.5", "3 2016/12/14 10:22:58 -0.06")
BERLINGER = _lines("2017-01-24 14:20   11.8", "2017-01-24 14:30\t11.9", end="\r\n")
HOME_ASSISTANT = _lines(
    "entity_id,state,last_changed",
    "sensor.cellar_temperature,12.5,2024-05-01T10:00:00.000Z",
    "sensor.cellar_temperature,unavailable,2024-05-01T10:05:00.000Z",
    "sensor.cellar_temperature,12.625,2024-05-01T10:10:00.250Z",
)
THINGSPEAK = _lines(
    "created_at,entry_id,field1,field2,latitude,longitude,elevation,status",
    "2024-01-06T16:44:16+02:00,1,12.600000,69.699997,,,,",
    "2024-01-06T16:44:36+02:00,2,nan,69.800003,,,,",
    "2024-01-06T16:44:57+02:00,3,12.400000,69.800003,,,,",
)
THINGSPEAK_JSON = json.dumps(
    {
        "channel": {"id": 1, "name": "Greenhouse", "field1": "Temperature", "field2": "Light"},
        "feeds": [
            {"created_at": "2024-01-06T14:44:16Z", "entry_id": 1, "field1": "12.5", "field2": "8"},
            {"created_at": "2024-01-06T14:44:36Z", "entry_id": 2, "field1": None, "field2": "9"},
        ],
    }
).encode()
FLUX = _lines(
    "#group,false,false,true,true,false,false,true,true,true",
    "#datatype,string,long,dateTime:RFC3339,dateTime:RFC3339,dateTime:RFC3339,double,string,string,string",
    "#default,_result,,,,,,,,",
    ",result,table,_start,_stop,_time,_value,_field,_measurement,room",
    ",,0,2024-01-01T00:00:00Z,2024-01-02T00:00:00Z,2024-01-01T00:00:10Z,21.5,temperature,climate,lab",
    ",,0,2024-01-01T00:00:00Z,2024-01-02T00:00:00Z,2024-01-01T00:00:20.5Z,21.75,temperature,climate,lab",
    ",,1,2024-01-01T00:00:00Z,2024-01-02T00:00:00Z,2024-01-01T00:00:10Z,44,humidity,climate,lab",
    "",
    "#datatype,string,long,dateTime:RFC3339,double,string,string,string",
    "#group,false,false,false,false,true,true,true",
    "#default,_result,,,,,,",
    ",result,table,_time,_value,_field,_measurement,room",
    ",,2,2024-01-01T00:00:10Z,4.25,temperature,climate,fridge",
    "",
    end="\r\n",
)
LINE_PROTOCOL = _lines(
    "# DDL",
    "CREATE DATABASE house WITH NAME autogen",
    "# DML",
    "# CONTEXT-DATABASE:house",
    "climate,room=lab temperature=21.5 1704067210000000000",
    "climate,room=lab temperature=21.75,humidity=44i 1704067220500000000",
    r'climate,room=cold\ store temperature=4.25,note="door, open" 1704067210000000000',
)
VICTORIA = _lines(
    '{"metric":{"__name__":"room_temperature_celsius","sensor":"lab"},"values":[21.5,null,21.75],'
    '"timestamps":[1704067210000,1704067215000,1704067220500]}',
    '{"metric":{"__name__":"up","job":"x"},"values":[1],"timestamps":[1704067210000]}',
)
VICTORIA_CSV = _lines("lab,21.5,1704067210000", "lab,21.75,1704067220500", "fridge,4.25,1704067210000")
GERMAN = _lines(
    "Datum;Uhrzeit;Kühlraum [°C];Tiefkühler [°C];Bemerkung",
    "31.03.2024;01:45:00;4,5;-18,25;",
    "31.03.2024;03:00:00;4,75;OL;Tür offen",
    encoding="cp1252",
)
HISTORIES = [
    History("hobo.csv", HOBO, (), {"Walk-in": [("2024-06-15T04:00:00", 3.5), ("2024-06-15T16:15:00", 4.0)]}),
    History(
        "elitech.txt",
        ELITECH_TXT,
        (),
        {
            "EFG2309A0077": [
                ("2024-02-29T22:50:00", 4.5),
                ("2024-02-29T23:00:00", "missing"),
                ("2024-02-29T23:10:00", -18.0),
            ]
        },
    ),
    History(
        "Porch.csv", SENSORPUSH, (), {"Porch": [("2024-03-10T06:59:00", 10.0), ("2024-03-10T07:00:00", 20.0)]}
    ),
    History(
        "temptale.csv",
        TEMPTALE,
        ("--tz", "UTC"),
        {
            "2930011223": [
                ("2024-01-14T22:10:00", 2.1),
                ("2024-01-14T22:20:00", 2.3),
                ("2024-01-14T22:30:00", "missing"),
            ]
        },
    ),
    History(
        "CN8301_2016-12-15.txt",
        SENSITECH,
        ("--tz", "UTC", "--unit", "C"),
        {
            "CN8301_2016-12-15": [
                ("2016-12-14T05:02:58", 22.61),
                ("2016-12-14T05:12:58", 22.5),
                ("2016-12-14T10:22:58", -0.06),
            ]
        },
    ),
    History(
        "GVREAL_2017-02-06.txt",
        BERLINGER,
        ("--tz", "UTC", "--unit", "C", "--probe", "GVREAL"),
        {"GVREAL": [("2017-01-24T14:20:00", 11.8), ("2017-01-24T14:30:00", 11.9)]},
    ),
    History(
        "history.csv",
        HOME_ASSISTANT,
        ("--unit", "C"),
        {
            "sensor.cellar_temperature": [
                ("2024-05-01T10:00:00", 12.5),
                ("2024-05-01T10:05:00", "missing"),
                ("2024-05-01T10:10:00.250", 12.625),
            ]
        },
    ),
    History(
        "feeds.csv",
        THINGSPEAK,
        ("--column", "field1", "--unit", "C", "--probe", "Green-1"),
        {
            "Green-1": [
                ("2024-01-06T14:44:16", 12.6),
                ("2024-01-06T14:44:36", "missing"),
                ("2024-01-06T14:44:57", 12.4),
            ]
        },
    ),
    History("feed.json", THINGSPEAK_JSON, ("--unit", "C"), {"Greenhouse": [("2024-01-06T14:44:16", 12.5)]}),
    History(
        "flux.csv",
        FLUX,
        ("--unit", "C"),
        {
            "lab": [("2024-01-01T00:00:10", 21.5), ("2024-01-01T00:00:20.500", 21.75)],
            "fridge": [("2024-01-01T00:00:10", 4.25)],
        },
    ),
    History(
        "export.lp",
        LINE_PROTOCOL,
        ("--unit", "C"),
        {
            "lab": [("2024-01-01T00:00:10", 21.5), ("2024-01-01T00:00:20.500", 21.75)],
            "cold-store": [("2024-01-01T00:00:10", 4.25)],
        },
    ),
    History(
        "vm.jsonl",
        VICTORIA,
        (),
        {"lab": [("2024-01-01T00:00:10", 21.5), ("2024-01-01T00:00:20.500", 21.75)]},
    ),
    History(
        "vm.csv",
        VICTORIA_CSV,
        ("--unit", "C", "--name-column", "1"),
        {
            "lab": [("2024-01-01T00:00:10", 21.5), ("2024-01-01T00:00:20.500", 21.75)],
            "fridge": [("2024-01-01T00:00:10", 4.25)],
        },
    ),
    History(
        "liste.csv",
        GERMAN,
        ("--tz", "Europe/Berlin"),
        {
            "Kuhlraum": [("2024-03-31T00:45:00", 4.5), ("2024-03-31T01:00:00", 4.75)],
            "Tiefkuhler": [("2024-03-31T00:45:00", -18.25), ("2024-03-31T01:00:00", "open")],
        },
    ),
]
