"""Where a panel changes colour: the thresholds of the alert rules, in one place.

A test compares each of them with alertmanager/rules/.
"""

from __future__ import annotations

ACTIVE_QUEUE_RATIO = 0.9
"""MailQueueJammed: share of the queue manager's active limit."""

INCOMING_AGE_SECONDS = 300
"""MailQueueJammed: age of the oldest message of `incoming`."""

ACCOUNT_WATCH, ACCOUNT_PAGE = 65, 80
"""The detector: score from which nothing is learnt as usual, and at which someone is woken."""

SPOOL_LEFT_RATIO = 0.05
"""MailSpoolFilling: share of the disk, or of the inodes, that is left."""

CANARY_SLOW_SECONDS = 60
"""MailCanarySlow: mean time from sending to reading."""

DEFERRED_RATIO = 0.5
"""MailDeliveryFailing: share of the deliveries that is put off."""

UNPARSED_RATIO = 0.05
"""MailLogUnparsed: share of the lines of the log that are not understood."""

LOG_LAG_SECONDS, LOG_SILENCE_SECONDS = 120, 900
"""MailLogLate, MailLogSilent: age of the last line read."""

BACKUP_AGE_RATIO = 1.0
"""BackupTooOld: age of the last success over the declared maximum."""

GUEST_STEAL_RATIO = 0.1
"""HypervisorCpuSteal: share of the time a guest's virtual processors wait."""

GUEST_DISK_SECONDS = 0.1
"""HypervisorDiskSlow: mean time of a request."""

GUEST_FILESYSTEM_RATIO = 0.95
"""HypervisorGuestFilesystemFull: share of a guest's file system in use."""

SNAPSHOT_DAYS = 7
"""HypervisorSnapshotTooOld: age of the oldest snapshot."""

POOL_LEFT_FEW, POOL_LEFT_LITTLE = 0.2, 0.05
"""HypervisorPoolOvercommitted, HypervisorPoolFilling: share of a pool that is left."""

CERTIFICATE_DAYS = 21
"""HypervisorCertificateExpiring: days left."""
