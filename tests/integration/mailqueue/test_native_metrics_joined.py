"""A real rspamd and Dovecot, set up as the how-to says, scraped by Prometheus and joined."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path

import pytest
import requests
import yaml

from deploy.estate.child import Child, start_child, wait_until
from deploy.estate.monitoring import answers, launch_prometheus

HOW_TO = Path(__file__).parents[3] / "docs/how-to/scrape-rspamd-and-dovecot.md"
SPAM = (
    "From: alice@ville-valmont.test\nTo: c@dest.test\nSubject: x\nMessage-ID: <1@b.test>\n\n"
    "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\n"
)
HONEST = "From: alice@ville-valmont.test\nTo: c@dest.test\nSubject: bonjour\n\nBonjour.\n"

RSPAMD = """\
options {{
  pidfile = "{folder}/rspamd.pid";
  tempdir = "{folder}";
  url_tld = "{folder}/tld";
  filters = "";
  dns {{ nameserver = ["127.0.0.1:{closed}:1"]; timeout = 0.1s; retransmits = 1; }}
}}
logging {{ type = "file"; filename = "{folder}/rspamd.log"; level = "notice"; }}
metric {{ name = "default"; actions {{ reject = 15; add_header = 6; greylist = 4; }} }}
worker "normal" {{ bind_socket = "127.0.0.1:{scan}"; count = 1; }}
worker "controller" {{
  count = 1;
{documented}
}}
"""
DOVECOT = """\
base_dir = {folder}/run
log_path = {folder}/dovecot.log
protocols =
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0s
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
{documented}
"""


def documented(language: str) -> str:
    """The block of this language in the how-to."""
    found = re.search(
        rf"^```{language}\n(.*?)^```", HOW_TO.read_text("utf-8"), re.DOTALL | re.MULTILINE
    )
    assert found, language
    return found[1]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def rspamd(folder: Path, scan: int, controller: int) -> Child:
    folder.mkdir()
    (folder / "tld").write_text("test\n")
    block = documented("rspamd").replace("11334", str(controller))
    text = RSPAMD.format(folder=folder, scan=scan, closed=free_port(), documented=block)
    (folder / "rspamd.conf").write_text(text)
    folder.chmod(0o777)
    child = start_child(
        "rspamd",
        ["rspamd", "-f", "-c", folder / "rspamd.conf", "-u", "_rspamd", "-g", "_rspamd"],
        folder / "rspamd.out",
    )
    child.wait_ready(answers(f"http://127.0.0.1:{controller}/metrics"), 90)
    return child


def dovecot(folder: Path, port: int) -> Child:
    folder.mkdir()
    (folder / "users").write_text("alice@ville-valmont.test:{PLAIN}juste\n")
    shutil.chown(folder / "users", group="dovecot")
    (folder / "users").chmod(0o640)
    block = documented("dovecot").replace("9900", str(port))
    (folder / "dovecot.conf").write_text(DOVECOT.format(folder=folder, documented=block))
    child = start_child(
        "Dovecot", ["dovecot", "-F", "-c", folder / "dovecot.conf"], folder / "dovecot.out"
    )
    child.wait_ready(answers(f"http://127.0.0.1:{port}/metrics"), 30)
    return child


class Exporter(BaseHTTPRequestHandler):
    """Our page: an account that submits ten messages a second, and a refused log-in each second."""

    def do_GET(self) -> None:
        now = int(time.monotonic())
        self.send_response(200)
        self.end_headers()
        self.wfile.write(
            f'mailqueue_submitted_messages_total{{member="valmont"}} {10 * now}\n'
            f'mailqueue_authentication_failures_total{{service="imap",member="valmont"}} {now}\n'
            f'mailqueue_authentication_failures_total{{service="submission",member=""}} {now}\n'
            f'mailqueue_authentication_failures_total{{service="smtp",member=""}} {now}\n'.encode()
        )

    def log_message(self, *_: object) -> None:
        """Quiet."""


def prometheus(folder: Path, ports: dict[str, int]) -> Child:
    folder.mkdir()
    text = (files("alertmanager") / "rules/mail_native.yml").read_text("utf-8")
    (folder / "mail_native.yml").write_text(text.replace("interval: 15s", "interval: 1s"))
    jobs = yaml.safe_load(documented("yaml"))
    for job in jobs:
        del job["static_configs"][:-1]  # one rspamd: that of the submissions
        job["static_configs"][0]["targets"] = [f"127.0.0.1:{ports[job['job_name']]}"]
    jobs.append(
        {
            "job_name": "vigie-exporter",
            "static_configs": [{"targets": [f"127.0.0.1:{ports['exporter']}"]}],
        }
    )
    configuration = {
        "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
        "rule_files": ["mail_native.yml"],
        "scrape_configs": jobs,
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    return launch_prometheus(folder, ports["prometheus"])


@pytest.fixture(scope="module")
def ports() -> Iterator[dict[str, int]]:
    """Everything runs, and mail and log-ins come in; the port of each."""
    names = ("rspamd", "scan", "dovecot", "prometheus")
    ports = {name: free_port() for name in names}
    server = ThreadingHTTPServer(("127.0.0.1", 0), Exporter)
    ports["exporter"] = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    children: list[Child] = []
    with tempfile.TemporaryDirectory(prefix="vigie-native-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        try:
            children.append(dovecot(folder / "dovecot", ports["dovecot"]))
            children.append(rspamd(folder / "rspamd", ports["scan"], ports["rspamd"]))
            # Dovecot shows a service from its first log-in on: a rate needs one before.
            traffic(ports, folder / "dovecot/dovecot.conf")
            children.append(prometheus(folder / "prometheus", ports))
            wait_until(lambda: bool(ask(ports, 'up{job="rspamd"} == 1')), "la mesure de rspamd")
            wait_until(lambda: bool(ask(ports, 'up{job="dovecot"} == 1')), "la mesure de Dovecot")
            traffic(ports, folder / "dovecot/dovecot.conf")
            yield ports
        finally:
            for child in reversed(children):
                child.stop()
            server.shutdown()
            server.server_close()


def traffic(ports: dict[str, int], dovecot_conf: Path) -> None:
    """One message of four is spam; one log-in succeeds, three fail."""
    for text in (SPAM, HONEST, HONEST, HONEST) * 3:
        requests.post(f"http://127.0.0.1:{ports['scan']}/checkv2", data=text, timeout=20)
    command = ["doveadm", "-c", str(dovecot_conf), "auth", "test", "-x"]
    for service, word in (("imap", "juste"), ("imap", "faux"), ("imap", "faux"), ("smtp", "faux")):
        subprocess.run(
            [*command, f"service={service}", "alice@ville-valmont.test", word],
            capture_output=True,
            timeout=60,
            check=False,
        )


def ask(ports: dict[str, int], query: str) -> list[dict[str, object]]:
    url = f"http://127.0.0.1:{ports['prometheus']}/api/v1/query"
    found: list[dict[str, object]] = requests.post(url, {"query": query}, timeout=5).json()["data"][
        "result"
    ]
    return found


def values(ports: dict[str, int], query: str, *labels: str) -> dict[tuple[str, ...], float]:
    """What `query` gives once it gives anything, by `labels`; no sample has other labels."""
    wait_until(lambda: bool(ask(ports, query)), query, 30)
    found = ask(ports, query)
    for sample in found:
        assert set(sample["metric"]) - {"__name__"} == set(labels)
    return {
        tuple(sample["metric"][label] for label in labels): float(sample["value"][1])
        for sample in found
    }


def test_the_actions_of_rspamd_come_out_by_host_and_direction(ports) -> None:
    actions = values(ports, "mail:rspamd_actions:rate5m > 0", "host", "direction", "action")
    assert set(actions) == {
        ("127.0.0.1", "submission", "reject"),
        ("127.0.0.1", "submission", "no action"),
    }


def test_a_quarter_of_authenticated_mail_is_judged_spam(ports) -> None:
    share = values(ports, "mail:submissions_judged_spam:ratio_rate5m", "host")
    assert share[("127.0.0.1",)] == pytest.approx(0.25, abs=0.02)
    assert values(ports, "mail:rspamd_spam:ratio_rate5m", "host", "direction") == {
        ("127.0.0.1", "submission"): share[("127.0.0.1",)]
    }


def test_what_rspamd_saw_stands_beside_what_was_submitted(ports) -> None:
    share = values(ports, "mail:submissions_filtered:ratio_rate5m", "host")
    assert share[("127.0.0.1",)] > 0


def test_refused_log_ins_of_dovecot_stand_beside_those_of_the_log(ports) -> None:
    refused = "mail:dovecot_log_in_failures:rate5m"
    values(ports, f'{refused}{{protocol="smtp"}} > 0', "host", "protocol")  # the last of them
    theirs = values(ports, f"{refused} > 0", "host", "protocol")
    assert theirs[("127.0.0.1", "imap")] > theirs[("127.0.0.1", "smtp")]
    ours = values(ports, "mail:log_in_failures:rate5m > 0", "host", "protocol")
    assert ours[("127.0.0.1", "smtp")] == pytest.approx(2 * ours[("127.0.0.1", "imap")])
    assert set(ours) == set(theirs)


def test_a_log_in_takes_the_time_that_dovecot_says(ports) -> None:
    assert values(ports, "mail:dovecot_log_in:seconds_rate5m", "host")[("127.0.0.1",)] > 0
