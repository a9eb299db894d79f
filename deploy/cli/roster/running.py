"""The running vigie-webhook, asked what a file would change: it knows what it goes by."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import requests
from pydantic import ValidationError

from alertmanager.rosters.diff_report import RosterDiff
from alertmanager.webhook.file import WebhookFile
from deploy.cli.roster.asked import AskedWrongly
from inventory.config import load_config, read_secret

DEFAULT_FILE = Path("/etc/vigie/webhook.yml")
_PATIENCE = 30.0  # seconds; it compares two times 400 days


def diff_of_running(where: str, token_file: Path | None, config: Path) -> RosterDiff:
    """What the file `config` would change there. `where`: its webhook.yml, or an http address.

    Raise AskedWrongly, or ConfigurationError if that webhook.yml is faulty.
    """
    if where.startswith(("http://", "https://")):
        if token_file is None:
            raise AskedWrongly("jeton absent ; attendu : --token-file avec une adresse http")
        url = where.rstrip("/")
    else:
        file = load_config(Path(where), WebhookFile)
        url, token_file = file.web.listen_address.url, file.readers.operator_token_file
    try:
        token = read_secret(token_file).get_secret_value()
    except ValueError as error:
        raise AskedWrongly(str(error)) from None
    return _ask(f"{url}/api/v1/rosters/diff", token, config)


def _ask(url: str, token: str, config: Path) -> RosterDiff:
    body = {"text": config.read_text(encoding="utf-8"), "name": str(config)}
    try:
        answer = requests.post(
            url,
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=_PATIENCE,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        kind = type(error).__name__
        raise AskedWrongly(
            f"vigie-webhook ne répond pas à {url} ({kind}) ; attendu : --against FICHIER,"
            " ou l'adresse de celui qui tourne"
        ) from None
    if answer.status_code != HTTPStatus.OK:
        raise AskedWrongly(f"vigie-webhook refuse ({answer.status_code}) : {_detail(answer)}")
    try:
        return RosterDiff.model_validate_json(answer.content)
    except ValidationError:
        raise AskedWrongly(f"réponse incomprise de {url} ; attendu : un vigie-webhook") from None


def _detail(answer: requests.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.reason or "sans explication"
