"""The words for states and reasons, against the installed libvirt."""

from __future__ import annotations

import re

import libvirt
import pytest

from exporters.hypervisor.states import REASONS, STATES, is_active, reason_word, state_word

PATTERN = re.compile(
    r"VIR_DOMAIN_(NOSTATE|RUNNING|BLOCKED|PAUSED|SHUTDOWN|SHUTOFF|CRASHED|PMSUSPENDED)_(?!DISK)(\w+)"
)


def test_every_state_of_the_library_has_its_word():
    for number, word in STATES.items():
        assert getattr(libvirt, f"VIR_DOMAIN_{word.upper()}") == number


def test_every_reason_that_libvirt_can_give_has_its_word():
    numbers = {word: number for number, word in STATES.items()}
    # libvirt-python also exposes the flags of virDomainShutdown under the prefix of a state.
    flags = {"GUEST_AGENT", "INITCTL", "SIGNAL", "PARAVIRT", "ACPI_POWER_BTN", "DEFAULT"}
    seen = 0
    for name in dir(libvirt):
        found = PATTERN.fullmatch(name)
        if found and found[2] not in flags:
            seen += 1
            code = getattr(libvirt, name)
            assert reason_word(numbers[found[1].lower()], code) == found[2].lower(), name
    assert seen > 40


def test_no_word_stands_for_a_reason_libvirt_does_not_have():
    for state, reasons in REASONS.items():
        for number, word in reasons.items():
            assert getattr(libvirt, f"VIR_DOMAIN_{STATES[state]}_{word}".upper()) == number


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [(42, 0, ("state_42", "unknown")), (1, 77, ("running", "reason_77"))],
)
def test_a_number_newer_than_the_tables_stays_visible(state, reason, words):
    assert (state_word(state), reason_word(state, reason)) == words


def test_only_shut_off_and_crashed_guests_have_no_process():
    assert [STATES[s] for s in STATES if not is_active(s)] == ["shutoff", "crashed"]
