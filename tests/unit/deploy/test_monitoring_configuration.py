from pathlib import Path

from deploy.estate.monitoring import alertmanager_configuration, prometheus_configuration, shipped
from deploy.estate.ports import Ports


def test_prometheus_scrapes_the_estates_ports_at_the_shipped_interval():
    configuration = prometheus_configuration(Ports(20000), Path("/r"))
    targets = {
        job["job_name"]: job["static_configs"][0]["targets"][0]
        for job in configuration["scrape_configs"]
    }
    assert targets["vigie-exporter"] == "127.0.0.1:20020"
    assert targets["vigie-webhook"] == "127.0.0.1:20030"
    assert configuration["global"] == shipped("prometheus.yml")["global"]
    assert configuration["global"]["scrape_interval"] == "15s"
    assert configuration["rule_files"] == ["/r/*.yml"]


def test_alertmanager_posts_each_receiver_to_its_own_integration():
    configuration = alertmanager_configuration(Ports(20000), Path("/jeton"))
    urls = {
        receiver["name"]: receiver["webhook_configs"][0]["url"]
        for receiver in configuration["receivers"]
    }
    assert sorted(urls.values()) == [
        "http://127.0.0.1:20030/api/v1/alertmanager/default",
        "http://127.0.0.1:20030/api/v1/alertmanager/watchdog",
        "http://127.0.0.1:20032/api/v1/alertmanager/watchdog",
    ]
    assert "17430" not in str(configuration)
    assert "17432" not in str(configuration)
