"""The settings: the file, the environment over it, and when serving is refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from pydantic import BaseModel
from ruamel.yaml import YAML

from bot.config import Argon, Config, Holiday, Notices, SettingProblem, Smtp, Telegram, Tls, _ConfigFile, packaged_file
from bot.yaml_file import FileProblem


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Given a folder without a config.yaml, and a home of our own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "config.yaml"
    file.write_text(text)
    return file


def test_without_anything_the_packaged_file_holds() -> None:
    config = Config.load({})
    assert config.file == str(packaged_file())
    assert (config.host, config.port, config.public) == ("127.0.0.1", 8080, False)
    assert config.scholen == ("mijlpaal", "vo", "kwaliteitskaart", "mozaiek", "jps")
    assert config.argon == Argon(geheugen_mib=64, rondes=4)
    assert config.problems() == ()


def test_the_packaged_file_says_every_default() -> None:
    """Leaving a key out and leaving it as it stands is the same, so that the comments are true."""
    written = YAML(typ="safe").load(packaged_file().read_text(encoding="utf-8"))
    model = _ConfigFile()
    assert list(written) == ["data", *[name for name in _ConfigFile.model_fields if name != "data"]]
    assert _ConfigFile.model_validate(written) == model


def test_every_key_has_a_comment_above_it() -> None:
    lines = packaged_file().read_text(encoding="utf-8").splitlines()
    keys = [number for number, line in enumerate(lines) if re.match(r"\s*[a-z_]+:", line)]
    assert len(keys) == sum(len(model.model_fields) for model in (_ConfigFile, Notices, Telegram, Argon))
    assert [lines[number] for number in keys if not lines[number - 1].lstrip().startswith("# ")] == []


def test_the_file_in_this_folder_goes_before_the_packaged_one_and_a_named_one_before_both(tmp_path: Path) -> None:
    write(tmp_path, "port: 1001\n")
    assert Config.load({}).port == 1001
    named = write(tmp_path / "elders", "port: 1002\n")
    assert Config.load({"BRIEVENBUS_CONFIG": str(named)}).port == 1002


def test_a_named_file_that_is_not_there() -> None:
    with pytest.raises(FileProblem, match=r"weg\.yaml:1: Dit bestand is er niet"):
        Config.load({"BRIEVENBUS_CONFIG": "weg.yaml"})


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("host: 127.0.0.1\npoort: 80\n", 2, 'Bedoel je "port"?'),
        ("argon:\n  rondes: 3\n", 2, '"rondes" moet 4 of meer zijn'),
        ("argon:\n  geheugen_mib: 63\n", 2, "moet 64 of meer zijn"),
        ("port: 70000\n", 1, "hoogstens 65535"),
        ("scholen: []\n", 1, "te weinig waarden; minstens 1"),
        ("scholen:\n  - jps\n  - jps\n", 1, "één keer"),
        ("scholen:\n  - JPS\n", 2, "patroon"),
        ("adres: http://brievenbus.nl\n", 1, "het hele adres"),
        ("adres: 'https://'\n", 1, "het hele adres"),
        ("adres: https://a:b@brievenbus.nl\n", 1, "het hele adres"),
        ("adres: 'https://[x'\n", 1, "het hele adres"),
        ("draad_minuten: 61\n", 1, "hoogstens 60"),
        ("tls:\n  cert: a.pem\n", 1, 'ontbreekt "key" onder "tls"'),
        ("achter_proxy: 'ja'\n", 1, "true of false"),
        ("seintjes:\n  tijden: ['8:15']\n", 2, "patroon"),
        ("seintjes:\n  tijden: []\n", 2, "te weinig waarden"),
        ("seintjes:\n  dagen: [maandag, funday]\n", 2, "Kies uit"),
        ("seintjes:\n  vakanties:\n    jps:\n      - {van: 2026-10-25, tot: 2026-10-17}\n", 4, '"tot" komt na "van"'),
        ("seintjes:\n  vakanties:\n    jps:\n      - {van: 2026-10-17, tot: 2036-10-25}\n", 4, "100 dagen"),
        ("smtp:\n  host: smtp.example\n", 1, 'ontbreekt "afzender"'),
        ("smtp:\n  afzender: 'a <a@b.nl>'\n  host: smtp.example\n", 2, "patroon"),
        ("smtp: {host: smtp.example, afzender: a@b.nl, tls: geen}\n", 1, "Kies uit"),
        ("smtp: {host: smtp.example, afzender: a@b.nl, wachtwoord: geheim}\n", 1, '"wachtwoord"'),
        ("logniveau: alles\n", 1, 'Kies uit: "debug", "info", "warning" of "error"'),
    ],
)
def test_a_wrong_file_is_told_with_its_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    write(tmp_path, text)
    with pytest.raises(FileProblem) as told:
        Config.load({})
    assert (told.value.line, words in told.value.message) == (line, True), str(told.value)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    write(tmp_path, "port: 1001\nscholen: [vo]\nargon: {rondes: 5, geheugen_mib: 65}\nlogniveau: error\n")
    config = Config.load(
        {
            "BRIEVENBUS_PORT": "1003",
            "BRIEVENBUS_SCHOLEN": "jps, mozaiek",
            "BRIEVENBUS_ACHTER_PROXY": "true",
            "BRIEVENBUS_ARGON_RONDES": "6",
            "BRIEVENBUS_HOST": "",
        }
    )
    assert (config.port, config.scholen, config.achter_proxy) == (1003, ("jps", "mozaiek"), True)
    assert config.argon == Argon(rondes=6, geheugen_mib=65)
    assert (config.host, config.logniveau) == ("127.0.0.1", "error")


def test_notices_and_the_mail_server_are_settings(tmp_path: Path) -> None:
    write(
        tmp_path,
        "seintjes:\n  vakanties:\n    jps:\n      - {van: 2026-10-17, tot: 2026-10-25}\n"
        "smtp:\n  host: smtp.school.nl\n  afzender: brievenbus@school.nl\n",
    )
    config = Config.load(
        {
            "BRIEVENBUS_SEINTJES_TIJDEN": "09:00, 13:00",
            "BRIEVENBUS_SEINTJES_DAGEN": "maandag,dinsdag",
            "BRIEVENBUS_SMTP_PORT": "465",
            "BRIEVENBUS_SMTP_TLS": "direct",
            "BRIEVENBUS_SMTP_PASSWORD": "hoort er niet in",
            "BRIEVENBUS_RUNTIME_KEY": "evenmin",
        }
    )
    holidays = {"jps": (Holiday(van=date(2026, 10, 17), tot=date(2026, 10, 25)),)}
    assert config.seintjes == Notices(tijden=("09:00", "13:00"), dagen=("maandag", "dinsdag"), vakanties=holidays)
    assert config.smtp == Smtp(host="smtp.school.nl", port=465, tls="direct", afzender="brievenbus@school.nl")
    assert "hoort er niet in" not in repr(config)


@pytest.mark.parametrize(
    ("env", "words"),
    [
        ({"BRIEVENBUS_PORT": "deur"}, r'BRIEVENBUS_PORT: "port" moet een heel getal zijn'),
        ({"BRIEVENBUS_ARGON_RONDES": "1"}, r'BRIEVENBUS_ARGON_RONDES: "rondes" moet 4 of meer zijn'),
        ({"BRIEVENBUS_TLS_CERT": "/x"}, r"BRIEVENBUS_TLS_KEY: Vul ook deze in"),
        ({"BRIEVENBUS_SCHOLEN": "jps,,vo"}, r"BRIEVENBUS_SCHOLEN"),
        ({"BRIEVENBUS_POORT": "1"}, r"BRIEVENBUS_POORT is niet bekend.*BRIEVENBUS_PORT"),
    ],
)
def test_a_wrong_variable_is_told_by_its_name(env: Mapping[str, str], words: str) -> None:
    with pytest.raises(SettingProblem, match=words):
        Config.load(env)


def test_where_the_data_folder_is(tmp_path: Path) -> None:
    named = write(tmp_path / "etc", "data: gegevens\ntls: {cert: c.pem, key: /k.pem}\n")
    env = {"BRIEVENBUS_CONFIG": "etc/config.yaml"}
    assert Config.load({}).data == tmp_path / "home/.local/share/brievenbus"
    assert Config.load({"XDG_DATA_HOME": "/xdg"}).data == Path("/xdg/brievenbus")
    assert Config.load({"XDG_DATA_HOME": "xdg"}).data == tmp_path / "home/.local/share/brievenbus"
    config = Config.load(env)
    assert config.data == named.parent / "gegevens"
    assert config.tls == Tls(cert=named.parent / "c.pem", key=Path("/k.pem"))
    assert Config.load({**env, "BRIEVENBUS_DATA": "hier"}).data == tmp_path / "hier"
    assert Config.load({**env, "BRIEVENBUS_DATA": "~/daar"}).data == tmp_path / "home/daar"
    assert Config.load({**env, "BRIEVENBUS_TLS_CERT": "/d.pem"}).tls == Tls(cert=Path("/d.pem"), key=Path("/k.pem"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "localhost"])
def test_on_loopback_nothing_is_needed(host: str) -> None:
    config = Config(data=Path("x"), host=host)
    assert config.on_loopback
    assert config.problems() == ()


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.4", "::", "brievenbus.school.nl"])
def test_off_loopback_serving_in_the_clear_is_refused(host: str) -> None:
    problems = Config(data=Path("x"), host=host, adres="https://b.nl").problems()
    assert len(problems) == 1
    assert "niet versleuteld" in problems[0]
    assert "achter_proxy" in problems[0]


def test_what_others_reach_needs_its_address() -> None:
    for config in (Config(data=Path("x"), host="0.0.0.0", achter_proxy=True), Config(data=Path("x"), achter_proxy=True)):
        assert ["adres" in problem for problem in config.problems()] == [True]
    proxied = Config(data=Path("x"), host="0.0.0.0", achter_proxy=True, adres="https://b.nl/")
    assert (proxied.problems(), proxied.secure, proxied.address) == ((), True, "https://b.nl")


def test_the_certificate_must_be_there_and_its_key_kept_from_others(tmp_path: Path) -> None:
    tls = Tls(cert=tmp_path / "c.pem", key=tmp_path / "k.pem")
    config = Config(data=tmp_path, host="0.0.0.0", adres="https://b.nl", tls=tls)
    assert [str(file) in problem for file, problem in zip((tls.cert, tls.key), config.problems(), strict=True)] == [True, True]
    for file in (tls.cert, tls.key):
        file.write_text("PEM")
        file.chmod(0o644)
    assert ["chmod 600" in problem for problem in config.problems()] == [True]
    tls.key.chmod(0o640)  # a group for certificates is common
    assert config.problems() == ()


@pytest.mark.parametrize(
    ("host", "tls", "address"),
    [
        ("127.0.0.1", None, "http://127.0.0.1:8080"),
        ("::1", None, "http://[::1]:8080"),
        ("localhost", Tls(cert=Path("c"), key=Path("k")), "https://localhost:8080"),
    ],
)
def test_the_address_that_links_begin_with(host: str, tls: Tls | None, address: str) -> None:
    assert Config(data=Path("x"), host=host, tls=tls).address == address


def test_the_settings_are_fixed() -> None:
    config: BaseModel = Config(data=Path("x"))
    with pytest.raises(ValueError, match="frozen"):
        config.port = 1  # type: ignore[attr-defined]
