import io
import json
import logging
import re

import pytest

from inventory.process import configure_logs, get_logger
from inventory.process.logs import capture

TS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")


class Opaque:
    def __str__(self):
        return "deux mots"

    def __repr__(self):
        return "<Opaque>"


@pytest.fixture
def written():
    """Configure the logs; return what reads the lines written since, without their instants."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def configure(*arguments):
        configure_logs(*arguments)
        stream = io.StringIO()
        root.handlers[0].setStream(stream)

        def lines():
            return [TS.sub("TS", line, count=1) for line in stream.getvalue().splitlines()]

        return lines

    yield configure
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("event", "fields", "line"),
    [
        ("stop", {}, "event=stop"),
        ("", {}, "event="),
        ("collecteur écarté", {}, 'event="collecteur écarté"'),
        ("100%", {}, "event=100%"),
        ("e", {"b": 1, "a": 2.5}, "event=e b=1 a=2.5"),
        ("e", {"v": None}, "event=e v="),
        ("e", {"v": True, "w": False}, "event=e v=true w=false"),
        ("e", {"v": "a=b"}, 'event=e v="a=b"'),
        ("e", {"v": 'a"b'}, r'event=e v="a\"b"'),
        ("e", {"v": "a\nb"}, r"event=e v=a\nb"),
        ("e", {"v": "a \nb"}, r'event=e v="a \nb"'),
        ("e", {"v": r"a\b"}, r"event=e v=a\b"),
        ("e", {"v": r"a \b"}, r'event=e v="a \\b"'),
        ("e", {"v": Opaque()}, 'event=e v="deux mots"'),
        ("e", {"v": [1, "é"]}, "event=e v=\"[1, 'é']\""),
        ("e", {"level": "x", "ts": "y"}, "event=e"),
    ],
)
def test_a_logfmt_line(written, event, fields, line):
    lines = written()
    get_logger("vigie.test").warning(event, **fields)
    assert lines() == [f"ts=TS level=warning {line}"]


def test_json_lines_keep_types_and_accents(written):
    lines = written("info", "json")
    get_logger("vigie.test").bind(a="é").info('q"', n=None, yes=True, o=Opaque(), deep={"x": [1]})
    line = (
        '{"a": "é", "n": null, "yes": true, "o": "<Opaque>", "deep": {"x": [1]}, '
        '"event": "q\\"", "level": "info", "ts": "TS"}'
    )
    assert lines() == [line]


def test_bound_fields_come_first_and_leave_the_log_they_were_bound_to_alone(written):
    lines = written()
    log = get_logger("vigie.test")
    bound = log.bind(a=1, b=2).bind(c=3)
    bound.info("e", d=4, a=5)
    log.info("e")
    assert lines() == ["ts=TS level=info event=e a=5 b=2 c=3 d=4", "ts=TS level=info event=e"]


@pytest.mark.parametrize(
    ("level", "seen"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_the_level_decides_what_is_written(written, level, seen):
    lines = written(level)
    log = get_logger("vigie.test")
    for name in ("debug", "info", "warning", "error"):
        getattr(log, name)(name)
    assert lines() == [f"ts=TS level={name} event={name}" for name in seen]


@pytest.mark.parametrize("form", ["logfmt", "json"])
def test_an_exception_is_the_last_field_of_one_line(written, form):
    lines = written("info", form)
    try:
        int("x y")
    except ValueError:
        get_logger("vigie.test").exception("raté", n=1)
    (line,) = lines()
    if form == "json":
        entry = json.loads(line)
        assert list(entry) == ["n", "event", "level", "ts", "exception"]
        assert entry["exception"].startswith("Traceback (most recent call last):\n")
        assert entry["exception"].endswith("with base 10: 'x y'")
    else:
        start = 'ts=TS level=error event=raté n=1 exception="Traceback (most recent call last):\\n '
        assert line.startswith(start)
        assert line.endswith("with base 10: 'x y'\"")


def test_an_exception_where_there_is_none_is_an_error_without_one(written):
    lines = written()
    get_logger("vigie.test").exception("rien")
    assert lines() == ["ts=TS level=error event=rien"]


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("logfmt", 'ts=TS level=warning event="port 80 \\"pris\\""'),
        ("json", '{"event": "port 80 \\"pris\\"", "level": "warning", "ts": "TS"}'),
    ],
)
def test_the_records_of_libraries_have_the_same_form(written, form, line):
    lines = written("info", form)
    logging.getLogger("uvicorn.error").warning('port %d "%s"', 80, "pris")
    assert lines() == [line]


def test_an_instant_is_the_one_of_the_record_in_utc():
    record = logging.makeLogRecord({"msg": "e", "levelname": "INFO", "created": 1777612320.25})
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure_logs()
        line = root.handlers[0].format(record)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    assert line == "ts=2026-05-01T05:12:00.250000Z level=info event=e"


def test_a_test_captures_our_events_and_only_ours_and_the_logs_are_as_before(written):
    lines = written("error")
    with capture() as told:
        get_logger("vigie.test").debug("vu", n=1)
        logging.getLogger("ailleurs").error("autre")
        try:
            int("z")
        except ValueError:
            get_logger("vigie.test").exception("raté")
    assert told[0] == {"n": 1, "event": "vu", "log_level": "debug"}
    assert told[1]["exception"].endswith("'z'")
    assert len(told) == 2
    get_logger("vigie.test").warning("tu")
    assert lines() == []
