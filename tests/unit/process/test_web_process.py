import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from inventory.config import ConfigurationError, Fault, ListenAddress
from inventory.process import Clock, Listening, WebProcess, listen


class Bench:
    """A process whose configuration is the text of its file: an address."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.ran: list[tuple[str, Listening, Clock]] = []
        self.process = WebProcess(
            name="vigie-essai", description="Essaie.", file="essai.yml",
            load=self.load, address=lambda text: ListenAddress(text, 0), run=self.run,
        )  # fmt: skip

    def load(self, path: Path) -> str:
        if not path.exists():
            raise ConfigurationError([Fault(str(path), 1, "(document)", "absent")])
        return path.read_text()

    def run(self, config: str, listening: Listening, clock: Clock) -> int:
        assert listening.socket.getsockname()[:2] == ("127.0.0.1", listening.address.port)
        self.ran.append((config, listening, clock))
        return 7

    def __call__(self, *flags: str) -> int:
        return self.process.main(["--config", str(self.path), "--log.level", "error", *flags])


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    path = tmp_path / "essai.yml"
    path.write_text("localhost")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield Bench(path)
    # The process set up its logs; the other tests have theirs.
    root.handlers[:] = handlers
    root.setLevel(level)


def test_it_runs_on_a_socket_that_listens_under_the_name_that_was_written(bench):
    assert bench() == 7
    ((config, listening, _),) = bench.ran
    assert config == "localhost"
    assert listening.address.host == "localhost"
    assert listening.address.port != 0
    assert listening.socket.fileno() == -1, "closed at the end"


def test_the_flags_win_over_the_file_and_set_the_clock(bench):
    bench("--web.listen-address", "127.0.0.1:0", "--clock.start", "2026-05-01T07:12:00+02:00")
    ((_, listening, clock),) = bench.ran
    assert listening.address.host == "127.0.0.1"
    assert clock().isoformat().startswith("2026-05-01T05:12:")


def test_a_check_runs_nothing(bench, capsys):
    assert bench("--config.check") == 0
    assert bench.ran == []
    assert capsys.readouterr().out == f"{bench.path} : configuration valide.\n"


def test_a_faulty_configuration_is_told_with_exit_2_before_anything_listens(bench, capsys):
    bench.path.unlink()
    with pytest.raises(SystemExit) as left:
        bench()
    assert left.value.code == 2
    assert bench.ran == []
    assert f"{bench.path}:1: (document): absent" in capsys.readouterr().err


def test_an_address_that_cannot_be_had_is_told_with_exit_1(bench, capsys):
    with listen(ListenAddress("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert bench("--web.listen-address", address) == 1
    assert bench.ran == []
    assert capsys.readouterr().err.startswith(f"Impossible d'écouter sur {address} : le port ")
