"""Detection over weeks of a 6,000-user syndicate: false pages, and each theft (run with -s)."""

from __future__ import annotations

import gc
import json
import time
import tracemalloc
from datetime import date, timedelta

import pytest
from mail_syndicate.attacks import backscatter
from mail_syndicate.days import actions, at
from mail_syndicate.lines import line
from mail_syndicate.mails import SlowRelay, events
from mail_syndicate.trial import SEED, Trial

from deploy.cli.__main__ import main
from exporters.mailqueue.log.messages import Messages

# A Monday and the pay. Thirty: Easter's end to Ascension, 1 and 8 May.
SAMPLE = (date(2026, 4, 27), 2, 2500)
WHOLE = (date(2026, 4, 13), 30, 6000)
ACCOUNT_BYTES = 7500
"""With the caches of addresses, which are of all accounts: under 16,384 entries each."""


@pytest.mark.series
@pytest.mark.timeout(3600)
def test_every_theft_is_named_in_time_and_hardly_anyone_else(long, record_property):
    first, days, users = WHOLE if long else SAMPLE
    trial = Trial(users)
    began = time.process_time()
    false = trial.read(first, days)
    spent = time.process_time() - began
    day = first + timedelta(days=days)
    outcomes, others = trial.attacked(day, trial.thefts(day))
    start = at(day, 10)
    _, jammed = trial.attacked(day, [], SlowRelay(start, start + 1800))
    _, returned = trial.attacked(day, [], also=backscatter(SEED, start))

    rows = [f"{days} days, {users} users, {spent:.0f} s CPU: {len(false)} false pages"]
    rows += [f"    {page}" for page in false]
    score, account, reasons = trial.highest
    rows += [f"the highest score of these days: {score} ({account}: {reasons})"]
    rows += [f"{'theft':<68} {'seconds':>8} {'recipients before':>18} {'highest':>8}"]
    for outcome in outcomes:
        delay = "missed" if outcome.delay is None else outcome.delay
        rows.append(
            f"{outcome.theft.name:<68} {delay:>8} {outcome.recipients:>18} {outcome.score:>8}"
        )
    rows += [f"{'jam by a slow relay':<68} {jammed[0].time - start if jammed else 'missed':>8}"]
    record_property("series", "\n".join(rows))

    assert len(false) <= 1
    assert [page for page in others if page.kind == "compromised"] == []
    for outcome in outcomes:
        assert outcome.delay is not None, outcome
        assert outcome.delay <= (7200 if outcome.theft.variant.drip else 5), outcome
        assert outcome.theft.variant.drip or outcome.recipients < 500, outcome
    assert [page.kind for page in jammed] == ["jam"]
    assert returned == []


@pytest.mark.series
def test_the_detector_costs_little_and_keeps_little(long, record_property):
    trial = Trial(6000 if long else 1500)
    first, *_ = SAMPLE
    log = events(SEED, actions(SEED, trial.syndicate, first))
    join = Messages()
    gc.collect()
    began = time.process_time()
    for event in log:
        join.take(event)
    joined = time.process_time() - began
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    trial.read(first, 1)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    accounts = sum(1 for key, _ in trial.analysis.detector.changes() if "@" in key)
    analysis = Trial(len(trial.syndicate.users)).analysis
    began = time.process_time()
    for event in log:
        analysis.feed(event)
    spent = time.process_time() - began
    each = (after - before) / accounts
    record_property(
        "series",
        f"{len(log)} events of a Monday: {1e6 * spent / len(log):.1f} us each, the join"
        f" {1e6 * joined / len(log):.1f}; {accounts} accounts, {each:.0f} bytes each",
    )
    assert each < ACCOUNT_BYTES
    assert spent < 60 * joined


def test_the_command_says_over_the_log_what_the_detector_said_of_the_events(tmp_path, capsys):
    trial = Trial(users=400)
    first = date(2026, 4, 30)
    log = tmp_path / "mail.log"
    with log.open("w", encoding="utf-8") as file:
        for number in range(2):
            day = first + timedelta(days=number)
            made = events(day.toordinal(), actions(SEED, trial.syndicate, day))
            file.writelines(line(event) for event in made)
    bulk = tmp_path / "bulk.yml"
    bulk.write_text(
        json.dumps(
            {
                "bulk_senders": [
                    {
                        "account": sender.account,
                        "ceiling": 8000,
                        "expires": "2030-01-01",
                        "reason": "lettre",
                    }
                    for sender in trial.syndicate.newsletters
                ]
            }
        )
    )
    assert main(["mail", "analyse", "--json", "--bulk-senders", str(bulk), str(log)]) == 0
    found = json.loads(capsys.readouterr().out)["detections"]
    assert [row["account"] for row in found] == [page.account for page in trial.read(first, 2)]
