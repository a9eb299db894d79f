"""Types of configuration values that several files use."""

from __future__ import annotations

import re
import unicodedata
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "j": 86400, "w": 604800}
_DURATION = re.compile(r"(\d+)([smhdjw])")
_IDENTIFIER = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}")


def parse_duration(value: Any) -> timedelta:
    """``26h``, ``1h30m``, ``90s``, ``7d`` or ``7j`` (days) as a timedelta. Raise ValueError."""
    if isinstance(value, timedelta):
        return value
    text = str(value).strip()
    if not text or _DURATION.sub("", text):
        raise ValueError(
            f"« {value} » n'est pas une durée ; attendu : par exemple 90s, 5m, 26h, 7d"
        )
    return timedelta(seconds=sum(int(n) * _UNITS[u] for n, u in _DURATION.findall(text)))


def within(low: int, high: int, words: str) -> AfterValidator:
    """A duration from `low` to `high` seconds; `words` (French) says so, as ``de 1s à 20s``."""

    def check(value: timedelta) -> timedelta:
        if not low <= value.total_seconds() <= high:
            raise ValueError(f"{int(value.total_seconds())} s, hors limites ; attendu : {words}")
        return value

    return AfterValidator(check)


def _identifier(value: str) -> str:
    if not _IDENTIFIER.fullmatch(value):
        raise ValueError(
            f"« {value} » n'est pas un identifiant ; attendu : minuscules sans accent, chiffres,"
            " point, tiret ou soulignement, 64 caractères au plus"
        )
    return value


def _domain(value: str) -> str:
    if not _DOMAIN.fullmatch(value):
        raise ValueError(
            f"« {value} » n'est pas un nom de domaine ; attendu : un nom DNS en minuscules,"
            " par exemple ville-exemple.test"
        )
    return value


def _shown(value: str) -> str:
    if not value.strip():
        raise ValueError("texte vide ; attendu : un nom que l'on peut lire")
    hidden = next((c for c in value if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp")), None)
    if hidden is not None:
        raise ValueError(
            f"caractère invisible U+{ord(hidden):04X} ; attendu : un texte d'une ligne,"
            " sans caractère de contrôle ni de sens d'écriture"
        )
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise ValueError(
            f"« {value} » n'est pas un fuseau horaire ; attendu : un nom IANA, ex. Europe/Paris"
        ) from None
    return value


def _is_web(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that hold no address, a port that is no number
        return False


def _url(value: str) -> str:
    # Before any message that shows the value: it may hold a password or a token.
    if any(sign in value for sign in "@?#"):
        raise ValueError(
            "l'adresse porte un mot de passe, « ? » ou « # » ; attendu : l'adresse seule,"
            " le secret dans password_file ou token_file"
        )
    if not _is_web(value):
        raise ValueError(
            f"« {value} » n'est pas une adresse web ; attendu : http(s)://hôte[:port][/chemin]"
        )
    return value.rstrip("/")


def _resolve(path: Path, info: ValidationInfo) -> Path:
    if "\0" in str(path):
        raise ValueError("chemin avec un octet nul ; attendu : un chemin de fichier")
    base = (info.context or {}).get("base")
    return (Path(base) / path) if base is not None else path


Duration = Annotated[timedelta, BeforeValidator(parse_duration), Field(examples=["26h"])]
Identifier = Annotated[str, AfterValidator(_identifier), Field(examples=["valmont"])]
DomainName = Annotated[str, AfterValidator(_domain), Field(examples=["ville-exemple.test"])]
TimeZone = Annotated[str, AfterValidator(_zone), Field(examples=["Europe/Paris"])]
Text = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_shown)]
"""What people read in an SMS or on a page: one line, nothing invisible that could disguise it."""
Url = Annotated[str, AfterValidator(_url), Field(examples=["http://127.0.0.1:17430"])]
"""An address of the web, without secret, query or final slash."""
ConfigPath = Annotated[Path, AfterValidator(_resolve)]
"""A path; when relative, it is taken from the folder of the file that names it."""
