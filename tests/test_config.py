"""Settings: where they are found, what wins, and how every mistake in them is told."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from costmagic import config
from costmagic.config import BUILTIN_PROVIDERS, CacheConfig, Price, Settings
from costmagic.types import ConfigError, UsageError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The costmagic.toml of the working folder; not there yet."""
    return tmp_path / "work" / "costmagic.toml"


def loaded(file: Path, text: str) -> Settings:
    file.write_text(text, "utf-8")
    return config.load()


def mistake(file: Path, text: str) -> str:
    """The message about ``text``, without the file's path, which it must begin with."""
    with pytest.raises(ConfigError) as caught:
        loaded(file, text)
    assert str(caught.value).startswith(str(file))
    return str(caught.value).removeprefix(str(file))


def test_without_a_file_the_settings_are_built_in(home: Path) -> None:
    settings = config.load()
    assert settings.source is None
    assert settings.home == home
    assert (settings.preset, settings.tiers, settings.prices, settings.max_tokens) == ("auto", {}, {}, 4096)
    assert settings.providers == BUILTIN_PROVIDERS
    assert settings.cache == CacheConfig(ttl_days=30.0, size_mb=512.0)
    assert settings.user


def test_the_nearest_file_upward_counts_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = tmp_path / "work" / "a" / "b"
    deep.mkdir(parents=True)
    (tmp_path / "config" / "costmagic").mkdir(parents=True)
    monkeypatch.chdir(deep)
    for folder, preset in [
        (tmp_path / "config" / "costmagic", "openai"),
        (tmp_path / "work", "mixed"),
        (tmp_path / "work" / "a", "sim"),
        (deep, "local"),
    ]:
        (folder / "costmagic.toml").write_text(f"preset = '{preset}'")
        settings = config.load()
        assert (settings.preset, settings.source) == (preset, folder / "costmagic.toml")


def test_a_folder_of_that_name_is_not_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work" / "a" / "costmagic.toml").mkdir(parents=True)
    (tmp_path / "work" / "costmagic.toml").write_text("preset = 'sim'")
    monkeypatch.chdir(tmp_path / "work" / "a")
    assert config.load().source == tmp_path / "work" / "costmagic.toml"


def test_a_named_file_is_the_only_one_read(file: Path, tmp_path: Path) -> None:
    file.write_text("this is no TOML")
    (tmp_path / "mine.toml").write_text("preset = 'sim'")
    assert config.load(file=tmp_path / "mine.toml").preset == "sim"
    with pytest.raises(ConfigError, match=r"nope\.toml: .*No such file"):
        config.load(file=tmp_path / "nope.toml")


def test_everything_in_the_file_arrives(file: Path) -> None:
    settings = loaded(
        file,
        """
        preset = "mixed"
        max_tokens = 77
        store_text = false
        ledger_url = "postgresql://db/ledger"
        user = "Zoë"
        project = "Übung"
        [tiers]
        heavy = "vllm:deepseek/r1:free"
        [providers.mine]
        kind = "openai"
        base_url = "http://127.0.0.1:9/v1"
        api_key_env = "MINE_KEY"
        timeout = 1.5
        price = { input = 0.1, output = 2, cache_read = 0 }
        [providers.openai]
        timeout = 5
        [prices."openai:new"]
        input = 0.30
        output = 1e-3
        [cache]
        ttl_days = 0.5
        size_mb = 1
        """,
    )
    assert (settings.preset, settings.max_tokens, settings.store_text) == ("mixed", 77, False)
    assert (settings.ledger_url, settings.user, settings.project) == ("postgresql://db/ledger", "Zoë", "Übung")
    assert settings.tiers == {"heavy": "vllm:deepseek/r1:free"}
    mine = settings.providers["mine"]
    assert (mine.kind, mine.base_url, mine.api_key_env, mine.timeout) == (
        "openai",
        "http://127.0.0.1:9/v1",
        "MINE_KEY",
        1.5,
    )
    assert mine.price == Price(Decimal("0.1"), Decimal(2), cache_read=Decimal(0))  # never 0.1000000000000000055
    assert settings.providers["openai"].timeout == 5.0
    assert settings.providers["openai"].api_key_env == "OPENAI_API_KEY"
    assert settings.prices == {"openai:new": Price(Decimal("0.30"), Decimal("0.001"))}
    assert settings.cache == CacheConfig(0.5, 1.0)


@pytest.mark.parametrize("env", [True, False])
def test_a_server_needs_a_key_only_when_a_variable_for_it_is_named(file: Path, env: bool) -> None:
    text = "[providers.mine]\nkind = 'openai'\n" + ("api_key_env = 'MINE_KEY'" if env else "")
    assert loaded(file, text).providers["mine"].key_required is env


def test_a_byte_order_mark_is_no_mistake(file: Path) -> None:
    assert loaded(file, "\ufeffpreset = 'sim'").preset == "sim"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("prest = 'sim'", ", line 1: unknown key 'prest'; did you mean 'preset'"),
        ("\n\n[teirs]\nheavy = 'a:b'", ", line 3: unknown key 'teirs'; did you mean 'tiers'"),
        ("# hevy = 1\n[tiers]\nheavy = 'a:b' # hevy\nhevy = 'a:b'", ", line 4: unknown key 'tiers.hevy'; did you mean"),
        ("[tiers]\nmedium = 'a:b'\n[cache]\nmedium = 1", ", line 4: unknown key 'cache.medium'; there are ttl_days"),
        ("tiers = { heavy = 'a:b', hevy = 'a:b' }", ", line 1: unknown key 'tiers.hevy'; did you mean 'heavy'"),
        ("[tiers]\n'hevy' = 'a:b'", ", line 2: unknown key 'tiers.hevy'; did you mean 'heavy'"),
        ("preset = 'sims'", ", line 1: preset = 'sims' is not one of auto, anthropic,"),
        ("preset = ['sim']", ", line 1: preset = ['sim'] is not one of"),
        ("user = 5", ", line 1: user must be a text, not 5"),
        ("\nstore_text = 1", ", line 2: store_text must be true or false, not 1"),
        ("max_tokens = true", ", line 1: max_tokens must be a whole number, not True"),
        ("max_tokens = 1.0", ", line 1: max_tokens must be a whole number"),
        ("max_tokens = 0", ", line 1: max_tokens must be at least 1"),
        ("tiers = 5", ", line 1: tiers must be a table, not 5"),
        ("[tiers]\nheavy = 5", ", line 2: tiers.heavy must be a text, not 5"),
        ("[tiers]\nheavy = 'gpt'", ", line 2: tiers.heavy: 'gpt' is not a model: write provider:model"),
        ("[tiers]\nheavy = 'gpt:'", ", line 2: tiers.heavy: 'gpt:' is not a model"),
        ("[cache]\nprefix = 'on'", ", line 2: cache.prefix = 'on' is not one of auto, off"),
        ("[cache]\nmin_tokens = 5", ", line 2: cache.min_tokens must be a table, not 5"),
        (
            "[cache.min_tokens]\n'a:b' = 1\n'claude*' = 5",
            ", line 3: cache.min_tokens.\"claude*\": 'claude*' is not a model",
        ),
        ("[cache.min_tokens]\n'a:*' = 0", ', line 2: cache.min_tokens."a:*" must be at least 1'),
        ("[cache.min_tokens]\n'a:*' = 1.5", ', line 2: cache.min_tokens."a:*" must be a whole number'),
        ("[cache]\nttl_days = 0", ", line 2: cache.ttl_days must be greater than 0"),
        ("[cache]\nsize_mb = inf", ", line 2: cache.size_mb must be a finite number"),
        ("[cache]\nsize_mb = nan", ", line 2: cache.size_mb must be a finite number"),
        ("[cache]\nsize_mb = '5'", ", line 2: cache.size_mb must be a number, not '5'"),
        ("[cache]\nsize_mb = true", ", line 2: cache.size_mb must be a number, not True"),
        ("\n[providers.x]\nbase_url = 'u'", ', line 2: [providers.x] needs kind = "openai" or'),
        (
            "[providers.x]\nkind = 'opnai'",
            ", line 2: providers.x.kind = 'opnai' is not one of anthropic, openai",
        ),
        ("[providers.x]\nkind = 'openai'\napi_key = 'sk'", ", line 3: unknown key 'providers.x.api_key'; did you mean"),
        ("[providers.x]\nkind = 'openai'\ntimeout = -1", ", line 3: providers.x.timeout must be greater than 0"),
        ("[providers]\nx = 5", ", line 2: providers.x must be a table, not 5"),
        ("[providers.vllm]\nprice = { input = 1 }", ", line 2: providers.vllm.price needs output (USD per million"),
        (
            "[providers.vllm]\nprice = { input = -1, output = 1 }",
            ", line 2: providers.vllm.price.input must not be",
        ),
        ("[providers.vllm]\nprice = { input = 1, outptu = 1 }", ", line 2: unknown key 'providers.vllm.price.outptu'"),
        ("[prices.\"a:b.c\"]\ninput = 1\noutput = 'x'", ", line 3: prices.\"a:b.c\".output must be a number, not 'x'"),
        ("[prices.gpt]\ninput = 1\noutput = 1", ", line 1: prices.\"gpt\": 'gpt' is not a model: write provider:model"),
        ("home = 'x'", ", line 1: unknown key 'home'"),
        ("source = 'x'", ", line 1: unknown key 'source'"),
        ("preset = 'sim", ": "),
        ("preset = 'sim'\npreset = 'sim'", ": "),
    ],
)
def test_a_mistake_names_file_line_and_closest_key(file: Path, text: str, told: str) -> None:
    assert mistake(file, text).startswith(told)


def test_the_prompt_cache_can_be_switched_off_and_its_minima_set(file: Path) -> None:
    assert (config.load().cache.prefix, config.load().cache.min_tokens) == ("auto", {})
    cache = loaded(file, "[cache]\nprefix = 'off'\n[cache.min_tokens]\n'anthropic:claude-haiku-5-5*' = 2048").cache
    assert (cache.prefix, cache.min_tokens, cache.ttl_days) == ("off", {"anthropic:claude-haiku-5-5*": 2_048}, 30.0)


def test_toml_that_is_broken_or_no_text_names_the_file(file: Path) -> None:
    assert "line 2" in mistake(file, "preset = 'sim'\nx == 1")
    file.write_bytes(b"user = '\xff'")
    with pytest.raises(ConfigError, match=r"costmagic\.toml: 'utf-8' codec"):
        config.load()


def test_overrides_win_over_the_file_key_by_key(file: Path) -> None:
    file.write_text("preset = 'sim'\n[tiers]\nheavy = 'a:b'\nmedium = 'c:d'\n[cache]\nttl_days = 1")
    overrides = {"preset": "local", "tiers": {"heavy": "x:y"}, "cache": {"size_mb": 2}}
    settings = config.load(overrides=overrides)
    assert settings.preset == "local"
    assert settings.tiers == {"heavy": "x:y", "medium": "c:d"}
    assert settings.cache == CacheConfig(1.0, 2.0)
    assert settings.source == file
    assert config.load().preset == "sim"


@pytest.mark.parametrize(
    "overrides",
    [{"prest": 1}, {"tiers": {"hevy": "a:b"}}, {"tiers": None}, {"cache": {"size_mb": float("nan")}}, {1: 2}],
)
def test_mistakes_in_overrides_are_config_errors_too(overrides: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match=r"^settings: ") as caught:
        config.load(overrides=overrides)
    assert isinstance(caught.value, UsageError)


def test_the_environment_sets_home_and_preset(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("preset = 'sim'")
    monkeypatch.setenv("COSTMAGIC_PRESET", "openai")
    monkeypatch.setenv("COSTMAGIC_HOME", str(tmp_path / "elsewhere"))
    assert (config.load().preset, config.load().home) == ("openai", tmp_path / "elsewhere")
    assert config.load(home=tmp_path / "mine").home == tmp_path / "mine"
    assert config.load(overrides={"preset": "local"}).preset == "local"
    monkeypatch.setenv("COSTMAGIC_PRESET", "opnai")
    with pytest.raises(ConfigError, match="COSTMAGIC_PRESET = 'opnai' is not one of auto,"):
        config.load()


def test_a_tilde_in_home_is_the_users_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config.load(home="~/c").home == tmp_path / "c"
    monkeypatch.setenv("COSTMAGIC_HOME", "~/d")
    assert config.load().home == tmp_path / "d"


@pytest.mark.parametrize(
    ("variables", "provider", "url"),
    [
        ({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, "openai", "http://127.0.0.1:1/v1"),
        ({"VLLM_BASE_URL": "http://127.0.0.1:2/v1"}, "vllm", "http://127.0.0.1:2/v1"),
        ({"OLLAMA_HOST": "0.0.0.0:3"}, "ollama", "http://127.0.0.1:3/v1"),
        ({"OLLAMA_HOST": "https://box:3/"}, "ollama", "https://box:3/v1"),
        ({"OLLAMA_HOST": "0.0.0.0"}, "ollama", "http://127.0.0.1:11434/v1"),
        ({"OLLAMA_HOST": "box"}, "ollama", "http://box:11434/v1"),
        ({"OLLAMA_HOST": "box:3", "OLLAMA_BASE_URL": "http://x/v1"}, "ollama", "http://x/v1"),
        ({}, "openai", None),
    ],
)
def test_addresses_come_from_the_usual_variables(
    variables: dict[str, str], provider: str, url: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert config.address(provider, config.load().providers[provider]) == url


def test_an_address_in_the_file_wins_over_the_variable(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1")
    assert (
        config.address("openai", loaded(file, "[providers.openai]\nbase_url = 'http://file'").providers["openai"])
        == "http://file"
    )


def test_settings_never_hold_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for provider in BUILTIN_PROVIDERS.values():
        if provider.api_key_env:
            monkeypatch.setenv(provider.api_key_env, "sk-very-secret")
    assert "sk-very-secret" not in repr(config.load())


def test_the_variable_does_not_move_a_server_of_the_user_s_own(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_BASE_URL", "http://elsewhere")
    own = loaded(file, "[providers.lab]\nkind = 'openai'\nbase_url = 'http://lab'").providers["lab"]
    assert config.address("lab", own) == "http://lab"


@pytest.mark.parametrize("kind", ["sim", "local"])
def test_only_protocols_can_be_given_as_a_kind(file: Path, kind: str) -> None:
    with pytest.raises(ConfigError, match="kind"):
        loaded(file, f"[providers.lab]\nkind = '{kind}'")
