from __future__ import annotations

import pytest
from exim_spool import NOW, by, header, message_id

from exporters.mailqueue.exim.header_file import CutShort, NotASpoolFile, parse_header
from exporters.mailqueue.exim.message_id import arrival_of, is_companion, is_header

ID = "1xY8gv-00064w-1v"
REAL = b"""\
1xY8gv-00064w-1v-H
Debian-exim 999 995
<alice@ville-valmont.test>
1796073221 0
-received_time_usec .597669
-received_time_complete 1796073221.598504
--helo_name poste.test
-host_address [127.0.0.1]:60728
-host_auth plain
-host_auth_pubname PLAIN
-interface_address [127.0.0.1]:38187
-received_protocol esmtpa
-body_linecount 1
-max_received_linelength 30
--auth_id alice@ville-valmont.test
-frozen 1796073257
-tls_resumption A
YY c@refus.test
NN b@dest.test
NN e@hole.test
5
a@dead.test
b@dest.test
c@refus.test
d@unknown.test
e@hole.test

192P Received: from [127.0.0.1] (port=60728 helo=poste.test)
"""


def parsed(*variables: str, **kwargs):
    return parse_header(header(ID, variables=variables, **kwargs).encode(), f"{ID}-H")


def test_the_ids_of_all_versions_are_known_and_carry_their_time():
    assert is_header("1xY8gv-00064w-1v-H")
    assert is_header("1xY8gv-0000000064w-1v00-H")
    assert arrival_of("1xY8gv-00064w-1v-H") == arrival_of("1xY8gv-0000000064w-1v00") == NOW
    assert message_id(5) == "1xY8gv-000005-05"
    for name in ("1xY8gv-00064w-1v-D", "1xY8gv-0000000064w-1v00-J", "hdr.1xY8gv-00064w-1v"):
        assert is_companion(name)
        assert not is_header(name)
    for name in ("1xY8gv-00064w-1v", "1xY8gv-000064w-1v-H", "1xY8gv-00064w-1v-H.bak", "core"):
        assert not is_header(name)
        assert not is_companion(name)


def test_a_real_header_file_is_read():
    found = parse_header(REAL, f"{ID}-H")
    assert found.received == 1796073221.597669
    assert found.account == b"alice@ville-valmont.test"
    assert found.client_address == b"127.0.0.1"
    assert found.recipients == 5
    assert found.frozen_at == 1796073257
    assert not found.waits_first
    for length in range(REAL.index(b"a@dead.test")):
        with pytest.raises(CutShort):
            parse_header(REAL[:length], f"{ID}-H")


@pytest.mark.parametrize("line", ["auth_id alice", "-auth_id alice", "-(mysql)auth_id alice"])
def test_the_account_is_read_in_the_form_of_every_version(line):
    assert parsed(line).account == b"alice"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("[2001:db8::7]:25", b"2001:db8::7"),
        ("192.0.2.7.60728", b"192.0.2.7"),
        ("192.0.2.7", b"192.0.2.7"),
        ("2001:db8::7.60728", b"2001:db8::7"),
        ("nonsense", b""),
    ],
)
def test_the_client_address_is_read_in_the_form_of_every_version(text, address):
    assert parsed(f"host_address {text}").client_address == address


def test_mail_that_was_never_tried_and_mail_without_account():
    assert parsed("deliver_firsttime").waits_first
    assert parsed("local").account == b""


def test_a_variable_of_several_lines_cannot_imitate_others():
    value = "x\n--auth_id victim@ville-valmont.test\n-frozen 1\nXX\n1"
    found = parsed(f"-aclm greeting {len(value)}\n{value}", *by("thief"))
    assert (found.account, found.frozen_at, found.recipients) == (b"thief", None, 1)
    found = parsed("-helo_name x -auth_id victim", "ident auth_id victim", "tls_peerdn CN=x")
    assert found.account == b""


def test_a_tree_of_any_shape_is_left_behind():
    tree = ("YN YN@x", "NY b c@x", "YY d@x", "NN 7", "NN 9@x")
    assert parsed(delivered=tree, recipients=tuple("abcdef")).recipients == 6


@pytest.mark.parametrize(
    "text",
    [
        header("1xY8gv-00064w-1w"),
        header(ID).replace("<someone", "someone"),
        header(ID).replace(f"{NOW} 0", "yesterday 0"),
        header(ID, delivered=("maybe a@x",)),
        header(ID).replace("\n1\n", "\nmany\n"),
        header(ID, variables=("frozen soon",)),
        header(ID, variables=("aclm x -5\nabc",)),
        "\n" * 9,
    ],
)
def test_what_is_no_header_file_is_refused(text):
    with pytest.raises(NotASpoolFile):
        parse_header(text.encode(), f"{ID}-H")
