"""An Atom feed (RFC 4287) of an audience's incidents: one entry each, ids that never change."""

from __future__ import annotations

from uuid import UUID, uuid5
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

from dashboards.status.french_time import full_instant, iso
from dashboards.status.model import IncidentView, View
from dashboards.status.words import typeset

_ATOM = "http://www.w3.org/2005/Atom"
_XML = "http://www.w3.org/XML/1998/namespace"
_SPACE = UUID("7d0a6d2e-6d5f-4f43-9a3d-5d7f2f0f5b1c")  # ours alone; a change would renew every id
_BEGINNING = "1970-01-01T00:00:00Z"  # `updated` is mandatory, even before the first reading


def _urn(audience_salt: bytes, name: str) -> str:
    return uuid5(_SPACE, f"{audience_salt.hex()}/{name}").urn


def _text(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, f"{{{_ATOM}}}{tag}", attributes).text = text


def _body(incident: IncidentView, zone: ZoneInfo) -> str:
    lines = [incident.sentence, f"Début : {full_instant(incident.started_at, zone)}."]
    if incident.acknowledged_at:
        lines.append(f"Pris en charge : {full_instant(incident.acknowledged_at, zone)}.")
    if incident.resolved_at:
        lines.append(f"Fin : {full_instant(incident.resolved_at, zone)}.")
    return typeset("\n".join(lines))


def feed(view: View, base: str, zone: ZoneInfo) -> bytes:
    """The feed of `view`. `base` is the absolute URL of the site, with a final slash.

    `updated` moves only when an incident does, so that readers are not woken for nothing.
    """
    ET.register_namespace("", _ATOM)
    url = base + view.audience.path.lstrip("/")
    root = ET.Element(f"{{{_ATOM}}}feed", {f"{{{_XML}}}lang": "fr"})
    incidents = [*view.current, *view.past]
    latest = max((i.updated_at for i in incidents), default=None)
    _text(root, "id", _urn(view.audience.salt, "feed"))
    _text(root, "title", f"{view.title} – incidents")
    _text(root, "updated", iso(latest) if latest else _BEGINNING)
    author = ET.SubElement(root, f"{{{_ATOM}}}author")
    _text(author, "name", view.owner)
    ET.SubElement(root, f"{{{_ATOM}}}link", {"rel": "self", "href": f"{url}feed.atom"})
    ET.SubElement(root, f"{{{_ATOM}}}link", {"rel": "alternate", "href": url})
    for incident in sorted(incidents, key=lambda i: i.updated_at, reverse=True):
        entry = ET.SubElement(root, f"{{{_ATOM}}}entry")
        over = " (terminé)" if incident.resolved_at else ""
        _text(entry, "id", _urn(view.audience.salt, incident.id))
        _text(entry, "title", f"{incident.title}{over}")
        _text(entry, "published", iso(incident.started_at))
        _text(entry, "updated", iso(incident.updated_at))
        link = {"rel": "alternate", "href": f"{url}#i{incident.id}"}
        ET.SubElement(entry, f"{{{_ATOM}}}link", link)
        _text(entry, "content", _body(incident, zone), type="text")
    ET.indent(root)
    return bytes(ET.tostring(root, encoding="utf-8", xml_declaration=True))
