"""Temperatures of a machine room, from the file a sensor box writes: a name and a figure a line."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from pydantic import BaseModel, ConfigDict, Field

from exporters.toolkit.collector import (
    CollectorError,
    CollectorPlugin,
    Context,
    Deadline,
    Family,
    NoData,
)
from inventory.config import ConfigPath

MOST_SENSORS = 100
"""A file that somebody filled with anything must not become a flood of series."""


class Settings(BaseModel):
    """The block ``collectors.mysource`` of exporter.yml."""

    model_config = ConfigDict(extra="forbid")

    file: ConfigPath = Field(
        description="fichier des relevés,", examples=["/run/mysource/readings"]
    )


def parse(text: str) -> dict[str, float]:
    """Sensor -> degrees Celsius. Raise CollectorError. No I/O here: tests give it any text."""
    readings: dict[str, float] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            sensor, figure = line.split()
            readings[sensor] = float(figure)
        except ValueError:
            raise CollectorError(f"line {number} is not a sensor and a figure") from None
    if len(readings) > MOST_SENSORS:
        raise CollectorError(f"{len(readings)} sensors, {MOST_SENSORS} at most are expected")
    return readings


def families(readings: dict[str, float]) -> Iterable[Family]:
    """The metrics, made afresh at each scrape."""
    temperature = GaugeMetricFamily(
        "mysource_temperature_celsius",
        "Air temperature at a sensor, from the sensor box's file.",
        labels=["sensor"],
    )
    for sensor, degrees in readings.items():
        temperature.add_metric([sensor], degrees)
    yield temperature


class MySource:
    """Reads the file at each scrape."""

    def __init__(self, settings: Settings, context: Context) -> None:
        self._file = settings.file
        self._context = context

    def collect(self, deadline: Deadline) -> Iterable[Family]:
        """The families of this scrape. What can wait is given deadline.remaining() seconds."""
        try:
            text = self._file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise NoData(f"{self._file} is not there yet") from None
        except (OSError, UnicodeDecodeError) as error:
            raise CollectorError(f"{self._file}: {error}") from error
        return families(parse(text))

    def close(self) -> None:
        """Nothing is kept open."""


PLUGIN = CollectorPlugin(
    name="mysource",
    summary="Temperatures of the machine room.",
    settings=Settings,
    build=MySource,
)
