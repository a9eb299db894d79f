"""Pydantic's errors in French, with what would be right."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from inventory.config.errors import EXPECTED

_SENTENCES: dict[str, tuple[str, str]] = {
    "missing": ("clé obligatoire absente", "{example}"),
    "extra_forbidden": ("clé inconnue", "l'une des clés : {keys}"),
    "string_type": ("ce n'est pas un texte", "un texte entre guillemets, {example}"),
    "int_type": ("ce n'est pas un nombre entier", "un nombre entier"),
    "int_parsing": ("ce n'est pas un nombre entier", "un nombre entier"),
    "int_from_float": ("ce n'est pas un nombre entier", "un nombre entier"),
    "float_type": ("ce n'est pas un nombre", "un nombre"),
    "float_parsing": ("ce n'est pas un nombre", "un nombre"),
    "bool_type": ("ce n'est ni vrai ni faux", "true ou false"),
    "bool_parsing": ("ce n'est ni vrai ni faux", "true ou false"),
    "list_type": ("ce n'est pas une liste", "une liste YAML (- élément)"),
    "tuple_type": ("ce n'est pas une liste", "une liste YAML (- élément)"),
    "dict_type": ("ce n'est pas un bloc de clés", "un bloc clé: valeur"),
    "model_type": ("ce n'est pas un bloc de clés", "un bloc clé: valeur"),
    "model_attributes_type": ("ce n'est pas un bloc de clés", "un bloc clé: valeur"),
    "literal_error": ("« {input} » n'est pas admis", "{expected}"),
    "enum": ("« {input} » n'est pas admis", "{expected}"),
    "greater_than": ("« {input} » est trop petit", "plus que {gt}"),
    "greater_than_equal": ("« {input} » est trop petit", "au moins {ge}"),
    "less_than": ("« {input} » est trop grand", "moins que {lt}"),
    "less_than_equal": ("« {input} » est trop grand", "au plus {le}"),
    "too_short": ("liste trop courte", "au moins {min_length} élément(s)"),
    "too_long": ("liste trop longue", "au plus {max_length} élément(s)"),
    "string_too_short": ("texte trop court", "au moins {min_length} caractère(s)"),
    "string_too_long": ("texte trop long", "au plus {max_length} caractères"),
    "string_pattern_mismatch": ("« {input} » n'a pas la forme voulue", "{example}"),
    "path_type": ("ce n'est pas un chemin de fichier", "{example}"),
    "time_parsing": ("« {input} » n'est pas une heure", 'une heure entre guillemets, ex. "18:00"'),
    "date_from_datetime_parsing": ("« {input} » n'est pas une date", "AAAA-MM-JJ"),
    "date_parsing": ("« {input} » n'est pas une date", "AAAA-MM-JJ"),
    "datetime_parsing": ("« {input} » n'est pas un instant", "AAAA-MM-JJTHH:MM:SS+02:00"),
}


class _Blank(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return ""


def _models(annotation: Any) -> typing.Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in typing.get_args(annotation):
        yield from _models(argument)


def _keys(model: type[BaseModel]) -> list[str]:
    """The keys of a model as the file writes them: an alias (``from``) where there is one."""
    return [field.alias or name for name, field in model.model_fields.items()]


def _by_key(model: type[BaseModel], key: str) -> FieldInfo | None:
    return next(
        (f for name, f in model.model_fields.items() if key == (f.alias or name)),
        None,
    )


def _field(
    model: type[BaseModel], location: tuple[Any, ...]
) -> tuple[type[BaseModel], FieldInfo | None]:
    """The model that holds the last named key of `location`, and that key's field."""
    found: FieldInfo | None = None
    names = [step for step in location if isinstance(step, str)]
    for position, step in enumerate(names):
        field = _by_key(model, step)
        if field is None:
            continue
        found = field
        inner = list(_models(field.annotation))
        if inner and position + 1 < len(names):
            model = next((m for m in inner if _by_key(m, names[position + 1])), inner[0])
            found = None
    return model, found


def explain(detail: Mapping[str, Any], model: type[BaseModel]) -> tuple[str, str]:
    """(what is wrong, what would be right) for one entry of ``ValidationError.errors()``."""
    owner, field = _field(model, tuple(detail["loc"]))
    if detail["type"] in ("value_error", "assertion_error"):
        problem, _, expected = str(detail.get("ctx", {}).get("error", "")).partition(EXPECTED)
        return problem, expected
    examples = [str(example) for example in (field.examples or [])] if field else []
    description = (field.description or "") if field else ""
    example = f"{description} {'par exemple ' + examples[0] if examples else ''}".strip()
    facts = _Blank(detail.get("ctx", {}))
    facts.setdefault("expected", "")
    facts["expected"] = str(facts["expected"]).replace(" or ", " ou ")
    facts.update(input=str(detail.get("input"))[:60], example=example, keys=", ".join(_keys(owner)))
    problem, expected = _SENTENCES.get(detail["type"], (str(detail["msg"]), "{example}"))
    return problem.format_map(facts), expected.format_map(facts).strip().rstrip(",")
