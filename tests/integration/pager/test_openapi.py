"""The interface as described, against the real process: generated requests of every kind.

Each answer must be one that the description names, with the shape it gives, and never a 500.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig

EXAMPLES, EXAMPLES_LONG = 12, 300


@pytest.fixture
def web(estate: Any) -> Any:
    """The process alone, with one incident that pages."""
    estate.start()
    assert estate.post(estate.alert()).status_code == 200
    return estate


def operations(web: Any) -> Iterator[tuple[str, Any]]:
    """(name, operation) of everything described."""
    description = requests.get(web.url("openapi.json"), timeout=10).json()
    schema = schemathesis.openapi.from_dict(
        description, config=SchemathesisConfig.from_dict({"base-url": web.ports.url("webhook")})
    )
    for result in schema.get_all_operations():
        operation = result.ok()
        yield f"{operation.method.upper()} {operation.path}", operation


def token_for(web: Any, name: str) -> str:
    file = "status.token" if "/status/" in name else "operator.token"
    return str(web.settings.secret("alertmanager.token" if "/alertmanager/" in name else file))


def try_out(web: Any, operation: Any, token: str | None, count: int) -> list[str]:
    """Faults found with generated requests, valid and not; nobody's token when None."""
    identifier = web.incidents()[-1]["id"]  # a generated payload may open others
    faults: list[str] = []
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    strategy = st.one_of(
        operation.as_strategy(generation_mode=GenerationMode.POSITIVE),
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE),
    )

    @seed(1)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=strategy, known=st.booleans())
    def one(case: Any, known: bool) -> None:
        if known and "identifier" in (case.path_parameters or {}):
            case.path_parameters["identifier"] = identifier
        answer = case.call(headers=headers, timeout=20)
        described = operation.definition.raw["responses"]
        status = str(answer.status_code)
        if answer.status_code >= 500 and answer.status_code != 503:
            faults.append(f"{case.as_curl_command()}: {status}")
        elif status not in described and status not in {"404", "405", "401", "403", "400"}:
            faults.append(f"{case.as_curl_command()}: {status} is not described")
        elif "Traceback" in answer.text:
            faults.append(f"{case.as_curl_command()}: a stack trace")
        elif token is None and answer.status_code == 200 and "/api/v1/" in operation.path:
            faults.append(f"{case.as_curl_command()}: answered to nobody")
        elif (
            answer.status_code == 200
            and "application/json" in answer.headers.get("content-type", [""])[0]
        ):
            operation.validate_response(answer)

    one()
    return faults


def test_no_generated_request_breaks_what_is_described(web: Any, long: bool) -> None:
    faults = []
    names = []
    for name, operation in operations(web):
        if "/kannel/" not in name:  # the handset network is believed by its address
            names.append(name)
            for token in (token_for(web, name), None):
                count = EXAMPLES_LONG if long else EXAMPLES
                faults += try_out(web, operation, token, count if token else 3)
    assert faults == []
    assert len(names) >= 17, names
    assert "Traceback" not in web.child.log.read_text()
    assert web.post(web.alert("after", labels={"alertname": "Apres"})).status_code == 200
    assert next(i for i in web.incidents() if i["title"] == "Apres")["state"] == "paging"
