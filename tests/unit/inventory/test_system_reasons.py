from pathlib import Path

from inventory.config import reason


def refused(call) -> OSError:
    try:
        call()
    except OSError as error:
        return error
    raise AssertionError


def test_what_the_system_refuses_is_said_in_french(tmp_path: Path):
    assert reason(refused((tmp_path / "gone").read_text)) == "introuvable"
    assert reason(refused(tmp_path.read_text)) == "c'est un dossier"


def test_a_refusal_without_words_of_ours_keeps_the_systems():
    assert reason(OSError(5000, "odd")) == "odd"
    assert reason(OSError("only words")) == "only words"
