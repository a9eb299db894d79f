"""What one step of the mail drill found, and the report of all. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Finding:
    """One attack or disorder. Seconds since its first mail; None: never."""

    name: str
    expected: str
    """The account that was stolen; empty when none was."""
    named: str | None = None
    """The account the alert named; empty for an alert without one; None without an alert."""
    score_seconds: float | None = None
    """Until the exporter's verdict, in log time."""
    recipients: int | None = None
    """Recipients taken from the thief up to then."""
    alert_seconds: float | None = None
    sms_seconds: float | None = None
    limit_seconds: float = 90.0
    remains: str = ""
    """What `vigie mail contained` still found of the account after it was contained."""
    faults: list[str] = field(default_factory=list)

    def judge(self) -> None:
        """Fill in `faults`, in French."""
        if self.alert_seconds is None:
            self.faults.append(f"{self.name} : aucune alerte")
        elif self.named != self.expected:
            self.faults.append(f"{self.name} : compte nommé à tort ({self.named or 'aucun'})")
        elif self.alert_seconds > self.limit_seconds:
            self.faults.append(
                f"{self.name} : alerte après {self.alert_seconds:.0f} s,"
                f" attendu : {self.limit_seconds:.0f} s au plus"
            )
        if self.remains:
            self.faults.append(f"{self.name} : compte encore actif ({self.remains})")
        if self.sms_seconds is None:
            self.faults.append(f"{self.name} : aucun SMS")


def as_json(findings: Sequence[Finding], strangers: Sequence[str]) -> dict[str, Any]:
    """The machine-readable report; `strangers`: incidents paged for that nothing explains."""
    faults = [fault for finding in findings for fault in finding.faults]
    faults += [f"appel sans cause : {text}" for text in strangers]
    return {
        "drill": "messagerie",
        "ok": not faults,
        "faults": faults,
        "false_pages": len(strangers),
        "steps": [
            {
                "name": finding.name,
                "account": finding.named,
                "score_seconds": finding.score_seconds,
                "recipients": finding.recipients,
                "alert_seconds": finding.alert_seconds,
                "sms_seconds": finding.sms_seconds,
            }
            for finding in findings
        ],
    }


def as_text(findings: Sequence[Finding], strangers: Sequence[str]) -> str:
    """The same for people, in French."""
    lines = [
        "Exercice « messagerie » : secondes depuis le premier courrier anormal",
        "",
        f"  {'':<34}{'verdict':>9}{'dest.':>7}{'alerte':>8}{'SMS':>7}  compte nommé",
    ]
    for finding in findings:
        cells = "".join(
            f"{value if value is not None else '–':>{width}}"
            for value, width in (
                (_whole(finding.score_seconds), 9),
                (finding.recipients, 7),
                (_whole(finding.alert_seconds), 8),
                (_whole(finding.sms_seconds), 7),
            )
        )
        lines.append(f"  {finding.name:<34}{cells}  {finding.named or '–'}")
    report = as_json(findings, strangers)
    lines += ["", "Réussi." if report["ok"] else "Échec :"]
    lines += [f"  - {fault}" for fault in report["faults"]]
    return "\n".join(lines)


def _whole(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:.0f}"
