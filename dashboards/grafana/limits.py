"""Where a panel changes colour: the thresholds of the alert rules, in one place.

A test compares each of them with alertmanager/rules/.
"""

from __future__ import annotations

ACTIVE_QUEUE_RATIO = 0.9
"""MailQueueJammed: share of the queue manager's active limit."""

INCOMING_AGE_SECONDS = 300
"""MailQueueJammed: age of the oldest message of `incoming`."""

FEW_RECIPIENTS = 150
"""MailAccountFlooding: recipients in 2 minutes, when they come from several addresses."""

MANY_RECIPIENTS = 600
"""MailAccountFlooding: recipients in 2 minutes, from anywhere."""

CLIENT_ADDRESSES = 4
"""MailAccountFlooding: distinct client addresses in 2 minutes."""

BACKUP_AGE_RATIO = 1.0
"""BackupTooOld: age of the last success over the declared maximum."""
