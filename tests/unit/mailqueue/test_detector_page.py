"""From the page to the quiet: an account is compromised for as long as it goes on at its pace."""

import pytest

from exporters.mailqueue.detector.page import Page


@pytest.mark.parametrize(
    ("messages_hour", "still", "quiet"),
    [(1000, 119, 120), (15, 959, 960), (1, 3599, 3600)],
)
def test_before_it_sent_more_its_pace_is_that_of_the_hour_before(messages_hour, still, quiet):
    page = Page()
    page.begin(10_000, messages_hour)
    assert page.compromised(10_000 + still) == 10_000
    assert page.compromised(10_000 + quiet) is None


def test_then_its_pace_is_its_own_since_the_page_and_survives_a_restart():
    page = Page()
    page.begin(10_000, 1000)
    for number in range(1, 5):
        page.submitted(10_000 + 100 * number)
    second = Page()
    second.restore(page.save())
    for one in (page, second):
        assert one.compromised(10_400 + 399) == 10_000
        assert one.compromised(10_400 + 400) is None
