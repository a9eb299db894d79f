from __future__ import annotations

import json
from types import SimpleNamespace

import pytest
from exim_spool import NOW, by, header, message_id, put

from deploy.cli.__main__ import main
from deploy.cli.mail.queue_share import queue_now
from exporters.mailqueue.queue_collector import QueueSettings

ALICE, BRUNO = "alice@ville-valmont.test", "bruno@brecourt.test"


def taken(second, number, account, client, recipients):
    stamp = f"2026-11-30 02:{second // 60:02d}:{second % 60:02d}"
    people = " ".join(f"v{number}-{n}@dest{n}.test" for n in range(recipients))
    return (
        f"{stamp} {message_id(number)} <= {account} H=(x) [{client}]:6 P=esmtpsa"
        f" A=plain:{account} S=2000 for {people}\n"
    )


@pytest.mark.parametrize("form", ["", "mx2 exim[7]: "])
def test_analyse_names_the_account_in_an_exim_log(tmp_path, capsys, form):
    calm = [taken(n * 60, n, BRUNO, "192.0.2.7", 1) for n in range(50)]
    stolen = [taken(3000 + n, 100 + n, ALICE, f"{n + 20}.4.0.9", 20) for n in range(60)]
    log = tmp_path / "mainlog"
    lines = [f"{line[:20]}{form}{line[20:]}" for line in calm + stolen]
    if form:
        lines = [line.replace(" ", "T", 1).replace(" ", "+01:00 ", 1) for line in lines]
    log.write_text("".join(lines))
    assert main(["mail", "analyse", "--json", str(log)]) == 0
    out = capsys.readouterr()
    [found] = json.loads(out.out)["detections"]
    assert (found["kind"], found["account"]) == ("compromised", ALICE)
    assert "2026-11-30T02:50:00+01:00" <= found["time"] <= "2026-11-30T02:50:25+01:00"
    assert out.err == ""


def test_who_sees_the_share_of_an_exim_queue(tmp_path, clock):
    (tmp_path / "input").mkdir()
    for number in range(4):
        name = message_id(number, at=NOW)
        account = BRUNO if number == 3 else ALICE
        put(tmp_path / "input", name, header(name, variables=by(account)))
    settings = QueueSettings(mta="exim", queue_directory=tmp_path)
    snapshot, why = queue_now(SimpleNamespace(mailqueue=settings), clock)
    assert why == ""
    assert snapshot.shares[ALICE].messages == 3
    assert snapshot.messages == 4
