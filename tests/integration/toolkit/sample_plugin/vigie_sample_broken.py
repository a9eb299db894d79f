"""A plugin that cannot be imported; it leaves a mark when somebody tries."""

import os
from pathlib import Path

mark = os.environ.get("VIGIE_SAMPLE_MARK")
if mark:
    Path(mark).touch()
raise RuntimeError("this plugin is broken")
