"""Why mail is refused, put off or returned: a fixed set of classes. Pure.

The table is explained in docs/reference/collectors/mail-reasons.md.
"""

from __future__ import annotations

import re
from functools import lru_cache

UNKNOWN_USER = "unknown_user"
OTHER = "other"

CODES: dict[str, tuple[bytes, ...]] = {
    UNKNOWN_USER: (b"5.1.1", b"5.1.3", b"5.1.6", b"5.1.10"),
    "mailbox_full": (b"4.2.2", b"5.2.2"),
    "mailbox_disabled": (b"4.2.1", b"5.2.1"),
    "sender_authentication": tuple(
        b"%d.7.%d" % (kind, detail) for kind in (4, 5) for detail in range(20, 27)
    ),
    "rate_limited": (b"4.5.3", b"5.5.3", b"4.7.28", b"5.7.28"),
    "dns": (
        b"4.1.2", b"5.1.2", b"4.1.8", b"5.1.8", b"4.4.3", b"5.4.3", b"4.4.4", b"5.4.4", b"5.7.27",
    ),
    "connection": (b"4.4.1", b"4.4.2", b"5.4.2"),
    "tls": (b"4.7.4", b"5.7.4", b"4.7.5", b"5.7.5", b"4.7.10", b"5.7.10"),
    "too_large": (b"4.2.3", b"5.2.3", b"4.3.4", b"5.3.4"),
    "loop": (b"4.4.6", b"5.4.6"),
}  # fmt: skip
"""Enhanced status codes (RFC 3463, 7372) that say the reason whatever the text beside them is."""

WORDS: dict[str, str] = {
    "greylisted": r"gr[ea]ylist|postgrey|\A(?:\d{3} )?(?:4\.\d\.\d )?try again later",
    "relay_denied": r"relay access denied|relaying denied|unable to relay"
    r"|(?:not permitted|refus\w+) to relay|relay(?:ing)? not (?:permitted|allowed)"
    r"|relaying is prohibited",
    "sender_authentication": r"\b(?:spf|dkim|dmarc)\b|sender is unauthenticated",
    "blocklisted": r"blocked using|black ?list|block ?list|spamhaus|spamcop|barracuda|dnsbl|\brbl\b"
    r"|listed (?:at|by|in)|low reputation|(?:bad|poor) reputation|banned sending ip"
    r"|too many spams from your ip|\(s3(?:140|150)\)|traffic not accepted from this ip"
    r"|because the ip is in|ofr_?(?:005|506b|999)|service refuse\b",
    "rate_limited": r"rate.?limit|throttl|too many (?:mes|mail|conn|concurrent|recip|err|rec)"
    r"|too much mail|slow down|trop de (?:connexions|messages)|unusual rate|unexpected volume"
    r"|(?:limit|threshold|quota) (?:was |is )?exceeded for (?:the )?sender|sending limit"
    r"|exceeded (?:its|the|your) (?:daily|hourly|sending|maximum)",
    "mailbox_full": r"(?:over|exceed\w*|exceeds) (?:its |the |his |your )?(?:\w+ )?quota|overquota"
    r"|quota (?:exceeded|d.pass.)|mailbox (?:is )?full|(?:bo.te|messagerie) pleine"
    r"|out of storage|not enough storage in mailbox",
    "mailbox_disabled": r"(?:mailbox|account|user|email account)(?: \S+)? (?:is |has been |was )?"
    r"(?:temporarily )?(?:disabled|inactive|suspended|locked|blocked|deactivated|expired)"
    r"|due to inactivity|that you tried to reach is (?:disabled|inactive)"
    r"|(?:compte|bo.te)[^:;]{0,24} (?:d.sactiv|suspendu|bloqu|inacti)",
    UNKNOWN_USER: r"user (?:is )?(?:unknown|not found)"
    r"|unknown (?:user|recipient|local.part|address)"
    r"|no such (?:user|recipient|mailbox|person|address)|user doesn.t exist|does not exist"
    r"|(?:mailbox|recipient|address|account)(?: \S+)? (?:not found|unknown|could not be found)"
    r"|invalid (?:recipient|mailbox)|not a valid (?:mailbox|recipient)|adresse inconnue|ofr_?416"
    r"|destinataire (?:inconnu|invalide)|unrouteable address|unverified address"
    r"|undeliverable address|mailbox unavailable|recipient address rejected: access denied",
    "spam": r"\bspam(?:my)?\b|unsolicited|junk mail|ofr_?506|bulk mail|virus|malware|phishing",
    "too_large": r"message (?:is )?too (?:large|big)|size (?:exceeds|limit)"
    r"|exceeds? [^:;]{0,30}size",
    "tls": r"starttls|\btls\b|certificate|session encryption",
    "loop": r"loops? (?:back|detect)|mail.?loop|too many hops|routing loop",
    "dns": r"host (?:or domain name )?not found|name service error|domain not found|\bmx\b|nullmx"
    r"|hostname|unresolvable|no valid (?:mx|ip)",
    "connection": r"timed out|connection (?:refused|reset|timeout)|lost connection"
    r"|no route to host|network is unreachable|while receiving the initial",
}
"""Words of real replies, asked in this order when the code leaves it open."""

REASONS = (
    UNKNOWN_USER,
    "mailbox_full",
    "mailbox_disabled",
    "spam",
    "blocklisted",
    "greylisted",
    "rate_limited",
    "relay_denied",
    "sender_authentication",
    "dns",
    "connection",
    "tls",
    "too_large",
    "loop",
    OTHER,
)

_BY_CODE = {code: reason for reason, codes in CODES.items() for code in codes}
_BY_WORDS = [(reason, re.compile(words.encode(), re.IGNORECASE)) for reason, words in WORDS.items()]
# Addresses, hosts and their numbers are the words of whoever wrote them.
_NAMES = re.compile(rb"[<\[][^>\]]*[>\]]:? ?")
_LENGTH = 400


def reason_of(code: bytes, text: bytes) -> str:
    """One of `REASONS` for an enhanced status code (empty if there is none) and a reply's text."""
    reason = _BY_CODE.get(code)
    if reason is None:
        _, said, rest = text[:_LENGTH].partition(b" said: ")
        reason = _reason_of_words(_NAMES.sub(b"", rest if said else text[:_LENGTH]))
    return reason


@lru_cache(maxsize=2048)
def _reason_of_words(said: bytes) -> str:
    for reason, words in _BY_WORDS:
        if words.search(said):
            return reason
    return OTHER
