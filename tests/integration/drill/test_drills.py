"""The acceptance test: the drill of 1 May through the installed `vigie`, on real servers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.estate.ports import free_base

VIGIE = Path(sys.executable).with_name("vigie")


def run(folder: Path, *arguments: str) -> tuple[int, dict, str]:
    folder.mkdir(exist_ok=True)
    report = folder / "rapport.json"
    done = subprocess.run(
        [
            VIGIE, "drill", *arguments, "--report", report,
            "--folder", folder / "d", "--port-base", str(free_base()),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    text = done.stdout + done.stderr
    written = report.read_text() if report.exists() else ""
    return done.returncode, json.loads(written or "{}"), text


@pytest.mark.series
@pytest.mark.timeout(3600)
def test_the_duty_engineer_is_told_of_the_stolen_account_within_45_seconds(
    open_folder, long, record_property
):
    """One drill by default, five out of five with --long."""
    for number in range(5 if long else 1):
        code, report, text = run(open_folder / str(number), "premier-mai")
        assert code == 0, text
        steps = " ".join(f"{step}={at}" for step, at in report["seconds"].items())
        record_property("series", f"premier-mai {number + 1}: {steps} {report['honest_mail']}")
        assert report["ok"]
        assert report["account"] == "m.lefevre@ville-valmont.test"
        assert report["paged"] == ["nadia.benali"]
        assert "1er mai" in report["why_paged"]
        assert "jour férié" in report["why_paged"]
        assert report["seconds"]["sms_delivered"] <= 45
        assert report["sms_segments"] <= 2
        for word in ("m.lefevre@ville-valmont.test", "Valmont-sur-Lys", "OK"):
            assert word in report["sms"]
        assert report["false_pages"] == 0
        assert report["empty_panels"] == []
        assert report["lost_canaries"] == []
        assert report["scrape_seconds"] < 0.5


@pytest.mark.series
@pytest.mark.timeout(1200)
def test_ordinary_mail_alone_pages_nobody(open_folder, long, record_property):
    """One minute by default, the ten of the issue with --long."""
    code, report, text = run(open_folder, "calme", "--minutes", "10" if long else "1")
    assert code == 0, text
    assert report["pages"] == 0
    assert report["sms"] == 0
    assert report["sent"] > report["seconds"]
    record_property("series", f"calme: {report['sent']} mails, {report['pages']} pages")


@pytest.mark.series
@pytest.mark.timeout(1800)
def test_every_mail_attack_is_named_and_nobody_else(open_folder, long, record_property):
    """A drip and a burst during a newsletter by default; all seven with --long."""
    steps = [] if long else ["--steps", "goutte,lettre"]
    code, report, text = run(open_folder, "messagerie", *steps)
    record_property("series", text[text.find("Exercice") :].strip())
    assert code == 0, text
    assert len(report["steps"]) == (7 if long else 2)
    assert report["faults"] == []
    assert report["false_pages"] == 0
