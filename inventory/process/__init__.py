"""What every process of Vigie does alike: flags, a clock, logs, listening, a clean start and end.

Only the standard library: a host that only measures has no web framework.
"""

from inventory.process.clock import Clock, clock_starting_at, system_clock
from inventory.process.extra import run_with_extra
from inventory.process.flags import add_clock_flag, add_process_flags, clock_of
from inventory.process.french_parser import FrenchParser, flag_value
from inventory.process.listen import ListenError, address_of, bind, listen
from inventory.process.logs import Log, configure_logs, get_logger
from inventory.process.serve import serve_until_stopped
from inventory.process.signals import SignalInbox
from inventory.process.start import EXIT_BAD_CONFIGURATION, EXIT_CANNOT_RUN, refuse_to_start
from inventory.process.web_process import Listening, WebProcess

__all__ = [
    "EXIT_BAD_CONFIGURATION",
    "EXIT_CANNOT_RUN",
    "Clock",
    "FrenchParser",
    "ListenError",
    "Listening",
    "Log",
    "SignalInbox",
    "WebProcess",
    "add_clock_flag",
    "add_process_flags",
    "address_of",
    "bind",
    "clock_of",
    "clock_starting_at",
    "configure_logs",
    "flag_value",
    "get_logger",
    "listen",
    "refuse_to_start",
    "run_with_extra",
    "serve_until_stopped",
    "system_clock",
]
