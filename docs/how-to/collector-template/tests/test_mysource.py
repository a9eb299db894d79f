"""The page this collector gives is the one in golden/metrics.txt, to the letter."""

from pathlib import Path

import pytest
from vigie_mysource import PLUGIN, parse

from exporters.toolkit.collector import CollectorError, NoData
from exporters.toolkit.testing import scraped

GOLDEN = Path(__file__).parent / "golden"


def page():
    return scraped(PLUGIN, {"file": GOLDEN / "readings"})


def test_the_golden_page():
    assert page() == (GOLDEN / "metrics.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", ["rack-a", "rack-a warm", "rack-a 1 2"])
def test_a_line_that_makes_no_sense_is_an_error(text):
    with pytest.raises(CollectorError, match="line 1"):
        parse(text)


def test_too_many_sensors_are_an_error():
    with pytest.raises(CollectorError, match="101 sensors"):
        parse("\n".join(f"s{n} 1" for n in range(101)))


def test_no_file_yet_is_no_failure(tmp_path):
    with pytest.raises(NoData):
        scraped(PLUGIN, {"file": tmp_path / "nothing"})


if __name__ == "__main__":  # what to look at, then to keep as golden/metrics.txt
    print(page(), end="")
