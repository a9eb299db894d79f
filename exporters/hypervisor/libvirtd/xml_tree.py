"""XML that libvirt wrote."""

from __future__ import annotations

from xml.etree import ElementTree as ET


def tree_of(xml: str) -> ET.Element:
    """The root element. Raise ET.ParseError.

    libvirt writes this XML anew from what it understood: no entities, no document type.
    """
    return ET.fromstring(xml)  # noqa: S314


def integer(element: ET.Element, path: str) -> int | None:
    """The number an element holds, None where there is none."""
    text = element.findtext(path)
    try:
        return int(text) if text else None
    except ValueError:
        return None
