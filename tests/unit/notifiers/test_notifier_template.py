"""The template of the guide keeps the contract, by its own tests."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

from alertmanager.notifiers.contract_suite import HttpNotifierContract

TEMPLATE = Path(__file__).parents[3] / "docs" / "how-to" / "notifier-template"


def _its_tests() -> Any:
    sys.path.insert(0, str(TEMPLATE))
    try:
        import_module("vigie_mypager")
        place = TEMPLATE / "tests" / "test_mypager.py"
        spec = spec_from_file_location("template_of_a_notifier", place)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(TEMPLATE))
    return module


TestTemplate = _its_tests().TestMyPager


def test_it_is_the_whole_contract() -> None:
    assert issubclass(TestTemplate, HttpNotifierContract)
