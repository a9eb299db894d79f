"""Whether the settings of a repository, or what was promised of it, changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from exporters.backup.contents import Contents
from exporters.backup.job import Job
from inventory import BackupRepository


class SeenConfiguration(BaseModel):
    """`digest` of all of it at the last reading; `changed_at`: seconds since the epoch, or 0."""

    model_config = ConfigDict(frozen=True)

    digest: str = ""
    changed_at: float = 0.0

    def after(
        self, contents: Contents, jobs: Iterable[Job], declared: BackupRepository, now: datetime
    ) -> SeenConfiguration:
        """Once this was read."""
        everything = [
            contents.identity,
            contents.configuration,
            declared.model_dump(mode="json"),
            [job.declared.model_dump(mode="json") for job in jobs],
        ]
        text = json.dumps(everything, sort_keys=True)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if self.digest in ("", digest):
            return SeenConfiguration(digest=digest, changed_at=self.changed_at)
        return SeenConfiguration(digest=digest, changed_at=now.timestamp())
