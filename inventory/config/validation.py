"""Documents checked against a pydantic model, all faults at once, in French."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path as FilePath
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from inventory.config.errors import ConfigurationError, Fault, Path
from inventory.config.french import explain
from inventory.config.yamlfile import Document, read_yaml

M = TypeVar("M", bound=BaseModel)
Check = Callable[[M, Document], Iterable[Fault]]


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


def validate(document: Document, model: type[M], check: Check[M] | None = None) -> M:
    """The document as `model`; `check` adds faults that need several fields together.

    Raise ConfigurationError with every fault.
    """
    context = {"base": FilePath(document.file).resolve().parent}
    try:
        value = model.model_validate(document.data, context=context)
    except ValidationError as error:
        faults = []
        for detail in error.errors(include_url=False):
            problem, expected = explain(detail, model)
            faults.append(
                document.fault(_document_path(document, detail["loc"]), problem, expected)
            )
        raise ConfigurationError(faults) from None
    found = list(check(value, document)) if check else []
    if found:
        raise ConfigurationError(found)
    return value


def load_document(
    path: FilePath, model: type[M], check: Check[M] | None = None
) -> tuple[M, Document]:
    """The file as `model`, and its document for later faults. Raise ConfigurationError."""
    document = read_yaml(path)
    return validate(document, model, check), document


def load_config(path: FilePath, model: type[M], check: Check[M] | None = None) -> M:
    """The file at `path` as `model`. Raise ConfigurationError with every fault found."""
    return load_document(path, model, check)[0]
