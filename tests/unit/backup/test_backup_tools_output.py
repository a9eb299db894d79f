"""What restic and Borg print, understood."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporters.backup import borg, pgbackrest, restic
from exporters.backup.contents import RecoveryPoint, Volume
from exporters.backup.errors import REASONS, Unreadable
from exporters.backup.process import Finished


def test_a_restic_snapshot_counts_from_its_start_whatever_zone_it_was_written_in(golden):
    points = restic.parse_snapshots((golden / "restic_0.14.json").read_text(encoding="utf-8"))
    assert [p.start for p in points] == [
        datetime(2026, 11, 24, 1, 0, 3, 299678, tzinfo=UTC),
        datetime(2026, 11, 23, 1, 0, 3, tzinfo=UTC),
        datetime(2026, 11, 20, 23, 15, 0, 500000, tzinfo=UTC),
    ]
    assert [p.tags for p in points] == [(), ("nuit",), ()]
    assert points[0].host == "imap1"


def test_a_summary_of_a_current_restic_tells_sizes_changes_and_the_end(golden):
    """As restic 0.18 printed it; its instants were set back."""
    text = (golden / "restic_0.18.json").read_text(encoding="utf-8")
    first, second = restic.parse_snapshots(text)
    assert first.volume == Volume(212400, 223511, 5692, files=30, changed_files=30)
    assert (second.volume.files, second.volume.changed_files) == (30, 1)
    assert second.end == datetime(2026, 11, 24, 2, 0, 4, 11654, tzinfo=UTC)
    assert (second.host, second.tags) == ("imap1", ("nuit",))


def test_a_restic_repository_without_snapshots_has_none():
    assert restic.parse_snapshots("[]\n") == ()
    assert restic.parse_snapshots("null\n") == ()


def test_lines_of_progress_before_the_list_do_not_matter():
    assert restic.parse_snapshots('repository 1234 opened\n{"progress": 1}\n[]\n') == ()


def test_borgs_local_times_are_read_as_utc_and_checkpoints_are_no_recovery_points(golden):
    points = borg.parse_archives((golden / "borg_1.2.json").read_text(encoding="utf-8"))
    assert [(p.name, p.start) for p in points] == [
        ("annuaire-2026-11-23", datetime(2026, 11, 23, 22, 0, 1, tzinfo=UTC)),
        ("brecourt-2026-11-24", datetime(2026, 11, 24, 1, 30, tzinfo=UTC)),
    ]


@pytest.mark.parametrize("parse", [restic.parse_snapshots, borg.parse_archives])
@pytest.mark.parametrize(
    "output",
    [
        "",
        "oups",
        "[{}]",
        '[{"time": "hier", "id": "1"}]',
        '{"archives": [{}]}',
        "[3]",
        '{"archives": 3}',
    ],
)
def test_an_answer_that_makes_no_sense_is_told_as_such(parse, output):
    with pytest.raises(Unreadable) as caught:
        parse(output)
    assert caught.value.reason == "parse"


@pytest.mark.parametrize("parse", [restic.parse_snapshots, borg.parse_archives])
@settings(deadline=None)  # a busy machine is no fault of the parser
@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda x: (
            st.lists(x)
            | st.dictionaries(st.sampled_from(["archives", "time", "start", "name", "id"]), x)
        ),
    )
)
def test_no_answer_whatever_breaks_the_watch(parse, answer):
    # Anything but Unreadable fails the test.
    with contextlib.suppress(Unreadable):
        assert all(isinstance(point, RecoveryPoint) for point in parse(json.dumps(answer)))


ASK = "\nIs there a repository at the following location?\n/r"
OPEN = "Fatal: unable to open config file: "
NO_LOCK = "unable to create lock in backend: repository is already locked exclusively by PID 3"


@pytest.mark.parametrize(
    ("status", "said", "reason"),
    [
        (12, "", "auth"),
        (11, "", "locked"),
        (10, "", "missing"),
        (1, "Fatal: wrong password or no key found", "auth"),
        (1, f"{OPEN}stat /r/config: no such file or directory{ASK}", "missing"),
        (1, f"{OPEN}dial tcp 127.0.0.1:1: connect: connection refused{ASK}", "unreachable"),
        (1, f"{OPEN}open /r/config: permission denied{ASK}", "unreachable"),
        (1, "Fatal: config or key 34 is damaged: ciphertext verification failed", "corrupt"),
        (1, NO_LOCK, "locked"),
        (1, "something nobody foresaw", "unreachable"),
    ],
)
def test_why_restic_failed(status, said, reason):
    assert restic.why(Finished(status, "", said)) == reason


def _log(**fields):
    return json.dumps({"type": "log_message", **fields})


WRONG = "passphrase supplied in BORG_PASSPHRASE, by BORG_PASSCOMMAND or [...] is incorrect."


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (_log(msgid="LockTimeout", message="m"), "locked"),
        (_log(msgid="Repository.DoesNotExist", message="m"), "missing"),
        ("Enter passphrase for key /r: " + _log(msgid="NoPassphraseFailure"), "auth"),
        (_log(message=WRONG), "auth"),
        (_log(message="Data integrity error: ..."), "corrupt"),
        ("ssh: connect to host h port 22: Connection refused", "unreachable"),
        ("", "unreachable"),
    ],
)
def test_why_borg_failed(said, reason):
    assert borg.why(Finished(2, "", said)) == reason


def test_every_reason_a_tool_can_give_is_one_of_the_contract():
    assert {*restic._STATUSES.values(), *restic._WORDS, *borg._MESSAGES.values()} <= set(REASONS)


@pytest.mark.parametrize(
    ("said", "encrypted", "reason"),
    [
        # As pgBackRest 2.45 said it to wrong passphrases: noise, or by chance a little text.
        ("[FormatError] …:\nkey/value found outside of section at line 1: h", True, "auth"),
        ("[FormatError] …:\nkey/value found at line 1: \ufffdx\ufffd", True, "auth"),
        ("[CryptoError] unable to flush", True, "auth"),
        ("[FormatError] …: invalid JSON value at line 13 '1=': expected data", True, "corrupt"),
        ("[FormatError] …:\nkey/value found outside of section at line 1: h", False, "corrupt"),
        ("[ChecksumError] invalid checksum", False, "corrupt"),
        ("ERROR: [055]: unable to open missing file '/etc/x.conf' for read", False, "missing"),
        ("[PathOpenError] unable to list: [13] Permission denied", False, "unreachable"),
    ],
)
def test_why_a_pgbackrest_repository_cannot_be_read(said, encrypted, reason):
    assert pgbackrest.why(said, encrypted=encrypted) == reason
