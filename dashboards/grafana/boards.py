"""All dashboards as code; ``python -m dashboards.grafana.boards`` writes their JSON."""

from __future__ import annotations

import sys
from pathlib import Path

from dashboards.grafana import mail, mail_account, overview
from dashboards.grafana.board import as_json

BOARDS = {
    "overview": overview.board,
    "mail": mail.board,
    "mail_account": mail_account.board,
}


def text(name: str) -> str:
    """The JSON of one of them."""
    return as_json(BOARDS[name]())


def main() -> int:
    """Write each JSON beside this file."""
    for name in BOARDS:
        path = Path(__file__).with_name(f"{name}.json")
        path.write_text(text(name), encoding="utf-8")
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
