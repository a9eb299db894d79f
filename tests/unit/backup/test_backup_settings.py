"""The settings of restic and Borg, and what the operator reads when they are wrong."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from exporters.backup.borg import Settings as Borg
from exporters.backup.restic import Settings as Restic


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret"
    path.write_text("motdepasse\n", encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def _restic(secret, *entries, **settings):
    return Restic.model_validate(
        {"repositories": [{"password_file": secret, **e} for e in entries], **settings}
    )


def test_a_local_and_a_remote_repository(secret):
    settings = _restic(secret, {"id": "a", "path": "/srv/a"}, {"id": "b", "url": "sftp:u@h:/b"})
    assert [r.location for r in settings.repositories] == ["/srv/a", "sftp:u@h:/b"]


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"id": "a"}, "ni path ni url ; attendu"),
        ({"id": "a", "path": "/a", "url": "sftp:h:/a"}, "path et url à la fois ; attendu"),
        ({"id": "a", "url": "rest:https://u:secret@h/a"}, "contient un mot de passe ; attendu"),
        ({"id": "a", "path": "/a", "password_file": "/absent"}, "secret illisible"),
    ],
)
def test_an_entry_that_cannot_work_is_refused_in_french(secret, entry, words):
    with pytest.raises(ValidationError, match=words) as caught:
        _restic(secret, entry)
    assert "motdepasse" not in str(caught.value)


@pytest.mark.parametrize("second", [{"id": "a", "path": "/b"}, {"id": "b", "path": "/a"}])
def test_two_repositories_never_share_a_name_or_a_place(secret, second):
    with pytest.raises(ValidationError, match="déclaré 2 fois ; attendu"):
        _restic(secret, {"id": "a", "path": "/a"}, second)


@pytest.mark.parametrize(
    "times",
    [
        {"timeout": "0s"},
        {"poll_interval": "3h"},
        {"stale_after": "10m"},
        {"recheck_interval": "5h"},
    ],
)
def test_times_that_would_make_a_sound_repository_look_stale_are_refused(secret, times):
    with pytest.raises(ValidationError, match="attendu"):
        _restic(secret, {"id": "a", "path": "/a"}, **times)


def test_a_borg_repository_may_be_unencrypted():
    assert (
        Borg.model_validate({"repositories": [{"id": "a", "path": "/a"}]})
        .repositories[0]
        .passphrase_file
        is None
    )
