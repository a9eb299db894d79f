"""The page at ``/``: what this is and where the metrics are."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.metadata import version
from urllib.parse import urlencode

_PAGE = """<!DOCTYPE html>
<html lang="fr">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>vigie-exporter</title>
<style>
body {{ font-family: system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem;
line-height: 1.5; color: #1b1b1b; background: #fff }}
a {{ color: #00418a }}
</style>
</head>
<body>
<main>
<h1>vigie-exporter</h1>
<p>Version {version}. Ce programme mesure cette machine pour Prometheus.</p>
<ul>
<li><a href="{path}">Mesures</a></li>
<li><a href="/-/healthy">En vie</a></li>
<li><a href="/-/ready">Prêt</a></li>
</ul>
<h2>Collecteurs en marche</h2>
{collectors}
{targets}
</main>
</body>
</html>
"""


def landing_page(path: str, names: Sequence[str], targets: Sequence[tuple[str, str]] = ()) -> str:
    """The page as HTML; a link for each collector, and each (collector, target), reads it alone."""
    lines = "\n".join(
        f'<li><a href="{escape(path)}?collect[]={escape(name)}">{escape(name)}</a></li>'
        for name in sorted(names)
    )
    collectors = f"<ul>\n{lines}\n</ul>" if lines else "<p>Aucun.</p>"
    return _PAGE.format(
        version=escape(version("vigie")),
        path=escape(path),
        collectors=collectors,
        targets=_listed(targets),
    )


def _listed(targets: Sequence[tuple[str, str]]) -> str:
    if not targets:
        return ""
    lines = "\n".join(
        f'<li><a href="/probe?{escape(urlencode({"target": target, "module": module}))}">'
        f"{escape(target)}</a> ({escape(module)})</li>"
        for module, target in targets
    )
    return f"<h2>Cibles</h2>\n<ul>\n{lines}\n</ul>"
