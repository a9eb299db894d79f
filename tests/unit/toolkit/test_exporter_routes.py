import json

import pytest

from exporters.toolkit.routes import (
    DEFAULT_TIMEOUT,
    LONGEST_TIMEOUT,
    Application,
    BadRequest,
    Request,
    budget,
    select,
)
from exporters.toolkit.runner import Runner
from exporters.toolkit.scrape import Scraper
from exporters.toolkit.telemetry import Telemetry
from exporters.toolkit.webgate import WebGate


@pytest.mark.parametrize(
    ("header", "offset", "seconds"),
    [
        ("", 0.5, DEFAULT_TIMEOUT),
        ("10", 0.5, 9.5),
        ("0.6", 0.5, 0.3),
        ("3", 5, 1.5),
        ("1e9", 0.5, LONGEST_TIMEOUT),
    ],
)
def test_the_budget_is_prometheuss_timeout_less_the_offset(header, offset, seconds):
    assert budget(header, offset) == pytest.approx(seconds)


@pytest.mark.parametrize("header", ["soon", "-1", "0", "nan", "inf"])
def test_a_timeout_that_is_no_time_is_refused(header):
    with pytest.raises(BadRequest):
        budget(header, 0.5)


def test_filters_name_collectors():
    names = ("a", "b", "c")
    assert select("", names) == names
    assert select("collect[]=b&collect[]=a", names) == ("a", "b")
    assert select("exclude[]=b", names) == ("a", "c")
    with pytest.raises(BadRequest, match="l'un ou l'autre"):
        select("collect[]=a&exclude[]=b", names)
    with pytest.raises(BadRequest, match="z ; en marche : a, b, c"):
        select("collect[]=z", names)
    with pytest.raises(BadRequest, match=r"\(vide\) ; en marche : a, b, c"):
        select("collect[]=", names)
    with pytest.raises(BadRequest, match="en marche : aucun"):
        select("exclude[]=z", ())


@pytest.fixture
def ask(collector, tmp_path):
    def go(target, method="GET", headers=None, web="", **options):
        gate = WebGate()
        if web:
            path = tmp_path / "web.yml"
            path.write_text(web)
            gate = WebGate(path)
        runners = [Runner("<a>", lambda: collector(lambda _: []))]
        scraper = Scraper(runners, {}, Telemetry(process=False).collect)
        application = Application(scraper, gate, **options)
        return application.answer(Request(method, target, headers or {}))

    return go


def test_not_ready_until_told(ask):
    assert ask("/-/ready").status == 503
    assert ask("/-/healthy").status == 200


def test_unlimited_requests_are_possible(ask):
    assert ask("/metrics", max_requests=0).status == 200


@pytest.mark.parametrize("target", ["http://[", "http://[x]/metrics"])
def test_a_target_that_cannot_be_split_is_a_400(ask, target):
    assert ask(target).status == 400


def test_refusals_are_problems_in_json(ask):
    response = ask("/metrics", headers={"x-prometheus-scrape-timeout-seconds": "x"})
    assert response.content_type == "application/problem+json"
    assert json.loads(response.body)["status"] == 400


def test_names_on_the_landing_page_are_escaped(ask):
    page = ask("/").body.decode()
    assert "&lt;a&gt;" in page
    assert "<a>" not in page


def test_configured_headers_are_on_every_response(ask):
    web = "http_server_config: {http2: false, headers: {X-Frame-Options: deny}}\n"
    for target in ("/", "/nowhere"):
        assert ("X-Frame-Options", "deny") in ask(target, web=web).headers
