"""`vigie-exporter`: measures this machine for Prometheus."""

from __future__ import annotations

import sys

from exporters.toolkit.bootstrap import main

if __name__ == "__main__":
    sys.exit(main())
