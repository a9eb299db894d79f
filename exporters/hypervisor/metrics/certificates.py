"""TLS certificates -> families."""

from __future__ import annotations

from collections.abc import Iterable

from exporters.hypervisor.holdings import CertificateFile
from exporters.hypervisor.metrics.build import Families
from exporters.toolkit.text_family import TextFamily


def certificate_families(
    hypervisor: str, files: Iterable[CertificateFile]
) -> tuple[TextFamily, ...]:
    """The end of each certificate; ``path#2`` names the second of a file."""
    families = Families(hypervisor)
    for file in files:
        families.gauge(
            "certificate_readable",
            "Whether every certificate of a file could be read.",
            not file.fault,
            {"certificate": file.path},
        )
        for number, instant in enumerate(file.not_after, 1):
            name = file.path if number == 1 else f"{file.path}#{number}"
            families.gauge(
                "certificate_not_after_timestamp_seconds",
                "When a TLS certificate of the hypervisor ends (X.509 notAfter).",
                instant,
                {"certificate": name},
            )
    return families.rendered()
