from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter

from inventory.config import Url, read_secret
from inventory.config.fields import parse_duration
from inventory.process import clock_starting_at


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("5m", 300), ("1h30m", 5400), ("26h", 93600), ("7j", 604800)]
)
def test_durations_read_as_people_write_them(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "5", "5 m", "-5m", "cinq minutes", None, 5, "1.5h"])
def test_what_is_no_duration_is_refused(text):
    with pytest.raises(ValueError, match="n'est pas une durée"):
        parse_duration(text)


def test_a_secret_is_read_and_never_printed(tmp_path):
    path = tmp_path / "jeton"
    path.write_text("s3cret\n", encoding="utf-8")
    path.chmod(0o600)
    secret = read_secret(path)
    assert secret.get_secret_value() == "s3cret"
    assert "s3cret" not in repr(secret)


@pytest.mark.parametrize(("mode", "content"), [(0o604, "s3cret\n"), (0o600, "\n"), (0o600, "")])
def test_a_secret_that_all_may_read_or_that_is_empty_is_refused(tmp_path, mode, content):
    path = tmp_path / "jeton"
    path.write_text(content, encoding="utf-8")
    path.chmod(mode)
    with pytest.raises(ValueError, match="secret") as caught:
        read_secret(path)
    assert "s3cret" not in str(caught.value)


def test_a_drill_clock_shows_its_start_and_runs_on():
    now = [datetime(2026, 11, 24, 9, tzinfo=UTC)]
    clock = clock_starting_at(datetime.fromisoformat("2026-05-01T07:12:00+02:00"), lambda: now[0])
    assert clock() == datetime(2026, 5, 1, 5, 12, tzinfo=UTC)
    now[0] += timedelta(seconds=30)
    assert clock() == datetime(2026, 5, 1, 5, 12, 30, tzinfo=UTC)


def test_a_drill_clock_without_offset_is_refused():
    with pytest.raises(ValueError, match="décalage"):
        clock_starting_at(datetime(2026, 5, 1, 7, 12))


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("http://127.0.0.1:17430/", "http://127.0.0.1:17430"),
        ("https://h.test/a", "https://h.test/a"),
    ],
)
def test_an_address_of_the_web_loses_its_final_slash(written, read):
    assert TypeAdapter(Url).validate_python(written) == read


@pytest.mark.parametrize(
    "text", ["ftp://h", "h:80", "http://", "http://[::1", "http://h:99999", "http://h:0", ""]
)
def test_what_is_no_address_of_the_web_is_said(text):
    with pytest.raises(ValueError, match=r"attendu : http\(s\)://hôte"):
        TypeAdapter(Url).validate_python(text)


@pytest.mark.parametrize(
    "text",
    ["http://u:s3cret@h", "u:s3cret@h", "ftp://s3cret@h", "htp://h/?token=s3cret", "h#s3cret"],
)
def test_a_secret_in_an_address_is_refused_and_not_repeated(text):
    with pytest.raises(ValueError, match="le secret dans password_file") as refused:
        TypeAdapter(Url).validate_python(text)
    assert "s3cret" not in refused.value.errors(include_input=False, include_url=False)[0]["msg"]
