"""YAML files read with the line of each key, so that a fault can point at it."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import yaml

from inventory.config.document import Document
from inventory.config.errors import ConfigurationError, Fault, Path, show_path
from inventory.config.reason import reason
from inventory.config.yaml_words import syntax_words

MOST_VALUES = 200_000
"""A document has no more values than that, its aliases written out (500 members: 10,000)."""
_TAG = "tag:yaml.org,2002:"
_PLAIN = {_TAG + name for name in ("str", "int", "float", "bool", "null", "timestamp")}


class _Builder:
    """Turns the node tree into data; the safe tags only, duplicate keys refused."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.faults: list[Fault] = []
        self.scalars = yaml.SafeLoader("")
        self._within: set[int] = set()
        self._built = 0

    def build(self, node: yaml.Node, path: Path) -> Any:
        self.document.lines.setdefault(path, node.start_mark.line + 1)
        self._built += 1
        if self._built > MOST_VALUES:
            fault = self.document.fault(
                (), "alias qui se multiplient", f"{MOST_VALUES} valeurs au plus"
            )
            raise ConfigurationError([*self.faults, fault])
        if id(node) in self._within:
            problem = "alias qui se contient lui-même"
            self.faults.append(self.document.fault(path, problem, "une valeur écrite en clair"))
            return None
        self._within.add(id(node))
        try:
            return self._value(node, path)
        finally:
            self._within.discard(id(node))

    def _value(self, node: yaml.Node, path: Path) -> Any:
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]
        if node.tag not in _PLAIN:
            tag = node.tag.replace(_TAG, "!!")
            problem = f"étiquette « {tag} » non admise"
            self.faults.append(self.document.fault(path, problem, "la valeur sans étiquette"))
            return None
        try:
            return self.scalars.construct_object(node)
        except (yaml.YAMLError, ValueError):
            name = node.tag.replace(_TAG, "")
            problem = f"« {node.value[:60]} » illisible ({name})"
            right = "une date qui existe, ou " if name == "timestamp" else ""
            right += "un texte entre guillemets"
            self.faults.append(self.document.fault(path, problem, right))
            return None

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                problem = "clé qui n'est pas un mot"
                self.faults.append(
                    Fault(self.document.file, line, show_path(path), problem, "clé: valeur")
                )
                continue
            key = str(key_node.value)
            here = (*path, key)
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
    if "\0" in name:
        # A key of another file may name this one; Python would raise no OSError for it.
        problem = f"chemin avec un octet nul ({name!r})"
        raise ConfigurationError([Fault("(fichier)", 1, "(document)", problem, "un chemin")])
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
    return parse_yaml(text, name)


def parse_yaml(text: str, name: str) -> Document:
    """The document that `text` is; faults say that it stands in the file `name`.

    Raise ConfigurationError if it is not YAML, or writes the same key twice.
    """
    document = Document(name, {})
    builder = _Builder(document)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        if node is not None:
            document.data = builder.build(node, ())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else text.count("\n", 0, getattr(error, "position", 0)) + 1
        problem, expected = syntax_words(error)
        raise ConfigurationError(
            [Fault(name, line, "(document)", f"YAML invalide : {problem}", expected)]
        ) from None
    except RecursionError:
        fault = Fault(name, 1, "(document)", "trop de niveaux imbriqués", "une dizaine au plus")
        raise ConfigurationError([fault]) from None
    if builder.faults:
        raise ConfigurationError(builder.faults)
    return document
