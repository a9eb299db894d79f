"""A process that serves HTTP, from its command line to its exit status."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

from inventory.config.address import ListenAddress
from inventory.config.errors import ConfigurationError
from inventory.process.clock import Clock
from inventory.process.flags import add_clock_flag, add_process_flags, clock_of
from inventory.process.french_parser import FrenchParser
from inventory.process.listen import ListenError, address_of, listen
from inventory.process.logs import configure_logs, get_logger
from inventory.process.start import EXIT_CANNOT_RUN, refuse_to_start

C = TypeVar("C")


@dataclass(frozen=True)
class Listening:
    """A socket that listens, and the address that was asked for, with the port it really has."""

    socket: socket.socket
    address: ListenAddress


@dataclass(frozen=True)
class WebProcess(Generic[C]):
    """What one process has of its own; `main` is what all have in common."""

    name: str
    description: str
    file: str
    load: Callable[[Path], C]
    """The configuration at a path. It raises ConfigurationError."""
    address: Callable[[C], ListenAddress]
    """Where the configuration says to listen."""
    run: Callable[[C, Listening, Clock], int]
    """Serve until asked to stop; return the exit status. The socket is closed afterwards."""

    def main(self, arguments: Sequence[str] | None = None) -> int:
        """Exit status: that of `run`, 1 if it cannot listen, 2 if the configuration is wrong."""
        parser = FrenchParser(self.name, self.description)
        add_process_flags(parser, self.file)
        add_clock_flag(parser)
        flags = parser.parse_args(arguments)
        configure_logs(flags.level, flags.form)
        try:
            config = self.load(flags.config)
        except ConfigurationError as error:
            refuse_to_start(error)
        if flags.check:
            print(f"{flags.config} : configuration valide.")
            return 0
        clock = clock_of(flags)
        wanted: ListenAddress = flags.listen or self.address(config)
        try:
            bound = listen(wanted)
        except ListenError as error:
            print(error, file=sys.stderr)
            return EXIT_CANNOT_RUN
        log = get_logger(self.name.replace("-", "."))
        with bound:
            address = replace(wanted, port=address_of(bound).port)
            log.info("listening", address=str(address))
            status = self.run(config, Listening(bound, address), clock)
        log.info("stopped")
        return status
