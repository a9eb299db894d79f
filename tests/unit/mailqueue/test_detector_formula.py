from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporters.mailqueue.detector.score import PAGE, WEIGHTS, Signals, score, strengths

PAGE_TEXT = Path(__file__).parents[3] / "docs" / "reference" / "collectors" / "mail-detector.md"
LOUD = {
    "volume": {"volume_ratio": 1e6},
    "strangers": {"strangers": 10_000},
    "pace": {"pace_several": 100, "pace_all": 100},
    "new_network": {"new_network_recipients": 1599},
    "networks": {"new_networks": 40},
    "countries": {"countries": 9},
    "unknown_users": {"outcomes": 100, "unknown": 100},
    "rejected": {"outcomes": 100, "rejected": 100},
    "domains": {"domains": 256},
    "sustained": {"sustained_new_network": 1.0},
    "login": {"guessed_login": True},
    "queue_share": {"queue_share": 1.0, "queue_messages": 10**6},
}
INPUT = {
    "volume": "volume_ratio",
    "new_network": "new_network_recipients",
    "networks": "new_networks",
    "countries": "countries",
    "domains": "domains",
    "strangers": "strangers",
}


def _table():
    rows = re.findall(
        r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]*) ?\| ([\d.]*) ?\|", PAGE_TEXT.read_text(), re.MULTILINE
    )
    return {name: (float(weight), none, full) for name, weight, none, full in rows}


def test_the_page_gives_every_weight():
    assert {name: weight for name, (weight, _, _) in _table().items()} == dict(WEIGHTS)


@pytest.mark.parametrize("name", sorted(INPUT))
def test_the_page_gives_where_each_reason_begins_and_is_full(name):
    _, none, full = _table()[name]
    span = float(full) - float(none)

    def strength(value):
        return strengths(replace(Signals(), **{INPUT[name]: value}))[name]

    assert strength(float(none)) == 0
    assert strength(float(none) + span / 100) > 0
    assert strength(float(full) - span / 100) < 1
    assert strength(float(full)) == pytest.approx(1)


@pytest.mark.parametrize("name", ["unknown_users", "rejected"])
def test_the_page_gives_the_ratios_of_refusals(name):
    _, none, full = _table()[name]
    key = "unknown" if name == "unknown_users" else "rejected"

    def strength(ratio):
        return strengths(Signals(outcomes=10_000, **{key: int(10_000 * ratio)}))[name]

    assert strength(float(none)) == 0
    assert strength(float(full) - 0.01) < 1
    assert strength(float(full)) == pytest.approx(1)


@pytest.mark.parametrize("closed", [False, True])
@pytest.mark.parametrize("name", WEIGHTS)
def test_no_reason_pages_alone_at_any_hour(name, closed):
    found = score(Signals(closed=closed, **LOUD[name]))
    assert found.reasons == {name: pytest.approx(100 * WEIGHTS[name])}
    assert found.value < PAGE


def test_the_hour_is_no_reason():
    assert score(Signals(closed=True)).value == 0


def test_all_that_only_says_it_is_much_stays_under_the_watch_score_and_all_day_under_the_page():
    much = Signals(
        volume_ratio=1e6, domains=512, strangers=10_000, queue_share=1.0, queue_messages=9999
    )
    assert score(much).value == pytest.approx(60)
    assert score(replace(much, sustained=1.0)).value < PAGE - 3
    assert score(replace(much, new_network_recipients=1599)).value < PAGE - 1


def test_at_night_much_that_does_not_end_is_a_page_but_not_in_the_first_day_of_a_log():
    much = Signals(volume_ratio=1e6, domains=512, sustained=1.0, night=True)
    assert score(much).value >= PAGE
    assert score(replace(much, cold=True)).value < PAGE


@pytest.mark.parametrize("own", [0, 3, 12])
def test_the_pace_of_a_list_server_is_measured_by_its_own(own):
    def pace(several):
        signals = Signals(pace_several=several, pace_all=several, usual_pace_several=own)
        return strengths(signals)["pace"]

    usual = max(1, own / 2)
    assert pace(6 * usual) == 0
    assert pace(20 * usual) == pytest.approx(1)


def test_the_page_gives_the_paces():
    for text in ("6 to 20", "300 to 600", "40 to 100", "3 to 10"):
        assert text in PAGE_TEXT.read_text()
    assert strengths(Signals(pace_all=300))["pace"] == 0
    assert strengths(Signals(pace_all=600))["pace"] == pytest.approx(1)
    assert strengths(Signals(pace_new_network_several=3))["pace"] == 0
    assert strengths(Signals(pace_new_network_several=10))["pace"] == pytest.approx(1)
    assert strengths(Signals(pace_new_network=40))["pace"] == 0
    assert strengths(Signals(pace_new_network=100))["pace"] == pytest.approx(1)
    assert strengths(Signals(pace_several=20, pace_all=20, cold=True))["pace"] == 0


@pytest.mark.parametrize(("messages", "strength"), [(40, 78.0), (66, 27.0), (120, 0.0)])
def test_a_pace_that_goes_to_the_house_too_is_pay(messages, strength):
    signals = Signals(pace_strangers=40, pace_all=messages, hours=9)
    assert score(signals).reasons.get("pace", 0.0) == pytest.approx(strength, abs=10)


@pytest.mark.parametrize(
    ("none", "full", "known"),
    [
        (20, 30, {"hours": 3}),
        (75, 140, {"hours": 2}),
        (75, 140, {"hours": 99, "cold": True}),
        (40, 60, {"hours": 3, "usual_pace_all": 40}),
        (150, 280, {"usual_pace_all": 150}),
    ],
)
def test_the_pace_to_strangers_outside_is_measured_by_what_is_known_of_the_account(
    none, full, known
):
    if "usual_pace_all" not in known:
        assert f"{none} to {full}" in PAGE_TEXT.read_text()

    def pace(strangers):
        return strengths(Signals(pace_strangers=strangers, **known))["pace"]

    assert pace(none) == 0 < pace(none + 1)
    assert pace(full - 1) < pace(full) == pytest.approx(1)


@pytest.mark.parametrize(
    ("counted", "signals"),
    [
        (True, {"hours": 3}),
        (False, {"hours": 2}),
        (False, {"hours": 9, "cold": True}),
        (True, {"hours": 2, "pace_new_network": 5}),
        (True, {"cold": True, "pace_new_network": 5, "new_network_trust": 0.0}),
        (False, {"hours": 3, "pace_several": 3}),
        (False, {"hours": 3, "usual_pace_several": 40}),
    ],
)
def test_few_messages_to_many_count_by_their_recipients(counted, signals):
    assert "each 12 of their recipients" in PAGE_TEXT.read_text()
    few = {"pace_several": 5, "pace_all": 5, "pace_recipients": 240} | signals
    assert (strengths(Signals(**few))["pace"] == pytest.approx(1)) is counted


def test_the_page_gives_what_does_not_end():
    for text in (
        "(0.30 to 0.60, at most 0.60",
        "0.75 by night",
        "(0.60 to 0.85, by night 0.45 to 0.75)",
    ):
        assert text in PAGE_TEXT.read_text()

    def sustained(**signals):
        return strengths(Signals(**signals))["sustained"]

    assert sustained(sustained=0.30, sustained_new_network=0.60) == 0
    assert sustained(sustained=0.60) == pytest.approx(0.60)
    assert sustained(sustained=0.60, night=True) == pytest.approx(0.75)
    assert sustained(sustained_new_network=0.84) < sustained(sustained_new_network=0.85) == 1
    assert sustained(sustained_new_network=0.45, night=True) == 0
    assert sustained(sustained_new_network=0.75, night=True) == pytest.approx(1)


@pytest.mark.parametrize("n", [1, 29])
def test_a_ratio_of_few_recipients_says_nothing(n):
    assert score(Signals(outcomes=n, unknown=n)).value == 0


@pytest.mark.parametrize(
    "beyond",
    [
        {"recipients_hour": 8000},
        {"recipients_day": 15_000},
        {"new_network_recipients": 1600},
        {"new_networks": 15, "recipients_hour": 150},
        {"new_networks_2m": 4, "new_network_recipients_2m": 100},
        {"new_networks_2m": 20, "new_network_recipients_2m": 20},
        {"new_network_recipients": 1600, "allowed": True},
    ],
)
def test_a_backstop_pages_by_itself(beyond):
    assert score(Signals(**beyond)).value >= PAGE
    assert score(Signals(**beyond)).reasons["backstop"] == 95


def test_an_allowed_sender_has_no_volume_but_strange_networks_are_strange():
    calm = Signals(
        volume_ratio=500, domains=256, sustained=1.0, recipients_day=20_000, allowed=True
    )
    assert score(calm).value == 0
    assert score(replace(calm, new_networks=12, new_network_recipients=300)).value >= PAGE
    fast = replace(calm, pace_all=20, pace_several=20, pace_recipients=400, pace_strangers=20)
    assert score(replace(fast, hours=9)).value == 0
    one = replace(
        fast, pace_new_network=20, pace_new_network_several=20, new_network_recipients=400
    )
    assert score(one).value >= PAGE
    assert score(replace(calm, new_network_recipients=1600, cold=True)).value < PAGE


@given(
    volume=st.floats(0, 1e5),
    fresh=st.integers(0, 10**5),
    networks=st.integers(0, 64),
    outcomes=st.integers(0, 10**5),
    share=st.floats(0, 1),
    domains=st.integers(0, 256),
)
def test_a_score_is_0_to_100_and_never_falls_when_a_reason_grows(
    volume, fresh, networks, outcomes, share, domains
):
    signals = Signals(
        volume_ratio=volume,
        new_network_recipients=fresh,
        new_networks=networks,
        outcomes=outcomes,
        unknown=int(outcomes * share),
        domains=domains,
    )
    value = score(signals).value
    assert 0 <= value <= 100
    for louder in LOUD.values():
        more = {
            key: max(amount, getattr(signals, key))
            if key not in ("outcomes", "unknown")
            else amount
            for key, amount in louder.items()
            if key not in ("outcomes", "unknown", "rejected")
        }
        assert score(replace(signals, **more)).value >= value
