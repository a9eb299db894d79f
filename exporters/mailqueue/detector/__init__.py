"""Names the compromised account: windows, own baseline, a published score. No I/O, no clock."""

from exporters.mailqueue.detector.analysis import Analysis
from exporters.mailqueue.detector.bulk_senders import BulkSender, BulkSenders
from exporters.mailqueue.detector.report import (
    Detection,
    NetworkView,
    Standing,
    View,
    WindowView,
)
from exporters.mailqueue.detector.watch import Detector

__all__ = [
    "Analysis",
    "BulkSender",
    "BulkSenders",
    "Detection",
    "Detector",
    "NetworkView",
    "Standing",
    "View",
    "WindowView",
]
