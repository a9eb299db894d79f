"""Mail: what rspamd and Dovecot measure themselves, beside our log. Computed by mail_native.yml."""

from __future__ import annotations

from dashboards.grafana.owners import or_none
from dashboards.grafana.panels import RED, Panel, Query, curves

TITLE = "rspamd et Dovecot"
# Computed by host: kept where one of the chosen instances is on that host.
_HERE = 'and on (host) mail:host:info{instance=~"$instance"}'


def _here(record: str) -> str:
    return f"{record} {_HERE}"


def panels() -> list[Panel]:
    """Verdicts, share of spam, log-ins."""
    return [
        curves(
            "Décisions de rspamd",
            "Messages par minute selon ce que rspamd décide. « non mesurées » : il n’est pas"
            " relevé (docs/how-to/scrape-rspamd-and-dovecot.md).",
            "cpm",
            Query(
                "60 * "
                + or_none(
                    f"sum by (direction, action) ({_here('mail:rspamd_actions:rate5m')})",
                    "action",
                    "non mesurées",
                ),
                "{{direction}} {{action}}",
            ),
        ),
        curves(
            "Courrier de nos comptes jugé indésirable",
            "Part du courrier authentifié que notre propre filtre prend pour indésirable. Quelques"
            " pour cent sont ordinaires ; une marche soudaine est un compte volé.",
            "percentunit",
            Query(
                or_none(_here("mail:submissions_judged_spam:ratio_rate5m"), "host", "non mesuré"),
                "{{host}}",
            ),
            limits=[(0.2, RED)],
            ratio=True,
        ),
        curves(
            "Connexions refusées, Dovecot et journal",
            "Par minute, selon Dovecot et selon notre lecture du journal. Si les deux s’écartent,"
            " une partie du journal n’est pas lue.",
            "cpm",
            Query(
                "60 * "
                + or_none(
                    f"sum by (host) ({_here('mail:dovecot_log_in_failures:rate5m')})",
                    "host",
                    "non mesurées",
                ),
                "{{host}} Dovecot",
            ),
            Query(
                "60 * "
                + or_none(
                    f"sum by (host) ({_here('mail:log_in_failures:rate5m')})",
                    "host",
                    "non mesurées",
                ),
                "{{host}} journal",
            ),
        ),
    ]
