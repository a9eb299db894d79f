"""A Proxmox VE API that is slow, refuses, errs or lies: bounded, told, and no secret leaks."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from exporters.hypervisor.proxmox.client import Client
from exporters.hypervisor.proxmox.errors import BadAnswer, ProxmoxError, Refused, Unreachable
from exporters.hypervisor.proxmox.host import ProxmoxHost
from exporters.hypervisor.settings import ProxmoxEntry
from exporters.toolkit.collector import Deadline
from inventory.process.logs import capture

SECRET = "3f8f6f4e-1111-4222-8333-0123456789ab"


def value(host: ProxmoxHost, name: str, seconds: float = 2.0, **labels: str) -> float | None:
    for family in host.read(Deadline.after(seconds)):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return None


def client_of(settings: dict[str, Any], **changes: Any) -> Client:
    block = settings | changes
    ca_file = block.get("ca_file")
    return Client(
        block["url"],
        block["token_id"],
        Path(block["token_file"]),
        None if ca_file is None else Path(ca_file),
    )


WAYS: dict[str, tuple[Callable[[Any], Any], type[ProxmoxError], str]] = {
    "expired token": (lambda h: h.say(401, {"data": None}), Refused, "expiré (401)"),
    "no right": (lambda h: h.say(403, {"data": None}), Refused, "pas le droit (403)"),
    "error": (lambda h: h.say(500, {"data": None}), BadAnswer, "erreur interne (500)"),
    "broken node": (lambda h: h.say(596, b""), BadAnswer, "n'a pas répondu"),
    "page": (lambda h: h.say(200, b"<html>Proxmox</html>"), BadAnswer, "pas du JSON"),
    "cut JSON": (lambda h: h.say(200, b'{"data": ['), BadAnswer, "pas du JSON"),
    "deep JSON": (lambda h: h.say(200, b"[" * 200_000), BadAnswer, "pas du JSON"),
    "no data": (lambda h: h.say(200, {"errors": {}}), BadAnswer, "sans « data »"),
    "a list": (lambda h: h.say(200, []), BadAnswer, "sans « data »"),
    "redirection": (
        lambda h: h.say(302, b"", Location="https://127.0.0.1:1/steal"),
        BadAnswer,
        "redirection (302)",
    ),
    "hang": (lambda h: h.server.api.released.wait(20), Unreachable, "temps imparti"),
    "drops": (lambda h: h.drip(20), Unreachable, "temps imparti"),
    "cut connection": (lambda h: h.connection.close(), Unreachable, "rompue"),
}


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_fail_is_a_bounded_error_that_says_which(
    way: str, api: Any, settings: dict[str, Any]
) -> None:
    act, kind, words = WAYS[way]

    def instead(handler: Any) -> bool:
        act(handler)
        handler.close_connection = True
        return True

    api.behaviours["version"] = instead
    client = client_of(settings)
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        client.get("version", seconds=0.8)
    assert time.monotonic() - began < 2.0
    assert words in str(caught.value)
    assert SECRET not in repr(caught.value)
    client.close()


@pytest.mark.parametrize("way", ["expired token", "broken node", "page", "hang", "drops"])
def test_a_scrape_of_a_node_that_fails_says_so_in_time(
    way: str, api: Any, host: Callable[..., ProxmoxHost]
) -> None:
    act = WAYS[way][0]
    api.behaviours[""] = lambda handler: act(handler) or True
    one = host()
    began = time.monotonic()
    assert value(one, "hypervisor_up", 1.5) == 0.0
    assert time.monotonic() - began < 2.0


def test_a_slow_api_within_the_time_is_no_failure(
    api: Any, host: Callable[..., ProxmoxHost]
) -> None:
    api.behaviours["cluster/resources"] = lambda _: bool(time.sleep(0.4))
    assert value(host(), "hypervisor_up", 3.0) == 1.0


def test_a_call_that_hangs_is_not_repeated_by_the_next_scrapes(
    api: Any, host: Callable[..., ProxmoxHost]
) -> None:
    one = host(start=False)
    api.behaviours["cluster/resources"] = lambda handler: api.released.wait(20)
    for _ in range(4):
        value(one, "hypervisor_up", 0.5)
    # The first call ends with its own time, 0.35 s: never two at once.
    assert one.stats.outstanding <= 1
    assert api.count("cluster/resources") <= 4
    del api.behaviours["cluster/resources"]
    time.sleep(0.5)
    assert value(one, "hypervisor_up") == 1.0


def test_a_right_that_is_missing_takes_away_what_it_hides_and_nothing_else(
    api: Any, host: Callable[..., ProxmoxHost]
) -> None:
    for path in ("nodes/pve1/qemu/100/config", "nodes/pve1/storage", "nodes/pve1/status"):
        api.behaviours[path] = lambda handler: handler.say(403, {"data": None}) or True
    with capture() as logs:
        one = host()
        end = time.monotonic() + 4
        while any(lane.status().succeeded_at is None for lane in one.lanes):
            assert time.monotonic() < end
            time.sleep(0.02)
        assert value(one, "hypervisor_up") == 1.0
        assert value(one, "hypervisor_domain_state", domain="valmont-web") == 1.0
        assert value(one, "hypervisor_domain_autostart", domain="valmont-web") is None
        assert value(one, "hypervisor_domain_autostart", domain="relais") == 1.0
        assert value(one, "hypervisor_pool_info") is None
        assert value(one, "hypervisor_host_cpus") is None
        assert value(one, "hypervisor_domain_snapshots", domain="valmont-web") == 2.0
    assert any("PVEAuditor" in str(line) for line in logs)
    assert SECRET not in str(logs)


def test_details_that_fail_leave_the_states_of_guests(
    api: Any, host: Callable[..., ProxmoxHost]
) -> None:
    api.behaviours["nodes/pve1/qemu"] = lambda handler: handler.say(596, b"") or True
    one = host()
    assert value(one, "hypervisor_domain_state", domain="valmont-web") == 1.0
    assert value(one, "hypervisor_scrape_partial") == 1.0
    assert value(one, "hypervisor_lane_up", lane="inventory") == 0.0


def test_a_node_its_cluster_does_not_see_is_down(
    api: Any, host: Callable[..., ProxmoxHost]
) -> None:
    for row in api.answers["cluster/resources"]:
        if row.get("node") == "pve1":
            row["status"] = "offline" if row["type"] == "node" else "unknown"
    assert value(host(), "hypervisor_up") == 0.0


def test_a_certificate_that_nobody_vouches_for_is_refused(
    api: Any, settings: dict[str, Any]
) -> None:
    client = client_of(settings, ca_file=None)
    with pytest.raises(Unreachable, match="certificat TLS refusé"):
        client.get("version", seconds=2)
    assert api.headers == []  # the token was not sent
    client.close()


def test_an_address_without_tls_is_refused_before_the_token_is_read(
    settings: dict[str, Any],
) -> None:
    block = settings | {"url": "http://pve1.exemple.test:8006"}
    with pytest.raises(ValidationError, match="enverrait le jeton en clair"):
        ProxmoxEntry.model_validate(block)


def test_a_redirection_never_takes_the_token_along(api: Any, settings: dict[str, Any]) -> None:
    elsewhere = f"{api.url}/api2/json/nodes"
    api.behaviours["version"] = lambda handler: handler.say(307, b"", Location=elsewhere) or True
    client = client_of(settings)
    with pytest.raises(BadAnswer):
        client.get("version", seconds=2)
    assert api.calls == ["/api2/json/version"]
    client.close()


def test_a_renewed_token_is_taken_up_after_a_refusal(api: Any, settings: dict[str, Any]) -> None:
    token = Path(settings["token_file"])
    token.write_text("00000000-old\n", encoding="utf-8")
    client = client_of(settings)
    with pytest.raises(Refused):
        client.get("version", seconds=2)
    token.write_text(f"{SECRET}\n", encoding="utf-8")
    assert client.get("version", seconds=2)["release"] == "8.4"
    client.close()


@pytest.mark.parametrize("secret", ["two words", "a\x07b", "x" * 300])
def test_a_token_that_is_none_is_refused_without_being_shown(
    secret: str, settings: dict[str, Any]
) -> None:
    Path(settings["token_file"]).write_text(secret, encoding="utf-8")
    with pytest.raises(Refused) as caught:
        client_of(settings).get("version", seconds=2)
    assert secret not in str(caught.value)


def test_a_hostile_name_cannot_leave_its_place_in_the_path(
    api: Any, settings: dict[str, Any]
) -> None:
    client = client_of(settings)
    with pytest.raises(BadAnswer):
        client.get("nodes", "../../x?y=", "status", seconds=2)
    assert api.calls == ["/api2/json/nodes/..%2F..%2Fx%3Fy%3D/status"]
    client.close()


def test_nothing_of_the_secret_is_in_the_urls_or_the_logs(
    api: Any, host: Callable[..., ProxmoxHost]
) -> None:
    with capture() as logs:
        one = host()
        value(one, "hypervisor_up")
        api.behaviours[""] = lambda handler: handler.say(401, {"data": None}) or True
        value(one, "hypervisor_up")
        assert any(SECRET in header for header in api.headers)
    assert logs
    assert SECRET not in str(logs) + "".join(api.calls)
