"""What a vigie-exporter that watches a libvirt host imports, in a real process that is scraped."""

import re

from deploy.estate.exporters import start_vigie_exporter

# Each costs megabytes of the memory an exporter may take, on every host: docs/adr/0007.
TOO_DEAR = {"asyncio", "structlog", "requests"}


def test_an_exporter_of_a_libvirt_host_imports_nothing_dear(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPROFILEIMPORTTIME", "1")
    exporter = start_vigie_exporter(tmp_path, {"hv1": "test:///default"})
    try:
        page = exporter.scrape()
    finally:
        exporter.stop()
    assert page.lines('hypervisor_up{hypervisor="hv1"} 1'), "it did read the host"
    told = (tmp_path / "vigie-exporter.log").read_text(encoding="utf-8")
    imported = set(re.findall(r"^import time:.*\| +([\w.]+)$", told, re.MULTILINE))
    assert {"libvirt", "exporters.toolkit.server", "inventory.process.logs"} <= imported
    assert not {name for name in imported if name.split(".")[0] in TOO_DEAR}
