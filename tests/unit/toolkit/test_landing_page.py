from exporters.toolkit.landing import landing_page


def test_each_collector_has_its_link():
    assert '<a href="/metrics?collect[]=host">host</a>' in landing_page("/metrics", ["host"])


def test_no_collector_is_said():
    assert "<p>Aucun.</p>" in landing_page("/metrics", [])
