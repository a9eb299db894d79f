"""From families to bytes: the format the client asks for, one family at a time."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterable

from prometheus_client.core import Metric
from prometheus_client.exposition import (
    CONTENT_TYPE_PLAIN_0_0_4,
    choose_encoder,
    generate_latest,
    gzip_accepted,
)
from prometheus_client.registry import Collector

Encoder = Callable[[Collector], bytes]
_EOF = b"# EOF\n"
# "gzip;q=0" refuses it (RFC 9110, section 12.5.3); the library takes it for a wish.
_NO_GZIP = re.compile(r"gzip\s*;\s*q=0(\.0*)?\s*(,|\Z)")


class _One(Collector):
    def __init__(self, metric: Metric) -> None:
        self._metric = metric

    def collect(self) -> Iterable[Metric]:
        return [self._metric]


class Renderer:
    """Renders families one by one, so that one that cannot be written loses only itself."""

    def __init__(self, encode: Encoder) -> None:
        self._encode = encode
        self._parts: list[bytes] = []
        self._ends = False

    def add(self, metric: Metric) -> None:
        """Render one family. Raise whatever the library raises for a bad one."""
        part = self._encode(_One(metric))
        if part.endswith(_EOF):
            # OpenMetrics ends a page with EOF; ours ends once.
            self._ends = True
            part = part.removesuffix(_EOF)
        self._parts.append(part)

    def page(self) -> bytes:
        """The whole page."""
        return b"".join(self._parts) + (_EOF if self._ends else b"")


def negotiate(accept: str) -> tuple[Encoder, str]:
    """(encoder, content type) for an Accept header; the text format when it makes no sense."""
    try:
        encode, content_type = choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is no version
        return generate_latest, CONTENT_TYPE_PLAIN_0_0_4
    return encode, content_type


def compress(body: bytes, accept_encoding: str) -> tuple[bytes, bool]:
    """(body, whether it is gzipped) for an Accept-Encoding header."""
    if not gzip_accepted(accept_encoding) or _NO_GZIP.search(accept_encoding):
        return body, False
    # Level 4: two thirds of the time of the default for nearly the same size on such text.
    return gzip.compress(body, compresslevel=4), True
