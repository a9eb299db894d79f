from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.main_cf import UnresolvedParameter, parse_main_cf, resolve
from exporters.mailqueue.queue.snapshot import ReadFailed
from exporters.mailqueue.queue.surroundings import surroundings

TEXT = """\
# a comment
mynetworks = 127.0.0.0/8
  # a comment inside a value
    [::1]/128
big = 400
qmgr_message_active_limit = 100
qmgr_message_active_limit=${big}
"""


def test_continuations_comments_and_repeated_parameters_are_read_as_postfix_does():
    values = parse_main_cf(TEXT)
    assert values["mynetworks"] == "127.0.0.0/8 [::1]/128"
    assert resolve(values, "qmgr_message_active_limit", "20000") == "400"


def test_an_absent_parameter_has_the_default():
    assert resolve({}, "qmgr_message_active_limit", "20000") == "20000"


@pytest.mark.parametrize("value", ["$limit", "${a?{1}:{2}}"])
def test_what_cannot_be_evaluated_is_said(value):
    with pytest.raises(UnresolvedParameter, match="limit = "):
        resolve({"limit": value}, "limit", "1")


@given(st.text())
def test_any_text_is_parsed(text):
    for name, value in parse_main_cf(text).items():
        assert name == name.strip()
        assert value == value.strip()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("qmgr_message_active_limit = beaucoup", "« beaucoup » ; attendu : un nombre"),
        ("qmgr_message_active_limit = ${x?{1}:{2}}", "n'est pas un nombre écrit en clair"),
    ],
)
def test_a_limit_that_is_no_number_is_an_error_that_names_the_file(tmp_path, text, says):
    (tmp_path / "main.cf").write_text(text)
    with pytest.raises(ReadFailed, match=r"main\.cf") as caught:
        surroundings(tmp_path, tmp_path)
    assert says in str(caught.value)


def test_a_missing_main_cf_is_an_error(tmp_path):
    with pytest.raises(ReadFailed, match="illisible"):
        surroundings(tmp_path, tmp_path)
