"""Documents checked against a pydantic model, all faults at once, in French."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path as FilePath
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from inventory.config.document import Document
from inventory.config.errors import ConfigurationError, Fault, Path
from inventory.config.french import explain
from inventory.config.yamlfile import read_yaml

M = TypeVar("M", bound=BaseModel)
Check = Callable[[M, Document], Iterable[Fault]]
"""Faults that need several fields of a valid model together."""
RawCheck = Callable[[Document], Iterable[Fault]]
"""Faults looked for in the data as written, even when the model refuses other parts of it."""


def _document_path(document: Document, location: Path) -> Path:
    """`location` without the steps pydantic adds for unions and validators."""
    path: Path = ()
    data = document.data
    for step in location:
        try:
            data = data[step]
        except (KeyError, IndexError, TypeError):
            if isinstance(data, dict) and isinstance(step, str) and step == location[-1]:
                return (*path, step)
            continue
        path = (*path, step)
    return path


def _is_echo(detail: ErrorDetails) -> bool:
    """A list is "too short" only because its items were refused: those faults say it already."""
    written = detail.get("input")
    return (
        detail["type"] == "too_short"
        and isinstance(written, list)
        and len(written) >= detail.get("ctx", {}).get("min_length", 0)
    )


def validate(
    document: Document,
    model: type[M],
    check: Check[M] | None = None,
    raw_check: RawCheck | None = None,
) -> M:
    """The document as `model`. Raise ConfigurationError with every fault.

    `raw_check` always runs; `check` only when the model accepts the document.
    """
    faults = list(raw_check(document)) if raw_check else []
    context = {"base": FilePath(document.file).resolve().parent}
    try:
        value = model.model_validate(document.data, context=context)
    except ValidationError as error:
        for detail in error.errors(include_url=False):
            if not _is_echo(detail):
                problem, expected = explain(detail, model)
                path = _document_path(document, detail["loc"])
                faults.append(document.fault(path, problem, expected))
        raise ConfigurationError(faults) from None
    faults += check(value, document) if check else []
    if faults:
        raise ConfigurationError(faults)
    return value


def validate_block(document: Document, path: Path, model: type[M]) -> M:
    """The block at `path` as `model`. Raise ConfigurationError, with paths from the file's top."""
    try:
        return validate(document.block(path), model)
    except ConfigurationError as error:
        raise ConfigurationError(fault.under(path) for fault in error.faults) from None


def load_document(
    path: FilePath,
    model: type[M],
    check: Check[M] | None = None,
    raw_check: RawCheck | None = None,
) -> tuple[M, Document]:
    """The file as `model`, and its document for later faults. Raise ConfigurationError."""
    document = read_yaml(path)
    return validate(document, model, check, raw_check), document


def load_config(
    path: FilePath,
    model: type[M],
    check: Check[M] | None = None,
    raw_check: RawCheck | None = None,
) -> M:
    """The file at `path` as `model`. Raise ConfigurationError with every fault found."""
    return load_document(path, model, check, raw_check)[0]
