"""Kinds of panels, so that each row only says what it measures and what bad looks like."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    prometheus,
    stat,
    statetimeline,
    table,
    text,
    timeseries,
)
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
    ValueMap,
    ValueMappingResult,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.text import TextMode

PROMETHEUS = DataSourceRef(type_val="prometheus", uid="${datasource}")
GREEN, ORANGE, RED, GREY, BLUE = "green", "orange", "red", "#8e8e8e", "blue"

Panel = stat.Panel | statetimeline.Panel | table.Panel | text.Panel | timeseries.Panel


@dataclass(frozen=True)
class Query:
    """One PromQL expression and the name of its curves (``{{label}}`` stands for a label)."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Word:
    """What a value is called, so that colour never stands alone."""

    text: str
    color: str


@dataclass(frozen=True)
class Column:
    """A column of a table: its label or value, its title, and how values are shown."""

    source: str
    title: str
    unit: str | None = None
    limits: Sequence[tuple[float, str]] = ()
    words: Mapping[str, Word] = field(default_factory=dict)
    link: tuple[str, str] | None = None
    """Title and URL of what a cell leads to; ``${__value.text}`` stands for it."""


def _steps(limits: Sequence[tuple[float, str]], base: str) -> list[Threshold]:
    return [Threshold(None, base), *(Threshold(value, color) for value, color in limits)]


def _thresholds(limits: Sequence[tuple[float, str]], base: str) -> dashboard.ThresholdsConfig:
    steps = _steps(limits, base)
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _mapping(words: Mapping[str, Word]) -> ValueMap:
    return ValueMap(
        options={
            value: ValueMappingResult(text=word.text, color=word.color, index=position)
            for position, (value, word) in enumerate(words.items())
        }
    )


def _target(query: Query, position: int) -> prometheus.Dataquery:
    target = prometheus.Dataquery().datasource(PROMETHEUS).expr(query.expr)
    return target.ref_id(chr(ord("A") + position)).legend_format(query.legend or "__auto")


def curves(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    limits: Sequence[tuple[float, str]] = (),
    ratio: bool = False,
    signed: bool = False,
    width: int = 8,
) -> timeseries.Panel:
    """Curves over time; `limits` are drawn as dashed lines. `ratio` fixes the axis to 0..1.

    The axis begins at 0 unless values are `signed`.
    """
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .span(width)
        .height(8)
        .fill_opacity(10)
        .legend(
            common.VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .thresholds(_thresholds(limits, GREEN))
    )
    if limits:
        panel.thresholds_style(
            common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        )
    if not signed:
        panel.min(0)
    if ratio:
        panel.max(1)
    for position, query in enumerate(queries):
        panel.with_target(_target(query, position).range())
    return panel


def figures(
    title: str,
    description: str,
    unit: str,
    query: Query,
    *,
    limits: Sequence[tuple[float, str]] = (),
    base: str = GREEN,
    words: Mapping[str, Word] | None = None,
    width: int = 8,
) -> stat.Panel:
    """One large figure, or word, for each series."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit(unit)
        .span(width)
        .height(6)
        .color_mode(BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(BigValueGraphMode.NONE)
        .text_mode(BigValueTextMode.VALUE_AND_NAME if query.legend else BigValueTextMode.VALUE)
        .orientation(VizOrientation.AUTO)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(limits, base))
    )
    if words:
        panel.mappings([_mapping(words)])
    return panel.with_target(_target(query, 0).instant())


def verdicts(
    title: str, description: str, query: Query, *, bad: str, good: str = "Répond", width: int = 8
) -> stat.Panel:
    """One word for each series of a query that gives 0 (`bad`, red) or 1 (`good`, green)."""
    return figures(
        title,
        description,
        "none",
        query,
        words={"0": Word(bad, RED), "1": Word(good, GREEN)},
        limits=[(1, GREEN)],
        base=RED,
        width=width,
    )


def bands(title: str, description: str, query: Query, *, words: Mapping[str, Word]) -> Panel:
    """A band for each series, over time; each value has its word and colour. Twenty a page."""
    return (
        statetimeline.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .unit("none")
        .span(24)
        .height(12)
        .show_value(VisibilityMode.NEVER)
        .per_page(20)
        .mappings([_mapping(words)])
        .with_target(_target(query, 0).range())
    )


def _properties(column: Column) -> list[DynamicConfigValue]:
    found = []
    if column.unit:
        found.append(DynamicConfigValue("unit", column.unit))
    if column.words:
        found.append(DynamicConfigValue("mappings", [_mapping(column.words)]))
    if column.link:
        title, url = column.link
        found.append(DynamicConfigValue("links", [{"title": title, "url": url}]))
    if column.limits:
        found += [
            DynamicConfigValue(
                "thresholds",
                {
                    "mode": "absolute",
                    "steps": [
                        {"value": step.value, "color": step.color}
                        for step in _steps(column.limits, GREEN)
                    ],
                },
            ),
            DynamicConfigValue("custom.cellOptions", {"type": "color-text"}),
        ]
    return found


def listing(
    title: str,
    description: str,
    columns: Sequence[Column],
    *queries: Query,
    width: int = 12,
    sort: tuple[str, bool] | None = None,
) -> table.Panel:
    """A table: queries joined by the labels they share; only the columns named, in their order.

    The value of the only query is the source ``Value``; of several, ``Value #A``, ``Value #B``…
    """
    order = {column.source: position for position, column in enumerate(columns)}
    titles = {column.source: column.title for column in columns}
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(PROMETHEUS)
        .span(width)
        .height(8)
        .unit("none")
        .transformations(
            [
                DataTransformerConfig(id_val="merge", options={}),
                DataTransformerConfig(
                    id_val="filterFieldsByName", options={"include": {"names": list(order)}}
                ),
                DataTransformerConfig(
                    id_val="organize",
                    options={"indexByName": order, "renameByName": titles, "excludeByName": {}},
                ),
            ]
        )
    )
    if sort:
        panel.sort_by([common.TableSortByFieldState().display_name(sort[0]).desc(sort[1])])
    for column in columns:
        if properties := _properties(column):
            panel.override_by_name(column.title, properties)
    for position, query in enumerate(queries):
        panel.with_target(_target(query, position).format(PromQueryFormat.TABLE).instant())
    return panel


def words(title: str, markdown: str, *, width: int = 24, height: int = 8) -> text.Panel:
    """A text to read; it may hold variables (``$account``)."""
    return (
        text.Panel()
        .title(title)
        .mode(TextMode.MARKDOWN)
        .content(markdown)
        .span(width)
        .height(height)
    )
