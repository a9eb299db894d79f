import json

import pytest

from deploy.drill.report import STEPS, HonestMail, Observation, as_json, as_text, faults


def success() -> Observation:
    return Observation(
        drill="premier-mai",
        expected_account="m.lefevre@ville-valmont.test",
        expected_person="nadia.benali",
        account="m.lefevre@ville-valmont.test",
        paged=["nadia.benali"],
        why_paged="jour férié",
        sms="VIGIE 12 CRITIQUE",
        sms_segments=2,
        sms_phone_is_right=True,
        all_clear_sms="VIGIE 12 TERMINÉ",
        seconds=dict.fromkeys(STEPS, 20.0),
        honest_mail=HonestMail(sent=100, delivered=100, delayed=3),
        attack={"messages": 5, "recipients": 75, "addresses": 12},
        member_pages_alike=True,
        scrape_seconds=0.2,
    )


def test_a_complete_drill_succeeds_and_says_so_in_both_forms():
    report = as_json(success())
    assert report["ok"] is True
    assert report["faults"] == []
    assert json.loads(json.dumps(report)) == report
    assert "Réussi." in as_text(success())


def test_the_keys_others_rely_on_are_there():
    report = as_json(success())
    wanted = {"ok", "account", "paged", "why_paged", "sms", "seconds", "honest_mail", "false_pages"}
    assert wanted <= report.keys()
    assert set(report["honest_mail"]) == {"sent", "delivered", "delayed"}
    steps = "metric alert webhook sms_accepted sms_delivered acknowledged status_page all_clear"
    assert set(steps.split()) <= report["seconds"].keys()


@pytest.mark.parametrize("step", STEPS)
def test_any_missing_step_fails_the_drill(step):
    seen = success()
    del seen.seconds[step]
    assert as_json(seen)["ok"] is False
    assert as_json(seen)["seconds"][step] is None
    assert "jamais" in as_text(seen)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"account": "accueil@brecourt.test"}, "compte nommé : accueil@brecourt.test"),
        ({"account": None}, "compte nommé : aucun"),
        ({"paged": ["luc.marchand"]}, "personne appelée : luc.marchand"),
        ({"paged": ["luc.marchand", "nadia.benali"]}, "personne appelée"),
        ({"sms_phone_is_right": False}, "personne appelée"),
        ({"sms_segments": 3}, "SMS de 3 segments"),
        ({"false_pages": 1}, "1 appel(s) à tort"),
        ({"honest_mail": HonestMail(10, 9, 0)}, "1 courrier(s) honnête(s) non remis"),
        ({"member_pages_alike": False}, "commune"),
        ({"scrape_seconds": 0.6}, "collecte complète en 0.6 s"),
        ({"scrape_seconds": None}, "collecte complète"),
        ({"metrics_lint": "x no help"}, "promtool check metrics : x no help"),
        ({"empty_panels": ["File"]}, "panneau Grafana vide : File"),
        ({"lost_canaries": ["noirmont"]}, "message témoin perdu, ou jamais venu : noirmont"),
    ],
)
def test_whatever_is_wrong_is_named(change, words):
    seen = success()
    for name, value in change.items():
        setattr(seen, name, value)
    assert any(words in fault for fault in faults(seen))


def test_an_sms_that_comes_too_late_fails_the_drill():
    seen = success()
    seen.seconds["sms_delivered"] = 45.1
    assert faults(seen) == ["SMS affiché après 45.1 s, attendu : 45 s au plus"]
