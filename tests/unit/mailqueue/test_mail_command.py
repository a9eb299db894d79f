from __future__ import annotations

import argparse
import gzip
import json
from datetime import UTC, date, datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path

import pytest
from mail_syndicate.attacks import VARIANTS, attack
from mail_syndicate.days import at
from mail_syndicate.lines import line
from mail_syndicate.mails import Mail, events

from deploy.cli import mail
from deploy.cli.__main__ import main
from deploy.cli.mail import who
from deploy.cli.mail.reasons_text import REASONS
from exporters.mailqueue.accounts import keyed_label
from exporters.mailqueue.detector.score import WEIGHTS
from exporters.mailqueue.log.settings import LogSettings
from exporters.mailqueue.log_collector import LogCollector
from exporters.toolkit.collector import Context, Deadline

FIRST_OF_MAY = date(2026, 5, 1)
ACCOUNT = "agent7@ville-brecourt.test"


def _lines():
    usual = [
        Mail(at(date(2026, 4, 27 + day), 10 + hour), ACCOUNT, "10.1.1.9", ["ville-brecourt.test"])
        for day in range(4)
        for hour in range(5)
    ]
    stolen = attack(1, VARIANTS["burst, many networks"], at(FIRST_OF_MAY, 5), ACCOUNT)
    return [line(event) for event in events(1, [*usual, *stolen])]


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "mail.log"
    path.write_text("".join(_lines()))
    return path


def _json(capsys, *arguments):
    assert main(["mail", "analyse", "--json", *map(str, arguments)]) == 0
    return json.loads(capsys.readouterr().out)["detections"]


def test_the_attack_of_the_first_of_may_is_named(log, capsys):
    (found,) = _json(capsys, log)
    assert set(found) == {"time", "kind", "account", "score", "reasons"}
    assert (found["kind"], found["account"]) == ("compromised", ACCOUNT)
    assert "2026-05-01T05:00:00+02:00" <= found["time"] <= "2026-05-01T05:00:05+02:00"
    assert found["score"] >= 80
    assert found["reasons"]["networks"] > 0


def test_the_page_does_not_know_what_follows_it(log, tmp_path, capsys):
    """Cut just after the page the log gives the same page; just before it, none."""
    (found,) = _json(capsys, log)
    lines = _lines()
    short = tmp_path / "short.log"
    pages = []
    for count in range(len(lines) - len(lines) // 2, len(lines), len(lines) // 40):
        short.write_text("".join(lines[:count]))
        pages.append(_json(capsys, short))
    assert all(page in ([], [found]) for page in pages)


def test_files_may_be_compressed_and_in_any_order(log, tmp_path, capsys):
    whole = _json(capsys, log)
    lines = _lines()
    (tmp_path / "mail.log.1.gz").write_bytes(gzip.compress("".join(lines[:60]).encode()))
    log.write_text("".join(lines[60:]))
    assert _json(capsys, log, tmp_path / "mail.log.1.gz") == whole


def test_bsd_stamps_take_the_year_and_the_zone_and_run_over_new_year(tmp_path, capsys):
    def bsd(event, offset):
        stamp = datetime.fromtimestamp(event.time, timezone(timedelta(hours=offset)))
        return f"{stamp:%b} {stamp.day:2} {stamp:%H:%M:%S} {line(event).split(' ', 1)[1]}"

    usual = [
        Mail(at(date(2024, 12, day), 10), ACCOUNT, "10.1.1.9", ["ville-brecourt.test"])
        for day in (27, 30, 31)
    ]
    stolen = attack(1, VARIANTS["burst, many networks"], at(date(2025, 1, 1), 3), ACCOUNT)
    log = tmp_path / "mail.log"
    log.write_text("".join(bsd(event, 1) for event in events(1, [*usual, *stolen])))
    (found,) = _json(capsys, log, "--year", "2024", "--timezone", "Europe/Paris")
    assert found["time"].startswith("2025-01-01T03:00:0")
    assert found["time"].endswith("+01:00")


def test_the_text_is_a_timeline_in_french(log, capsys):
    assert main(["mail", "analyse", str(log)]) == 0
    text = capsys.readouterr().out
    assert "01/05/2026 05:00:0" in text
    assert f"compte détourné : {ACCOUNT}, score " in text
    assert "envoie depuis de nombreux réseaux à la fois" in text


def test_a_calm_log_says_so(tmp_path, capsys):
    log = tmp_path / "mail.log"
    log.write_text("".join(_lines()[:40]))
    assert main(["mail", "analyse", str(log)]) == 0
    assert capsys.readouterr().out == "Rien à signaler : ni compte détourné, ni engorgement.\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"", "aucun envoi, aucune remise"),
        (b"autre chose\n\xff\xfe\n", "forme inconnue : 2)"),
    ],
)
def test_a_log_of_something_else_does_not_pass_for_a_calm_one(tmp_path, capsys, text, said):
    log = tmp_path / "mail.log"
    log.write_bytes(text)
    assert _json(capsys, log) == []
    assert main(["mail", "analyse", str(log)]) == 0
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("name", ["mail.log.gz", "mail.log.bz2", "mail.log.xz"])
@pytest.mark.parametrize("spoilt", [b"\x1f\x8b\x08\x00" + b"\xff" * 300, b"mail"])
def test_a_spoilt_archive_is_an_error_that_names_it(tmp_path, capsys, name, spoilt):
    log = tmp_path / name
    log.write_bytes(spoilt)
    assert main(["mail", "analyse", str(log)]) == 2
    assert f"archive abîmée : {log}" in capsys.readouterr().err


def test_a_missing_log_is_an_error_that_names_it(tmp_path, capsys):
    assert main(["mail", "analyse", str(tmp_path / "absent.log")]) == 2
    assert "absent.log" in capsys.readouterr().err


def test_a_faulty_list_of_bulk_senders_is_refused_with_what_would_be_right(log, tmp_path, capsys):
    listed = tmp_path / "bulk.yml"
    listed.write_text("bulk_senders:\n  - {account: x y, ceiling: 0, expires: 2027-01-01}\n")
    assert main(["mail", "analyse", "--bulk-senders", str(listed), str(log)]) == 2
    said = capsys.readouterr().err
    assert "lettre@ville.fr" in said
    assert "ceiling" in said
    assert "reason" in said


@pytest.mark.parametrize("option", [["--year", "soon"], ["--timezone", "Mars/Olympus"]])
def test_a_wrong_option_is_refused_in_french(log, option, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["mail", "analyse", *option, str(log)])
    assert stopped.value.code == 2
    assert "attendu" in capsys.readouterr().err


NOW = datetime(2026, 5, 1, 3, 0, 30, tzinfo=UTC)


@pytest.fixture
def site(tmp_path):
    """An exporter's configuration over a log that ends with the attack, half a minute ago."""
    (tmp_path / "inventory.yml").write_text(
        (files("inventory") / "example.yml").read_text(encoding="utf-8")
    )
    (tmp_path / "mail.log").write_text("".join(_lines()))
    for queue in ("incoming", "active", "deferred", "hold", "corrupt", "maildrop"):
        (tmp_path / "spool" / queue).mkdir(parents=True)

    def write(more="", state=""):
        path = tmp_path / "exporter.yml"
        path.write_text(
            f"inventory: inventory.yml\n{state}\ncollectors:\n"
            f"  mailqueue: {{queue_directory: {tmp_path}/spool}}\n"
            f"  maillog: {{path: {tmp_path}/mail.log{more}}}\n"
        )
        return path

    return write


def _who(capsys, config, *words, status=0):
    arguments = argparse.Namespace(
        account=words[0] if words else None, config=config, format="json"
    )
    assert who.run(arguments, lambda: NOW) == status
    said = capsys.readouterr()
    return json.loads(said.out) if not status else said.err


def test_who_says_what_the_account_does_and_why_it_is_suspect(site, capsys):
    data = _who(capsys, site(), ACCOUNT.upper())
    assert data["account"] == ACCOUNT
    assert data["score"] >= 80
    assert data["reasons"]["networks"] > 0
    assert data["abnormal_since"].startswith("2026-05-01T05:00:0")
    assert len([n for n in data["networks"] if not n["known"]]) > 3
    assert {w["seconds"] for w in data["windows"]} == {120, 600, 3600, 86_400}
    assert data["windows"][2]["recipients"] > 10 * data["windows"][2]["usual_recipients"]
    assert data["domains"]
    assert data["queue"] == {
        "messages": 0, "recipients": 0, "all_messages": 0, "attributed": 0,
        "held": 0, "held_since": None,
    }  # fmt: skip
    assert data["learnt"] is False


def test_who_alone_ranks_the_suspects(site, capsys):
    (first, *_) = _who(capsys, site())["accounts"]
    assert first["account"] == ACCOUNT
    assert first["compromised_since"]


def test_who_goes_on_from_the_exporter_s_state_and_knows_what_is_usual(
    site, tmp_path, capsys, example_inventory
):
    config = site(state="state_directory: state")
    (tmp_path / "state" / "maillog").mkdir(parents=True)
    log = tmp_path / "mail.log"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:-50]))
    context = Context(example_inventory, lambda: NOW, tmp_path / "state" / "maillog")
    collector = LogCollector(LogSettings(path=log), context)
    list(collector.collect(Deadline.after(60)))
    collector.close()
    saved = log.read_text()
    log.write_text("".join(lines))
    assert log.read_text().startswith(saved)
    data = _who(capsys, config, ACCOUNT)
    assert data["learnt"] is True
    assert data["last_submission"] == _who(capsys, site(), ACCOUNT)["last_submission"]
    assert _who(capsys, config)["accounts"][0]["account"] == ACCOUNT


def test_who_finds_the_account_behind_a_keyed_label(site, tmp_path, capsys):
    key = tmp_path / "labels.key"
    key.write_text("k" * 32)
    key.chmod(0o600)
    config = site(f", account_labels: keyed, label_key_file: {key}")
    label = keyed_label(b"k" * 32)(ACCOUNT)
    assert _who(capsys, config, label)["account"] == ACCOUNT
    assert "n'a ce nom" in _who(capsys, config, "a:000000000000", status=2)
    assert "keyed" in _who(capsys, site(), label, status=2)


def test_who_reads_several_logs_in_the_order_of_time(site, tmp_path, capsys):
    whole = _who(capsys, site(), ACCOUNT)
    lines = (tmp_path / "mail.log").read_text().splitlines(keepends=True)
    (tmp_path / "mail.log").write_text("".join(line for line in lines if "/qmgr[" not in line))
    (tmp_path / "other.log").write_text("".join(line for line in lines if "/qmgr[" in line))
    again = _who(capsys, site(f", also: [{tmp_path}/other.log]"), ACCOUNT)
    assert again["windows"] == whole["windows"]


def test_who_in_french_is_short_and_leads_to_contain(site, capsys):
    arguments = argparse.Namespace(account=ACCOUNT, config=site(), format="text")
    assert who.run(arguments, lambda: NOW) == 0
    said = capsys.readouterr()
    assert said.out.startswith(f"{ACCOUNT} : DÉTOURNÉ, score ")
    assert "envoie depuis de nombreux réseaux à la fois" in said.out
    assert f"vigie mail contain {ACCOUNT}" in said.out
    assert len(said.out.splitlines()) < 40
    assert "aucun state_directory" in said.err


def test_an_account_never_seen_is_said_to_be_so(site, capsys):
    assert "jamais vu" in _who(capsys, site(), "nul@ville-brecourt.test", status=1)
    assert "n'est pas un compte" in _who(capsys, site(), "a\nb", status=2)


def test_every_reason_has_its_words():
    assert set(WEIGHTS) | {"backstop"} <= set(REASONS)


def test_the_reference_names_every_action_and_option():
    page = (Path(__file__).parents[3] / "docs/reference/mail-command.md").read_text()
    parser = argparse.ArgumentParser()
    mail.configure(parser)
    (actions,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    for name, action in actions.choices.items():
        assert f"`vigie mail {name}" in page
        if name == "analyse":  # has a page of its own
            continue
        for option in action._option_string_actions:
            assert option in ("-h", "--help") or f"`{option}" in page, (name, option)
