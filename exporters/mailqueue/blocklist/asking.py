"""Asks a resolver about an address on a list."""

from __future__ import annotations

from collections.abc import Sequence

import dns.exception
import dns.nameserver
import dns.resolver

from exporters.mailqueue.blocklist.names import Address, query_name
from exporters.mailqueue.blocklist.settings import ListEntry
from exporters.mailqueue.blocklist.verdict import CLEAN, Verdict, verdict
from inventory.config import ListenAddress, read_secret

_REASON_LENGTH = 200


class Asking:
    """One round's questions: the system's resolvers are read anew for each round."""

    def __init__(self, resolvers: Sequence[ListenAddress], timeout: float) -> None:
        self._timeout = timeout
        try:
            self._resolver = dns.resolver.Resolver(configure=not resolvers)
        except dns.resolver.NoResolverConfiguration:
            self._resolver = dns.resolver.Resolver(configure=False)  # then every query says so
        if resolvers:
            self._resolver.nameservers = [
                dns.nameserver.Do53Nameserver(one.host, one.port) for one in resolvers
            ]

    def about(self, address: Address, block_list: ListEntry) -> Verdict:
        """What the list says of the address. Anything but an answer is an error."""
        try:
            answers = self._query(_name(address, block_list), "A")
        except dns.resolver.NXDOMAIN:
            return CLEAN
        except dns.resolver.LifetimeTimeout:
            return Verdict("error", f"pas de réponse en {self._timeout:g} s")
        except dns.resolver.NoNameservers as error:
            return Verdict("error", _refusals(error))
        except (dns.exception.DNSException, OSError) as error:
            return Verdict("error", f"question DNS impossible ({type(error).__name__})")
        except ValueError as error:  # the key file
            return Verdict("error", str(error))
        return verdict(answers, block_list.error_answers)

    def reason(self, address: Address, block_list: ListEntry) -> str:
        """What the list says about its listing, for the log; empty when it says nothing."""
        try:
            texts = self._query(_name(address, block_list), "TXT")
        except (dns.exception.DNSException, OSError, ValueError):
            return ""
        text = " ".join(texts)[:_REASON_LENGTH]
        return "".join(sign if sign.isprintable() else "?" for sign in text)

    def _query(self, name: str, kind: str) -> list[str]:
        answer = self._resolver.resolve(
            name, kind, search=False, lifetime=self._timeout, raise_on_no_answer=False
        )
        return [record.to_text() for record in answer.rrset or ()]


def _name(address: Address, block_list: ListEntry) -> str:
    zone = block_list.zone
    if block_list.key_file is not None:
        zone = f"{read_secret(block_list.key_file).get_secret_value()}.{zone}"
    return query_name(address, zone)


def _refusals(error: dns.resolver.NoNameservers) -> str:
    # Not the error's own words: they hold the name asked, with the key of the list.
    errors = error.kwargs.get("errors") or []
    codes = dict.fromkeys(str(one[3]) for one in errors)
    return f"réponse du résolveur : {', '.join(codes)}"[:300] if codes else "aucun résolveur"
