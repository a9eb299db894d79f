"""YAML files read with the line of each key, so that a fault can point at it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any

import yaml

from inventory.config.errors import ConfigurationError, Fault, Path, show_path
from inventory.config.reason import reason


@dataclass
class Document:
    """A YAML document as plain data, and the line on which each path starts (first line = 1)."""

    file: str
    data: Any
    lines: dict[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line of `path`, or of the nearest enclosing key when `path` itself is absent."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def fault(self, path: Path, problem: str, expected: str = "") -> Fault:
        """A fault at `path` of this document."""
        return Fault(self.file, self.line(path), show_path(path), problem, expected)


class _Builder:
    """Turns the node tree into data; the safe tags only, duplicate keys refused."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Fault] = []
        self.scalars = yaml.SafeLoader("")

    def build(self, node: yaml.Node, path: Path) -> Any:
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]
        try:
            return self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            self.faults.append(self.document.fault(path, f"valeur illisible ({error})"))
            return None

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(getattr(key_node, "value", key_node))
            here = (*path, key)
            line = key_node.start_mark.line + 1
            if key in data:
                first = self.document.lines[here]
                self.faults.append(
                    Fault(
                        self.document.file,
                        line,
                        show_path(here),
                        f"clé en double, déjà écrite ligne {first}",
                        "une seule fois chaque clé",
                    )
                )
                continue
            self.document.lines[here] = line
            data[key] = self.build(value_node, here)
        return data


def read_yaml(path: FilePath) -> Document:
    """The document of the file at `path`.

    Raise ConfigurationError if the file cannot be read, is not UTF-8, is not
    YAML, or writes the same key twice.
    """
    name = str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            [Fault(name, 1, "(document)", f"octet illisible en UTF-8 ({error.start})", "UTF-8")]
        ) from None
    except OSError as error:
        raise ConfigurationError(
            [
                Fault(
                    name,
                    1,
                    "(document)",
                    f"fichier illisible ({reason(error)})",
                    "un fichier YAML lisible par ce processus",
                )
            ]
        ) from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigurationError(
            [Fault(name, line, "(document)", f"YAML invalide : {problem}", "un document YAML")]
        ) from None
    document = Document(name, {})
    if node is None:
        return document
    builder = _Builder(document)
    document.data = builder.build(node, ())
    if builder.faults:
        raise ConfigurationError(builder.faults)
    return document
