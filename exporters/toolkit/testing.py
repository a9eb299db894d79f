"""For the tests of a collector: its page, without a process. Third parties may rely on it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import as_file, files
from typing import Any, cast

from exporters.toolkit.collector import AnyPlugin, Context, Deadline, TargetCollector
from exporters.toolkit.exposition import Renderer, negotiate
from exporters.toolkit.families import checked
from inventory import Inventory, load_inventory
from inventory.process import Clock, system_clock


def example_inventory() -> Inventory:
    """The inventory Vigie ships as an example."""
    with as_file(files("inventory") / "example.yml") as path:
        return load_inventory(path)


def scraped(
    plugin: AnyPlugin,
    block: Mapping[str, Any],
    *,
    target: str = "",
    compat: tuple[str, ...] = (),
    clock: Clock = system_clock,
    seconds: float = 10.0,
) -> str:
    """What a collector with this block of exporter.yml puts on a page in the text format.

    With `target`, what it gives for ``/probe?target=``. Raise whatever the collector raises,
    FamilyError for what the toolkit would not put on a page.
    """
    context = Context(example_inventory(), clock, compat=frozenset(compat))
    collector = plugin.build(plugin.settings.model_validate(block), context)
    renderer = Renderer(negotiate(""))
    deadline = Deadline.after(seconds)
    try:
        if target:
            found = cast("TargetCollector", collector).collect_target(target, deadline)
        else:
            found = collector.collect(deadline)
        for family in sorted(checked(found), key=lambda family: family.name):
            renderer.add(family)
    finally:
        collector.close()
    return renderer.page().decode()
