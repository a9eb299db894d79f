import io

from inventory.process import run_with_extra


def test_a_missing_library_names_the_extra_that_brings_it(tmp_path, monkeypatch):
    (tmp_path / "demande_absente.py").write_text("import bibliotheque_jamais_ecrite\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    said = io.StringIO()
    assert run_with_extra("demande_absente", "webhook", [], said) == 1
    assert said.getvalue() == (
        "bibliothèque absente (bibliotheque_jamais_ecrite) ;"
        " attendu : pip install 'vigie[webhook]'\n"
    )


def test_the_status_of_the_process_is_passed_on(tmp_path, monkeypatch):
    (tmp_path / "processus_present.py").write_text("def main(arguments): return len(arguments)\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert run_with_extra("processus_present", "webhook", ["a", "b", "c"]) == 3
