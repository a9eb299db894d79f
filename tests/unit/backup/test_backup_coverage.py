"""Which machines are to be backed up, and until when one is exempt."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from exporters.backup.coverage import families
from inventory.backup import BackupExemption, BackupHost, Copies


@pytest.fixture
def told(page, example_inventory):
    def render(now="2027-06-30T12:00:00", **changes):
        ours = example_inventory.syndicate.model_copy(
            update={"backup_hosts": (BackupHost(name="pare-feu"),)}
        )
        site = example_inventory.model_copy(update={"syndicate": ours, **changes})
        return page(families(site, datetime.fromisoformat(now).replace(tzinfo=UTC)))

    return render


def test_machines_that_should_run_and_declared_ones_with_their_owner(told):
    text = told()
    assert 'backup_inventory_host_info{host="valmont-web",member="valmont"} 1.0' in text
    assert 'backup_inventory_host_info{host="pare-feu",member="syndicat"} 1.0' in text
    assert "banc-essai" not in text  # it should not run
    assert "backup_policy_required_copies 1.0" in text


@pytest.mark.parametrize(
    ("now", "exempt"),
    [
        ("2027-06-30T21:59:59", 1.0),  # a second to midnight in Paris, on its last day
        ("2027-06-30T22:00:00", 0.0),
    ],
)
def test_an_exemption_lasts_to_the_end_of_its_day(told, now, exempt):
    found = BackupExemption(host="mx1", reason="refait en une heure", until=date(2027, 6, 30))
    text = told(now, backup_exemptions=(found,))
    assert f'backup_host_exempt{{host="mx1"}} {exempt}' in text
    assert 'backup_host_exempt_until_timestamp_seconds{host="mx1"} 1.8143928e+09' in text


def test_how_many_copies_where(told):
    text = told(backup_copies=Copies(copies=3, offsite=1, immutable=1))
    assert "backup_policy_required_copies 3.0" in text
    assert "backup_policy_required_offsite_copies 1.0" in text
    assert "backup_policy_required_immutable_copies 1.0" in text
