"""The pager's database, opened to be read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session

from alertmanager.store.database import Store, StoreError, sqlite_url
from alertmanager.webhook.settings import load_webhook_config
from deploy.cli.roster.asked import AskedWrongly

HELP = "webhook.yml, fichier SQLite, ou postgresql+psycopg://utilisateur@hôte/base"


@contextmanager
def reading(named: str) -> Iterator[Session]:
    """A consistent view of the database so named. Raise AskedWrongly, ConfigurationError."""
    store = Store(_url(named))
    try:
        with store.read() as session:
            yield session
    except StoreError as error:
        raise AskedWrongly(f"--database : {error}") from None
    finally:
        store.close()


def _server(named: str) -> URL:
    try:
        url = make_url(named)
    except ArgumentError:
        url = URL.create("")
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")  # the only driver that is installed
    if url.get_backend_name() != "sqlite":
        raise AskedWrongly(f"--database : adresse illisible ; attendu : {HELP}")
    return url


def _url(named: str) -> URL:
    path = Path(named)
    if path.suffix in (".yml", ".yaml"):
        url = load_webhook_config(path).file.store.database_url()
    elif "://" not in named:
        url = sqlite_url(path)
    else:
        url = _server(named)
        if url.password is not None:
            # Every user of the host can read the arguments of a process.
            raise AskedWrongly(
                "--database : un mot de passe se lirait dans la liste des processus ;"
                " attendu : webhook.yml, ou l'adresse sans lui et ~/.pgpass"
            )
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        # SQLite would make an empty one.
        raise AskedWrongly(
            f"--database : aucune base à {url.database} ; attendu : celle de vigie-webhook"
        )
    return url
