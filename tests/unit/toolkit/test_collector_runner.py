import threading

import pytest
from prometheus_client.core import GaugeMetricFamily

from exporters.toolkit.collector import CollectorError, Deadline, NoData
from exporters.toolkit.runner import Runner

UP = GaugeMetricFamily("up", "Up.", value=1)


def soon(seconds: float = 5.0) -> Deadline:
    return Deadline.after(seconds)


def once(runner: Runner, seconds: float = 5.0):
    deadline = soon(seconds)
    return runner.finish(runner.begin(deadline), deadline)


def test_a_collection_gives_its_families_and_its_duration(collector):
    outcome = once(Runner("one", lambda: collector(lambda _: [UP])))
    assert (outcome.name, outcome.error, len(outcome.families)) == ("one", "", 1)
    assert outcome.duration >= 0


def fail(error):
    def work(_):
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CollectorError("source fermée"), "source fermée"),
        (ValueError("odd"), "ValueError: odd (test_collector_runner.py:"),
        (SystemExit(3), "SystemExit: 3"),
    ],
)
def test_whatever_is_raised_becomes_one_line(collector, error, words):
    assert words in once(Runner("one", lambda: collector(fail(error)))).error


def test_nothing_to_say_is_no_failure(collector):
    outcome = once(Runner("one", lambda: collector(fail(NoData("vide")))))
    assert (outcome.error, outcome.families) == ("", [])


def test_a_failed_collector_may_still_say_that_its_source_is_down(collector):
    outcome = once(Runner("one", lambda: collector(fail(CollectorError("fermée", families=[UP])))))
    assert (outcome.error, [family.name for family in outcome.families]) == ("fermée", ["up"])
    rubbish = once(Runner("one", lambda: collector(fail(CollectorError("x", families=[3])))))
    assert "non un Metric" in rubbish.error


def test_a_collector_that_gives_rubbish_has_failed(collector):
    assert "non un Metric" in once(Runner("one", lambda: collector(lambda _: [3]))).error


def test_a_hung_call_is_not_started_again_and_not_waited_for_twice(collector):
    release, calls = threading.Event(), []

    def work(_):
        calls.append(1)
        release.wait(10)
        return [UP]

    runner = Runner("one", lambda: collector(work))
    assert once(runner, 0.05).error == "pas de réponse dans le délai"
    late = once(runner, 5)  # the overdue call is known to hang: no further wait
    assert (late.error, late.duration < 2) == ("pas de réponse dans le délai", True)
    run = runner.begin(soon())
    release.set()
    run.done.wait(5)
    assert len(calls) == 1
    assert once(runner).error == ""
    assert len(calls) == 2


def test_two_scrapes_share_the_call_in_progress(collector):
    release = threading.Event()
    runner = Runner("one", lambda: collector(lambda _: release.wait(10) and [UP]))
    deadline = soon()
    first, second = runner.begin(deadline), runner.begin(deadline)
    assert first is second
    release.set()
    assert runner.finish(second, deadline).error == ""


def test_an_endless_collector_is_stopped_at_its_deadline(collector):
    def work(deadline):
        while True:
            yield UP

    assert once(Runner("one", lambda: collector(work)), 0.05).error
    # Its thread ends: the collector is usable again, not stuck for ever.
    runner = Runner("one", lambda: collector(work))
    run = runner.begin(soon(0.05))
    assert run.done.wait(5)


def test_a_build_that_fails_is_tried_again(collector):
    tries = []

    def build():
        tries.append(1)
        if len(tries) == 1:
            raise OSError("pas encore")
        return collector(lambda _: [UP])

    runner = Runner("one", build)
    run = runner.prepare(soon())
    assert run.done.wait(5)
    assert isinstance(run.exception, OSError)
    assert once(runner).error == ""
    assert once(runner).error == ""
    assert len(tries) == 2


def test_closing_closes_once_built_and_tells_what_went_wrong(collector):
    closed = []
    runner = Runner("one", lambda: collector(lambda _: [], lambda: closed.append(1)))
    assert runner.close(soon()) == ""
    assert closed == []
    once(runner)
    assert runner.close(soon()) == ""
    assert closed == [1]
    bad = Runner("two", lambda: collector(lambda _: [], lambda: 1 / 0))
    once(bad)
    assert "ZeroDivisionError" in bad.close(soon())


def test_closing_leaves_a_hung_collector_behind(collector):
    release = threading.Event()
    runner = Runner("one", lambda: collector(lambda _: release.wait(10) and []))
    runner.begin(soon(0.01))
    assert runner.close(soon(0.05)) == "toujours occupé, abandonné"
    release.set()


def test_a_thread_that_cannot_be_started_is_a_failure(collector, monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    runner = Runner("one", lambda: collector(lambda _: []))
    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert "can't start new thread" in once(runner).error


def test_an_impatient_scrape_does_not_spoil_the_one_that_shares_its_call(collector):
    joined = threading.Event()

    def work(deadline):
        joined.wait(10)
        threading.Event().wait(0.2)  # longer than the first one's deadline
        yield UP if deadline.remaining() > 0 else None

    runner = Runner("one", lambda: collector(work))
    short, long = soon(0.1), soon(5)
    impatient, patient = runner.begin(short), runner.begin(long)
    joined.set()
    assert runner.finish(impatient, short).error == "pas de réponse dans le délai"
    outcome = runner.finish(patient, long)
    assert (outcome.error, len(outcome.families)) == ("", 1)


def test_a_scrape_during_the_build_gets_families_not_an_empty_success(collector):
    release = threading.Event()

    def build():
        release.wait(10)
        return collector(lambda _: [UP])

    runner = Runner("one", build)
    runner.prepare(soon())
    deadline = soon()
    run = runner.begin(deadline)
    release.set()
    outcome = runner.finish(run, deadline)
    assert (outcome.error, len(outcome.families)) == ("", 1)
