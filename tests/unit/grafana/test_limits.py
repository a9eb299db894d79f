"""The thresholds drawn on panels are those of the alert rules and of the detector."""

from __future__ import annotations

from importlib.resources import files

from dashboards.grafana import limits
from exporters.mailqueue.detector.score import PAGE, WATCH


def test_the_thresholds_are_those_of_the_alert_rules():
    folder = files("alertmanager").joinpath("rules")

    def mail_rules(name):
        return " ".join(folder.joinpath(f"mail_{name}.yml").read_text("utf-8").split())

    assert (limits.ACCOUNT_WATCH, limits.ACCOUNT_PAGE) == (WATCH, PAGE)
    spool, log = mail_rules("spool"), mail_rules("log")
    for what in ("bytes", "inodes"):
        assert f"spool_free_{what} < {limits.SPOOL_LEFT_RATIO} * mailqueue_spool_" in spool
    assert f"> {limits.CANARY_SLOW_SECONDS} for: 15m" in mail_rules("canary")
    assert f"> {limits.DEFERRED_RATIO} )" in mail_rules("delivery")
    assert f"mailqueue_log_lag_seconds > {limits.LOG_LAG_SECONDS}" in log
    assert f"last_line_timestamp_seconds > {limits.LOG_SILENCE_SECONDS})" in log
    assert f"> {limits.UNPARSED_RATIO} )" in log
    mail = mail_rules("queue")
    assert f"{limits.ACTIVE_QUEUE_RATIO} * mailqueue_active_limit_messages" in mail
    assert f'oldest_age_seconds{{queue="incoming"}} > {limits.INCOMING_AGE_SECONDS}' in mail
    backup = " ".join(folder.joinpath("backup.yml").read_text("utf-8").split())
    assert limits.BACKUP_AGE_RATIO == 1
    assert "time() - backup_job_newest_recovery_point_timestamp_seconds > on" in backup

    def rules(name):
        return " ".join(folder.joinpath(f"hypervisor_{name}.yml").read_text("utf-8").split())

    guests, storage = rules("guests"), rules("storage")
    assert f"guest:steal:ratio_rate5m > {limits.GUEST_STEAL_RATIO})" in guests
    assert f"guest_disk:latency:seconds_rate5m > {limits.GUEST_DISK_SECONDS} and" in guests
    assert f"> {limits.GUEST_FILESYSTEM_RATIO} )" in guests
    assert f"/ 86400 > {limits.SNAPSHOT_DAYS} )" in guests
    assert f"100 * (pool:available:ratio < {limits.POOL_LEFT_FEW})" in storage
    assert f"pool:available:ratio < {limits.POOL_LEFT_LITTLE} or" in storage
    assert f"/ 86400 < {limits.CERTIFICATE_DAYS}" in rules("hosts")
