"""What can go wrong with a Proxmox VE API. Messages are French, short, and hold no secret.

ProxmoxError        no usable answer
├── Unreachable     nobody answered, or not in time, or with a certificate we do not trust
├── Refused         the token is unknown, expired, or may not see this (401, 403)
└── BadAnswer       an answer that is none: an error of the node, a redirection, no JSON, a
                    shape that is not the API's
"""

from __future__ import annotations


class ProxmoxError(Exception):
    """The API gave no usable answer."""


class Unreachable(ProxmoxError):
    """Nobody answered in time, or with a certificate that is not trusted."""


class Refused(ProxmoxError):
    """The API does not let the token see this."""


class BadAnswer(ProxmoxError):
    """The answer is not one of the API's."""
