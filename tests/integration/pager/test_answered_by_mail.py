"""A page by mail through real servers, answered by a real mail: the incident is taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests
from mail_site import Site, answer

from deploy.estate.child import wait_until

NADIA = "nadia.benali@deux-rives.test"
"""On duty that morning."""


def test_a_page_by_mail_is_answered_by_mail(estate: Any, open_folder: Path) -> None:
    site = Site(open_folder, (NADIA,))
    try:
        site.start()
        estate.write(notifiers={"email": site.block()})
        estate.start()
        assert estate.post(estate.alert()).status_code == 200
        wait_until(lambda: site.store.messages(NADIA) != [], "le courriel", 30)
        (page,) = site.store.messages(NADIA)
        forged = answer(page, NADIA, "OK")
        del forged["In-Reply-To"], forged["References"]
        site.submit(forged)
        replies = "vigie_webhook_replies_total"
        wait_until(lambda: f'{replies}{{outcome="unproven"}} 1.0' in metrics(estate), "", 30)
        assert estate.incident()["state"] == "paging"
        site.submit(answer(page, NADIA, "Ok, j'y vais\n\nEnvoyé de mon iPhone"))
        wait_until(lambda: estate.incident()["state"] == "acknowledged", "la prise en charge", 30)
        assert "reply.received" in estate.events()
    finally:
        site.stop()


def metrics(estate: Any) -> str:
    return requests.get(f"{estate.ports.url('webhook')}/metrics", timeout=5).text
