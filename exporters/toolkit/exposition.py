"""From families to bytes: the format the client asks for, one family at a time."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from prometheus_client.core import Metric
from prometheus_client.exposition import (
    CONTENT_TYPE_PLAIN_0_0_4,
    choose_encoder,
    generate_latest,
    gzip_accepted,
)
from prometheus_client.registry import Collector

from exporters.toolkit.body import Body, Gzipped, Plain
from exporters.toolkit.collector import Family
from exporters.toolkit.text_family import One, TextFamily

Encoder = Callable[[Collector], bytes]
_EOF = b"# EOF\n"
# Kept to the names everybody has: the library garbles good names under the two other schemes,
# and the answer says which scheme it follows, so that the client knows.
_SCHEME = re.compile(r"escaping\s*=\s*(dots|values)", re.IGNORECASE)
# "gzip;q=0" refuses it (RFC 9110, section 12.5.3); the library takes it for a wish.
_NO_GZIP = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(,|\Z)")


@dataclass(frozen=True)
class Format:
    """What a client understands: how a family is written, and whether the page is gzipped."""

    encode: Encoder
    content_type: str
    zipped: bool = False

    def body(self) -> Body:
        """An empty page."""
        return Gzipped() if self.zipped else Plain()


class Renderer:
    """Renders families one by one, so that one that cannot be written loses only itself."""

    def __init__(self, form: Format) -> None:
        self._encode = form.encode
        self._body = form.body()
        self._ends = False

    def add(self, family: Family) -> None:
        """Render one family. Raise whatever the library raises for a bad one."""
        if isinstance(family, TextFamily):
            # The library writes the head, so that it is the one of this format; the lines
            # are the same in all of them.
            text = family.text.encode()
            head, ends = _head(
                self._encode, family.name, family.documentation, family.type, family.unit
            )
            self._body.add(head)
            self._body.add(text)
        else:
            part, ends = _without_end(self._encode(One(family)))
            self._body.add(part)
        self._ends |= ends

    def page(self) -> bytes:
        """The whole page, as it is sent. Nothing can be added to it any more."""
        if self._ends:
            self._body.add(_EOF)
        return self._body.whole()


def _without_end(part: bytes) -> tuple[bytes, bool]:
    """OpenMetrics ends a page with EOF; ours ends once, and not after each family."""
    return part.removesuffix(_EOF), part.endswith(_EOF)


@lru_cache(maxsize=4096)
def _head(
    encode: Encoder, name: str, documentation: str, kind: str, unit: str
) -> tuple[bytes, bool]:
    """What comes before the lines of a family: the same from scrape to scrape."""
    metric = Metric(name, documentation, kind)
    metric.unit = unit
    return _without_end(encode(One(metric)))


def negotiate(accept: str, accept_encoding: str = "") -> Format:
    """What the Accept and Accept-Encoding headers ask for; plain text when they make no sense."""
    encode, content_type = _encoder(accept)
    zipped = gzip_accepted(accept_encoding) and not _NO_GZIP.search(accept_encoding)
    return Format(encode, content_type, zipped)


# Kept, so that each header has one encoder, and each encoder its heads. Bounded: anybody may
# send any header.
@lru_cache(maxsize=32)
def _encoder(accept: str) -> tuple[Encoder, str]:
    try:
        encode, content_type = choose_encoder(_SCHEME.sub("escaping=underscores", accept))
    except (TypeError, ValueError):  # a version that is no version
        return generate_latest, CONTENT_TYPE_PLAIN_0_0_4
    return encode, content_type
