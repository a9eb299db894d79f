"""The name of an account, as far as tables, commands and the log can carry it. Pure."""

from __future__ import annotations

import hashlib

from deploy.containment.errors import Unsafe

LONGEST = 254
"""RFC 5321: no address is longer."""
_TEXT = "Compte suspendu par la messagerie, appelez le support"


def account_name(text: str) -> str:
    """The name in lower case, as Postfix's tables hold it. Raise Unsafe.

    One line of printable characters: what else a client calls itself, no server of ours
    takes for an account (Dovecot's ``auth_username_chars``).
    """
    name = text.lower()
    if not name or len(name) > LONGEST or not name.isprintable():
        raise Unsafe(
            f"« {text[:40]!a} » n'est pas un compte ; attendu : une ligne de"
            f" {LONGEST} caractères imprimables au plus, comme compta@ville.fr"
        )
    return name


def check_for_table(name: str) -> None:
    """Raise Unsafe for a name that no line of a Postfix table or of Dovecot's can hold.

    Postfix 3.7's postmap ends a key at white space, keeps quotes as part of it, and takes
    ``#`` at its beginning as a comment. Dovecot ends a name at a colon.
    """
    if name[0] == "#" or any(letter in ' "\\:*?' or letter.isspace() for letter in name):
        raise Unsafe(
            f"« {name} » ne peut être écrit dans une table de Postfix ou de Dovecot ;"
            ' attendu : ni espace, ni " \\ : * ?, ni # au début.'
            " Changer son mot de passe dans l'annuaire"
        )


def reference(name: str) -> str:
    """Stands for the account in every refusal, hence in the log: 48 bits of its digest."""
    return "vigie-" + hashlib.sha256(name.encode()).hexdigest()[:12]


def table_line(name: str) -> str:
    """The line that makes Postfix refuse the account. ASCII: SMTP answers hold nothing else."""
    return f"{name} REJECT {_TEXT} ({reference(name)})"
