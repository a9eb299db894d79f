"""The errors of this package; the tree is drawn in its docstring."""

from __future__ import annotations


class ContainmentError(Exception):
    """Nothing can go on. The message (French) says what, where, what would be right."""


class Unsafe(ContainmentError):
    """The name of the account can be in no table or command."""
