from exporters.toolkit.quiet import REPEAT_AFTER, QuietLog
from inventory.process.logs import capture, get_logger


def test_a_repeated_problem_is_written_again_only_after_a_while_with_its_count():
    now = [1000.0]
    with capture() as logs:
        quiet = QuietLog(get_logger("vigie.test"), now=lambda: now[0])
        for _ in range(5):
            quiet.problem("a", "échec", "fermé")
        now[0] += REPEAT_AFTER
        quiet.problem("a", "échec", "fermé")
        quiet.problem("a", "échec", "autre chose")
        quiet.problem("b", "échec", "autre chose")
        quiet.fine("a", "rétabli")
        quiet.fine("a", "rétabli")
    assert [(log["collector"], log.get("error"), log.get("repeated")) for log in logs] == [
        ("a", "fermé", None),
        ("a", "fermé", 4),
        ("a", "autre chose", None),
        ("b", "autre chose", None),
        ("a", None, None),
    ]
