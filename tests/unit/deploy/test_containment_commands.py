import shutil
import subprocess

import pytest

from deploy.containment import plan
from deploy.containment.command import Command, append, without
from deploy.containment.connections import Connection
from deploy.containment.dovecot import Dovecot, deny_file
from deploy.containment.errors import Unsafe
from deploy.containment.names import account_name, check_for_table, reference, table_line
from deploy.containment.postfix import Postfix, joined, read_postfix, sasl_services
from deploy.containment.runner import run

MAPPABLE = [
    "-rf@ville.fr",
    "a'b@ville.fr",
    "$(touch${IFS}x)@v.fr",
    "`id`@v.fr",
    "a;b&c|d@v.fr",
    "é@v.fr",
]
UNMAPPABLE = ["a b@v.fr", 'a"b@v.fr', "a\\b@v.fr", "#a@v.fr", "a:b@v.fr", "*@v.fr", "a@v.fr\u00a0"]
NO_NAME = ["", "a@v.fr\nb@v.fr REJECT", "a\r@v.fr", "a\0@v.fr", "a\u2028@v.fr", "a" * 255]


@pytest.mark.parametrize("name", MAPPABLE)
def test_a_shell_does_what_the_runner_does_whatever_the_name(name, tmp_path):
    for folder, execute in ((tmp_path / "a", run), (tmp_path / "b", _bash)):
        folder.mkdir()
        table = folder / "table"
        table.write_text("other@v.fr REJECT\n")
        table.chmod(0o640)
        execute(append(str(table), (table_line(name),)))
        assert table.read_text() == f"other@v.fr REJECT\n{table_line(name)}\n"
        for command in without(str(table), (table_line(name),)):
            execute(command)
        assert table.read_text() == "other@v.fr REJECT\n"
        assert [path.name for path in folder.iterdir()] == ["table"]
        assert table.stat().st_mode & 0o777 == 0o640


def _bash(command):
    subprocess.run(["bash", "-c", command.shell()], check=command.accepted == {0}, cwd="/")


@pytest.mark.skipif(shutil.which("postmap") is None, reason="no Postfix here")
@pytest.mark.parametrize("name", MAPPABLE[1:3])
def test_postfix_finds_the_very_name_in_its_table(name, tmp_path):
    postfix = _postfix(str(tmp_path), [])
    (tmp_path / "main.cf").write_text("compatibility_level = 3.7\nmyhostname = mx1.ville.test\n")
    for command in plan.refuse(name, postfix, "", ""):
        run(command)
    assert plan.answers(name, run(plan.ask_table(name, postfix)))
    for command in plan.allow(name, postfix, table_line(name), ""):
        run(command)
    assert run(plan.ask_table(name, postfix)) == ""


@pytest.mark.skipif(shutil.which("postmap") is None, reason="no Postfix here")
@pytest.mark.parametrize(
    "theirs",
    [
        "A@V.fr\tOK\n",  # Postfix folds keys
        f"{table_line('a@v.fr')} ticket 4711\n",  # ours, with a remark behind it
        "a@v.fr\n\n# since monday\n  REJECT asked for by the town hall\n",  # in two lines
    ],
)
def test_a_line_that_a_person_wrote_neither_hides_ours_nor_outlives_the_undo(theirs, tmp_path):
    postfix = _postfix(str(tmp_path), [])
    (tmp_path / "main.cf").write_text("compatibility_level = 3.7\nmyhostname = mx1.ville.test\n")
    table = tmp_path / "vigie_contained"
    others = "# caf\xe9\n".encode("latin-1") + b"b@v.fr REJECT no\n"
    table.write_bytes(others + theirs.encode())

    def text():
        return table.read_text(encoding="utf-8", errors="surrogateescape")

    for command in plan.refuse("a@v.fr", postfix, text(), ""):
        run(command)
    assert plan.answers("a@v.fr", run(plan.ask_table("a@v.fr", postfix)))
    assert plan.foreign("a@v.fr", text()) == []
    with table.open("a") as file:
        file.write(theirs)
    table.write_bytes(table.read_bytes().replace(table_line("a@v.fr").encode() + b"\n", b"", 1))
    run(Command(postfix.tool("postmap", postfix.map)))
    answer = run(plan.ask_table("a@v.fr", postfix))
    assert answer
    assert plan.foreign("a@v.fr", text())
    for command in plan.allow("a@v.fr", postfix, text(), answer):
        run(command)
    assert run(plan.ask_table("a@v.fr", postfix)) == ""
    assert run(plan.ask_table("b@v.fr", postfix)) == "b@v.fr\tREJECT no\n"
    assert table.read_bytes().startswith(others)


@pytest.mark.skipif(shutil.which("postmap") is None, reason="no Postfix here")
def test_a_database_that_outlived_its_text_is_made_anew(tmp_path):
    postfix = _postfix(str(tmp_path), [])
    (tmp_path / "main.cf").write_text("compatibility_level = 3.7\nmyhostname = mx1.ville.test\n")
    for command in plan.refuse("a@v.fr", postfix, "", ""):
        run(command)
    (tmp_path / "vigie_contained").unlink()
    answer = run(plan.ask_table("a@v.fr", postfix))
    for command in plan.allow("a@v.fr", postfix, "", answer):
        run(command)
    assert run(plan.ask_table("a@v.fr", postfix)) == ""
    assert plan.allow("a@v.fr", postfix, "", "") == []


@pytest.mark.parametrize("name", UNMAPPABLE + NO_NAME)
def test_a_name_that_no_table_can_hold_is_refused(name):
    with pytest.raises(Unsafe, match="attendu"):
        check_for_table(account_name(name))


def test_the_name_is_folded_and_its_reference_short_and_stable():
    assert account_name("Alice@Ville.FR") == "alice@ville.fr"
    assert reference("alice@ville.fr") == reference("alice@ville.fr")
    assert table_line("alice@ville.fr").isascii()
    assert table_line("alice@ville.fr").count(reference("alice@ville.fr")) == 1


def _postfix(config, services, **main):
    lists = dict.fromkeys(
        ("smtpd_sender_restrictions", "smtpd_recipient_restrictions",
         "smtpd_data_restrictions", "smtpd_end_of_data_restrictions"), "",
    )  # fmt: skip
    return Postfix(config, "/spool", "/sbin", "hash", tuple(services), {**lists, **main})


STOCK_COMMANDS = """\
smtp/inet/command = smtpd
submission/inet/command = smtpd
pickup/unix/command = pickup
dovecot/unix/command = pipe flags=DRhu user=vmail argv=/usr/lib/dovecot/lda
"""
STOCK_OVERRIDES = """\
submission/inet/syslog_name = postfix/submission
submission/inet/smtpd_sasl_auth_enable = yes
submission/inet/smtpd_client_restrictions = $mua_client_restrictions
submission/inet/smtpd_sender_restrictions = $mua_sender_restrictions
submission/inet/smtpd_recipient_restrictions =
"""


def test_debian_s_submission_overrides_the_list_and_gets_the_check_in_its_own():
    services = sasl_services(STOCK_COMMANDS, STOCK_OVERRIDES, STOCK_OVERRIDES, "no")
    assert [service.name for service in services] == ["submission/inet"]
    commands = plan.refuse("a@v.fr", _postfix("/etc/postfix", services), "", "")
    assert commands[-1].argv[-1] == (
        "submission/inet/smtpd_sender_restrictions="
        "check_sasl_access,hash:/etc/postfix/vigie_contained,$mua_sender_restrictions"
    )


@pytest.mark.skipif(shutil.which("postconf") is None, reason="no Postfix here")
@pytest.mark.parametrize(
    ("everywhere", "submission", "found"),
    [
        ("no", "Yes", ["submission/inet"]),
        ("no", "$mua_sasl", ["submission/inet"]),
        ("$mua_sasl", "no", ["smtp/inet"]),
        ("YES", "$off", ["smtp/inet"]),
    ],
)
def test_postfix_may_write_yes_in_capitals_or_behind_a_name(
    everywhere, submission, found, tmp_path
):
    (tmp_path / "main.cf").write_text(
        f"compatibility_level = 3.7\nmyhostname = mx1.ville.test\nmua_sasl = $on\non = YeS\n"
        f"off = No\nsmtpd_sasl_auth_enable = {everywhere}\n"
    )
    (tmp_path / "master.cf").write_text(
        "smtp inet n - n - - smtpd\nsubmission inet n - n - - smtpd\n"
        f" -o smtpd_sasl_auth_enable={submission}\n -o smtpd_sender_restrictions=$mua_sasl\n"
    )
    services = read_postfix(tmp_path).services
    assert [service.name for service in services] == found
    # The list stays as it is written: what it names may change.
    assert all(list(service.lists.values()) in ([], ["$mua_sasl"]) for service in services)


def test_every_service_is_guarded_where_main_cf_asks_for_passwords():
    without = "smtp/inet/smtpd_sasl_auth_enable = no\n"
    services = sasl_services(STOCK_COMMANDS, without, without, "yes")
    assert [service.name for service in services] == ["submission/inet"]
    services = sasl_services(STOCK_COMMANDS, "", "", "yes")
    postfix = _postfix("/etc/postfix", services)
    assert not plan.guarded(postfix)
    assert len(plan.refuse("a@v.fr", postfix, "", "")) == 4
    check = "check_sasl_access,hash:/etc/postfix/vigie_contained"
    assert plan.guarded(_postfix("/e", services, smtpd_sender_restrictions=check)) is False
    assert plan.guarded(_postfix("/etc/postfix", services, smtpd_data_restrictions=check))


def test_the_list_of_main_cf_is_copied_only_when_no_other_is_free():
    services = sasl_services(STOCK_COMMANDS, "", "", "yes")
    busy = {"smtpd_sender_restrictions": joined("reject_non_fqdn_sender, permit")}
    chosen = plan.refuse("a@v.fr", _postfix("/e", services, **busy), "", "")[-1].argv[-1]
    assert chosen.startswith("submission/inet/smtpd_recipient_restrictions=check_sasl_access,")
    every = dict.fromkeys(_postfix("/e", []).main, "permit")
    every["smtpd_sender_restrictions"] = "{x}"
    chosen = plan.refuse("a@v.fr", _postfix("/e", services, **every), "", "")[-1].argv[-1]
    assert chosen.endswith(
        "smtpd_recipient_restrictions=check_sasl_access,hash:/e/vigie_contained,permit"
    )


def test_what_is_done_is_not_done_again():
    postfix = _postfix("/e", [])
    line = table_line("a@v.fr")
    answer = f"a@v.fr\t{line.partition(' ')[2]}\n"
    assert plan.refuse("a@v.fr", postfix, f"{line}\n", answer) == []
    # The text is there, its database is not: killed in between.
    (only,) = plan.refuse("a@v.fr", postfix, f"{line}\n", "")
    assert only.argv[0] == "postmap"


def test_a_table_without_a_last_line_break_keeps_its_last_line():
    command = plan.refuse("a@v.fr", _postfix("/e", []), "b@v.fr REJECT", "")[0]
    assert command.lines == ("", table_line("a@v.fr"))


def test_messages_are_shown_by_the_command_that_lists_them_where_there_is_one():
    postfix = _postfix("/e", [])
    assert plan.hold(postfix, ["A", "B"]).shell() == ("printf '%s\\n' A B | postsuper -c /e -h -")
    many = plan.hold(postfix, [f"Q{i}" for i in range(9)], "list")
    assert many.shell() == "list | postsuper -c /e -h -"
    assert len(many.lines) == 9


def test_a_connection_is_closed_by_its_four_numbers_and_only_blind_by_its_process():
    seen = Connection(7, "::1", ("::1", 587), ("2001:db8::1", 4321))
    assert Command(seen.closing()).shell() == (
        "ss -K -t state established src '[::1]:587' dst '[2001:db8::1]:4321'"
    )
    assert Connection(7, "10.0.0.1", None, None).closing() == ("kill", "7")


_FILE = "  driver = passwd-file\n"


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        ("passdb {\n  args = scheme=PLAIN /etc/deny\n  deny = yes\n" + _FILE + "}\n", "/etc/deny"),
        ("passdb no {\n  deny = yes\n" + _FILE + "  passwd_file_path = /x/deny\n}\n", "/x/deny"),
        ("passdb {\n  args = /x\n" + _FILE + "}\npassdb {\n  deny = yes\n  driver = pam\n}\n", ""),
        ("passdb {\n  args = /etc/deny.%d\n  deny = yes\n" + _FILE + "}\n", ""),
    ],
)
def test_dovecot_s_file_of_the_refused(settings, found):
    assert deny_file(settings) == found


def test_dovecot_s_file_gains_and_loses_the_name_alone():
    dovecot = Dovecot("", "/x/deny")
    (command,) = plan.deny("a@v.fr", dovecot, "b@v.fr\n")
    assert command.lines == ("a@v.fr",)
    assert plan.deny("a@v.fr", dovecot, "A@v.fr:\n") == []
    assert plan.deny("a@v.fr", Dovecot("", ""), "") == []
    _, pick, _, _ = plan.accept("a@v.fr", dovecot, "b@v.fr\nA@v.fr:\n")
    assert pick.argv == ("grep", "-avxF", "-e", "A@v.fr:", "/x/deny")
    assert plan.kick("-a@v.fr", dovecot)[1].argv == ("doveadm", "kick", "--", "-a@v.fr")
