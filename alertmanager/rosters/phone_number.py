"""Telephone numbers in the one form in which they can be compared. Pure."""

from __future__ import annotations

import phonenumbers


def e164(number: str, region: str = "FR") -> str:
    """The number as ``+33612345678``; as it came when it is no telephone number."""
    for text in (number, f"+{number}"):
        try:
            parsed = phonenumbers.parse(text, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(parsed):
            return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    return number
