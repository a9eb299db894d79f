import pytest

from exporters.backup.errors import Unreadable
from exporters.backup.local_folder import names_in


def test_the_names_in_a_folder_are_given_whole(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).touch()
    assert names_in(tmp_path, tmp_path) == {"a", "b"}


def test_what_is_missing_and_what_is_refused_are_told_apart_in_french(tmp_path):
    with pytest.raises(Unreadable) as missing:
        names_in(tmp_path / "snapshots", tmp_path)
    assert (missing.value.reason, missing.value.detail) == (
        "missing",
        f"aucun dépôt dans {tmp_path}",
    )
    loop = tmp_path / "boucle"
    loop.symlink_to(loop)
    with pytest.raises(Unreadable) as refused:
        names_in(loop, loop)
    assert refused.value.reason == "unreachable"
    assert refused.value.detail == f"{loop} : liens symboliques en boucle"
