"""Random rosters, as a site might write them, for property tests."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from alertmanager.rosters import RosterBook
from alertmanager.rosters.file_settings import RosterFile
from alertmanager.rosters.loader import build_book
from alertmanager.rosters.settings import WEEKDAYS

ZONES = ("Europe/Paris", "America/Chicago", "Australia/Lord_Howe")
IDS = tuple(f"p{number}" for number in range(6))
# Hand-overs and hours near where clocks change in these zones are as likely as all others.
TIMES = st.one_of(
    st.sampled_from(["00:00", "01:30", "02:00", "02:15", "02:30", "03:00", "23:59"]),
    st.times().map(lambda time: f"{time:%H:%M}"),
)
_PERIODS = st.one_of(
    st.sampled_from(["hour", "day", "week", "month"]),
    st.integers(1, 30).map(lambda count: {"hours": count}),
    st.integers(1, 10).map(lambda count: {"days": count}),
    st.integers(1, 4).map(lambda count: {"weeks": count}),
    st.integers(1, 3).map(lambda count: {"months": count}),
)
_DAYS = st.lists(
    st.sampled_from([*WEEKDAYS, "holiday", "eve"]), min_size=1, max_size=5, unique=True
)


@st.composite
def rotations(draw: Any) -> dict[str, Any]:
    """The block of a rotation that the file admits."""
    every = draw(_PERIODS)
    start = date(2025, 1, 1) + timedelta(days=draw(st.integers(0, 500)))
    handover = {"at": draw(TIMES)}
    if every == "week" or "weeks" in every:
        handover["day"] = WEEKDAYS[start.weekday()]
    short = every == "hour" or (isinstance(every, dict) and every.get("hours", 24) < 6)
    crews: list[Any] = list(draw(st.lists(st.sampled_from(IDS), min_size=1, unique=True)))
    if draw(st.booleans()):
        crews[0] = [crews[0], *(name for name in IDS if name not in crews)][:2]
    return {
        "every": every,
        "handover": handover,
        "start": start,
        "people": crews,
        "order": "in_turn" if short else draw(st.sampled_from(["in_turn", "fair"])),
    }


@st.composite
def restrictions(draw: Any) -> dict[str, Any]:
    """What stands under `when`, and `eve` with it."""
    when = draw(
        st.fixed_dictionaries(
            {"days": _DAYS},
            optional={
                "not_days": _DAYS,
                "from": TIMES,
                "to": TIMES,
                "calendar": st.just("school"),
                "not_calendar": st.just("closed"),
            },
        )
    )
    if "holiday" in when["days"] and "from" not in when and draw(st.booleans()):
        return {"when": when, "eve": draw(TIMES)}
    return {"when": when}


@st.composite
def layers(draw: Any, number: int) -> dict[str, Any]:
    """One layer, which may answer at all times only if it has turns."""
    word = st.sampled_from(["support_hours", "outside_support_hours"])
    layer = {
        "id": f"l{number}",
        "name": f"couche {number}",
        **draw(st.one_of(word.map(lambda when: {"when": when}), restrictions())),
    }
    if draw(st.booleans()):
        return {**layer, "rotation": draw(rotations())}
    return {**layer, "people": [draw(st.sampled_from(IDS))], "shadow": draw(_SHADOW)}


_SHADOW = st.sampled_from([[], ["watcher"]])


@st.composite
def files(draw: Any) -> RosterFile:
    """A roster of one to four layers; the last one may be a rotation at all times."""
    several = [draw(layers(number)) for number in range(draw(st.integers(1, 3)))]
    if draw(st.booleans()):
        several.append({"id": "all", "name": "toujours", "rotation": draw(rotations())})
    hours = {"days": list(WEEKDAYS[:5]), "from": "08:00", "to": "18:30"}
    names = (*IDS, "watcher")
    return RosterFile.model_validate(
        {
            "timezone": draw(st.sampled_from(ZONES)),
            "holidays": {"alsace_moselle": True, "good_friday": draw(st.booleans())},
            "calendars": [
                {
                    "id": "school",
                    "name": "vacances",
                    "ranges": [
                        {"from": date(year, 7, 4), "to": date(year, 8, 31)}
                        for year in range(2025, 2037)
                    ],
                },
                {
                    "id": "closed",
                    "name": "fermeture",
                    "ranges": [{"from": "2027-12-24", "to": "2028-01-02"}],
                },
            ],
            "support_hours": hours,
            "people": [
                {"id": name, "name": name.upper(), "phone": f"+3363998000{number}"}
                for number, name in enumerate(names)
            ],
            "rosters": [{"id": "r", "name": "R", "layers": several}],
        }
    )


def book_of(file: RosterFile) -> RosterBook:
    """A book that has answered nothing yet."""
    return build_book(file, "Europe/Paris")
