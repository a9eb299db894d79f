"""What every process of Vigie does alike: a clock, logs, a clean refusal to start."""

from inventory.process.clock import Clock, clock_starting_at, system_clock
from inventory.process.extra import run_with_extra
from inventory.process.logs import configure_logs
from inventory.process.start import EXIT_BAD_CONFIGURATION, refuse_to_start

__all__ = [
    "EXIT_BAD_CONFIGURATION",
    "Clock",
    "clock_starting_at",
    "configure_logs",
    "refuse_to_start",
    "run_with_extra",
    "system_clock",
]
