"""However a log is written, rotated and read, the numbers are those of a plain count."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exporters.toolkit.collector import Deadline

# Where writing through to the disk costs nothing: the state is saved at each stop.
MEMORY = Path("/dev/shm")
STAMP = "Nov 24 13:59:30 mx1 "
ACCOUNTS = ("agnes@ville-valmont.test", "Bob@Ville-Valmont.TEST", "x@ailleurs.test", "root", "a b")
QUEUE_IDS = st.sampled_from(["4A1", "4A2", "4A3", "4A4", "4A5"])

client = st.builds(
    "{0}postfix/{1}/smtpd[7]: {2}: client=x[{3}], sasl_method=PLAIN, sasl_username={4}".format,
    st.just(STAMP),
    st.sampled_from(["submission", "smtps", "a-b"]),
    QUEUE_IDS,
    st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1", "unknown"]),
    st.sampled_from(ACCOUNTS),
)
active = st.builds(
    "{0}postfix/qmgr[8]: {1}: from=<{2}>, size=9, nrcpt={3} (queue active)".format,
    st.just(STAMP),
    QUEUE_IDS,
    st.sampled_from(["a@b.test", "", "x>, size=1, nrcpt=900 (queue active)"]),
    st.integers(1, 99),
)
other = st.sampled_from(
    [
        f"{STAMP}postfix/smtpd[7]: warning: x[192.0.2.9]: SASL LOGIN authentication failed: no",
        f"{STAMP}postfix/qmgr[8]: 4A1: removed",
        f"{STAMP}postfix/smtp[9]: 4A1: to=<a@b.test>, status=sent (nrcpt=3, sasl_username=x)",
        "no stamp at all",
        "",
    ]
)
lines_of_a_log = st.lists(client | active | other, max_size=40)


def plain_count(lines: list[str]) -> tuple[Counter[str], Counter[str]]:
    """(messages, recipients) by domain: one line after the other, with one regular expression."""
    messages: Counter[str] = Counter()
    recipients: Counter[str] = Counter()
    waiting: dict[str, str] = {}
    for line in lines:
        if found := re.search(r"smtpd\[7\]: (\w+): client=.*sasl_username=(.*)$", line):
            domain = found[2].lower().rpartition("@")[2]
            messages[domain] += 1
            waiting[found[1]] = domain
            continue
        found = re.search(r"qmgr\[8\]: (\w+): from=.* nrcpt=(\d+) \(queue active\)$", line)
        if gone := re.search(r"qmgr\[8\]: (\w+): removed$", line):
            waiting.pop(gone[1], None)
        if found and found[1] in waiting:
            recipients[waiting.pop(found[1])] += int(found[2])
    return messages, recipients


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(lines=lines_of_a_log, steps=st.lists(st.integers(0, 5), max_size=12), data=st.data())
def test_any_log_written_and_rotated_in_any_way_is_counted_once(collector_of, lines, steps, data):
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
        log, state = Path(folder) / "mail.log", Path(folder) / "state"
        state.mkdir()
        log.touch()
        collector = collector_of(log, state)
        text, rotated = "".join(f"{line}\n" for line in lines).encode(), 0
        for step in [*steps, 0, 0, 0]:
            if step <= 2:  # some bytes more, rarely at the end of a line
                size = data.draw(st.integers(0, len(text)))
                with log.open("ab") as file:
                    file.write(text[:size])
                text = text[size:]
            elif step == 3:  # read by a scrape, by a new process if the last one was stopped
                collector = collector or collector_of(log, state)
                list(collector.collect(Deadline.after(5)))
            elif step == 4 and log.read_bytes().endswith(b"\n"):  # rotated by rename
                rotated += 1
                log.rename(log.with_name(f"mail.log.{rotated}"))
                log.touch()
            elif step == 5 and collector:  # the exporter stops
                collector.close()
                collector = None
        with log.open("ab") as file:
            file.write(text)
        collector = collector or collector_of(log, state)
        list(collector.collect(Deadline.after(5)))
        values = {
            (sample.name, sample.labels.get("member")): sample.value
            for family in collector.collect(Deadline.after(5))
            for sample in family.samples
        }
        collector.close()
    messages, recipients = plain_count(lines)
    total = "mailqueue_submitted_{}_total".format
    assert values[total("messages"), "valmont"] == messages["ville-valmont.test"]
    assert values[total("recipients"), "valmont"] == recipients["ville-valmont.test"]
    elsewhere = sum(messages.values()) - messages["ville-valmont.test"]
    assert values[total("messages"), ""] == elsewhere
    assert values["mailqueue_log_lines_total", None] == len(lines)
