"""A firing in doubt when nobody answers, and which peers are asked."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from alertmanager.incidents.intake import receive_all
from alertmanager.incidents.received import Batch
from alertmanager.incidents.untold import Strangers
from alertmanager.webhook.file import IntegrationSettings
from alertmanager.webhook.spool_settings import SpoolSettings
from alertmanager.webhook.survey import Survey
from deploy.estate.ports import Ports, free_base


def test_without_an_answer_for_half_a_minute_what_is_in_doubt_fires(world: Any) -> None:
    nobody = Ports(free_base()).url("alertmanager")
    survey = Survey(world.store, lambda: world.now, world.desk, {"default": [nobody]})
    firing = world.alert()
    world.post(firing)
    world.post(world.alert(firing=False))
    with world.store.write() as session:
        batch = Batch("default", [firing])
        taken = receive_all(session, world.desk, [batch, batch], world.now, survey.asked)
    assert taken.doubted == 1
    assert survey.look("default", regular=False)
    assert world.incident().state == "resolved"
    world.pass_time(seconds=30)
    assert not survey.look("default", regular=False)
    world.run_due()
    assert world.incident().state == "paging"
    assert not survey.look("default", regular=False)
    survey.stop()


def test_one_that_cannot_be_asked_about_fires_at_once(world: Any) -> None:
    firing = world.alert()
    world.post(firing)
    world.post(world.alert(firing=False))
    world.post(firing)
    assert world.incident().state == "paging"


def test_an_unknown_alert_is_taken_in_at_the_second_survey_that_shows_it() -> None:
    strangers = Strangers()
    assert strangers.note(["a", "b"]) == []
    assert strangers.note(["b", "c"]) == ["b"]
    assert strangers.note(["a", "c"]) == ["c"]


@pytest.mark.parametrize(
    ("written", "urls"),
    [
        ("http://am1.test:9093/", ("http://am1.test:9093",)),
        (["http://am1.test", "http://am2.test"], ("http://am1.test", "http://am2.test")),
        (None, ()),
    ],
)
def test_an_integration_has_one_alertmanager_or_the_peers_of_a_pair(
    written: Any, urls: tuple[str, ...], tmp_path: Any
) -> None:
    token = tmp_path / "token"
    token.touch(mode=0o600)
    token.write_text("x" * 40)
    found = IntegrationSettings(id="default", token_file=token, alertmanager_url=written)
    assert found.alertmanager_url == urls


def test_the_size_of_the_spool_is_written_as_people_do(tmp_path: Any) -> None:
    assert SpoolSettings(directory=tmp_path).max == 64 * 10**6
    assert SpoolSettings.model_validate({"directory": tmp_path, "max": "2GB"}).max == 2 * 10**9
    for wrong in ("64", "0MB", "64 Mo", True, -1):
        with pytest.raises(ValidationError, match="attendu : par exemple 64MB"):
            SpoolSettings.model_validate({"directory": tmp_path, "max": wrong})
