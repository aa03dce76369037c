"""The command line: ``brievenbus``. What it prints is Dutch, for the volunteer who installs it."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
import tempfile
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from bot import demo as demonstration
from bot import logs
from bot.action_server import HOST, PORT, OutsideActions, serve_actions
from bot.channels.telegram import reach
from bot.channels.terminal import talk
from bot.checking import everything_wrong
from bot.clock import SystemClock
from bot.config import Config, SettingProblem
from bot.house import DATABASE, House, UnknownSchool, build, dialogue_folders, read_knowledge
from bot.runtime_key import load_runtime_key
from bot.server_key import load_server_key
from bot.serving import run, told_to_stop
from bot.smtp import mail_server
from bot.storage import SchemaTooNew, StorageProblem
from bot.yaml_file import FileProblem
from dialogues import DialogueProblem
from knowledge import KnowledgeProblem

P = ParamSpec("P")
T = TypeVar("T")

INVITE = "brievenbus staff invite SCHOOL NAAM"


def _explained(command: Callable[P, T]) -> Callable[P, T]:
    """What a person can mend ends the command with a sentence, not with a traceback."""

    @wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except (FileProblem, KnowledgeProblem, DialogueProblem, SettingProblem) as problem:
            raise click.ClickException(str(problem)) from None
        except UnknownSchool as problem:
            raise click.ClickException(
                f"Deze school kennen we niet: {problem}. Kijk bij 'scholen' en 'vakanties' in config.yaml."
            ) from None
        except SchemaTooNew:
            raise click.ClickException("Deze gegevens zijn van een nieuwere versie. Installeer die versie.") from None
        except StorageProblem:
            raise click.ClickException("De gegevens konden niet worden opgeslagen. Is de schijf vol?") from None
        except OSError as problem:
            raise click.ClickException(f"Dat lukte niet: {problem.strerror or type(problem).__name__}.") from None

    return wrapped


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """De digitale blauwe brievenbus: een chat over pesten, en meldingen die alleen vertrouwenspersonen lezen."""


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 kiest een vrije poort.")
@click.option("--json", "as_json", is_flag=True, help="Schrijf adressen en accounts als één regel JSON.")
@_explained
def demo(port: int, as_json: bool) -> None:
    """Alles op deze computer, om te proberen: niemand leest het, en na afloop is het weg."""
    logs.set_up("warning")
    with tempfile.TemporaryDirectory(prefix="brievenbus-demo-") as folder:
        (Path(folder) / demonstration.MARKER).touch()
        config = Config(data=Path(folder), host="127.0.0.1", port=port)
        asyncio.run(_demo(build(config, secrets.token_bytes(32)), as_json))


async def _demo(house: House, as_json: bool) -> None:
    accounts = await demonstration.staff_house(house)

    async def ready(port: int) -> None:
        chat = f"http://127.0.0.1:{port}/"
        inbox = f"{chat}inbox/"
        if as_json:
            listed = [{"school": a.school, "username": a.username, "password": a.password} for a in accounts]
            click.echo(json.dumps({"chat": chat, "inbox": inbox, "accounts": listed}))
        else:
            click.echo("De demo draait. Niemand leest dit, en na Ctrl+C is alles weg.\n")
            for slug, page in house.schools.items():
                click.echo(f"  chat van {page.name}: {chat}{slug}/")
            click.echo(f"\n  inbox van vertrouwenspersonen: {inbox}")
            for account in accounts:
                click.echo(f"    {account.username:28} {account.password}")
        sys.stdout.flush()

    await run(house, demo=True, ready=ready)


@main.command()
@_explained
def start() -> None:
    """Start de brievenbus, met de instellingen uit config.yaml."""
    config = Config.load()
    logs.set_up(config.logniveau)
    if problems := config.problems():
        raise click.ClickException("\n".join(problems))
    _refuse_demo(config)
    clock = SystemClock()
    house = build(
        config,
        _server_key(config),
        runtime_key=load_runtime_key(config),
        mail=mail_server(config, clock),
        reach=reach(config),
        clock=clock,
    )
    asyncio.run(_start(house))


async def _start(house: House) -> None:
    async def ready(port: int) -> None:
        click.echo(f"De brievenbus draait op {house.config.address}/ (poort {port}).")
        for slug, page in house.schools.items():
            if not (await house.roster.of(slug)).readers:
                click.echo(f"{page.name} heeft nog geen lezers. Nodig de eerste uit: brievenbus staff invite {slug} NAAM")
        sys.stdout.flush()

    await run(house, demo=False, ready=ready)


@main.command()
@click.option("--school", required=True, help="De korte naam van de school, zoals jps.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), help="Een map met gegevens; anders een wegwerpmap.")
@_explained
def chat(school: str, data: Path | None) -> None:
    """Het gesprek in de terminal. Leest ook regels uit een pijp."""
    logs.set_up("warning")
    if data is not None:
        config = Config(data=data.absolute(), scholen=(school,))
        _refuse_demo(config)
        asyncio.run(_chat(build(config, _server_key(config)), school, staffed=True))
        return
    with tempfile.TemporaryDirectory(prefix="brievenbus-chat-") as folder:
        config = Config(data=Path(folder), scholen=(school,))
        # The mailbox is thrown away; the school's own texts are those that will be said.
        own = dialogue_folders(Config.load().data)
        asyncio.run(_chat(build(config, secrets.token_bytes(32), folders=own), school, staffed=False))


async def _chat(house: House, school: str, *, staffed: bool) -> None:
    try:
        if not staffed:
            await demonstration.staff_house(house)
        await talk(house.conversation, school, sys.stdin, sys.stdout)
    finally:
        await house.close()


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=PORT, show_default=True, help="0 kiest een vrije poort.")
@click.option("--school", help="De school van wie er geen noemt; anders de eerste uit de instellingen.")
@_explained
def actions(port: int, school: str | None) -> None:
    """Onze acties voor een Rasa op deze computer, om gesprekken te proberen. Na afloop is alles weg."""
    logs.set_up("warning")
    with tempfile.TemporaryDirectory(prefix="brievenbus-acties-") as folder:
        config = Config(data=Path(folder))
        _known(config, school or config.scholen[0])
        asyncio.run(_actions(build(config, secrets.token_bytes(32)), school or config.scholen[0], port))


async def _actions(house: House, school: str, port: int) -> None:
    stop = told_to_stop()
    try:
        await demonstration.staff_house(house)
        serving = await serve_actions(OutsideActions(house, school), port)
        click.echo(f"De acties staan klaar voor Rasa: http://{HOST}:{serving.port}/webhook. Na Ctrl+C is alles weg.")
        sys.stdout.flush()
        await stop.wait()
        await serving.stop()
    finally:
        await house.close()


@main.group()
def staff() -> None:
    """De mensen die meldingen lezen."""


@staff.command()
@click.argument("school")
@click.argument("naam")
@_explained
def invite(school: str, naam: str) -> None:
    """Nodig iemand uit om meldingen te lezen. De link geldt 72 uur, en één keer."""
    config = _known(Config.load(), school)
    logs.set_up(config.logniveau)
    house = build(config, _server_key(config))

    async def make() -> str:
        try:
            return await house.staff.invite(school, naam)
        finally:
            await house.close()

    try:
        token = asyncio.run(make())
    except ValueError:
        raise click.ClickException("Een naam heeft 1 tot 60 tekens.") from None
    click.echo(f"Geef deze link aan {naam}, zelf of op papier. Hij geldt 72 uur, en één keer:\n")
    click.echo(f"  {config.address}/inbox/uitnodiging/{token}")


@staff.command("list")
@click.argument("school")
@_explained
def list_readers(school: str) -> None:
    """Laat zien wie er leest."""
    config = _known(Config.load(), school)
    logs.set_up(config.logniveau)
    house = build(config, _server_key(config))

    async def look() -> None:
        try:
            found = await house.roster.of(school)
        finally:
            await house.close()
        for reader in found.readers:
            recovery = "herstelsleutel overgetypt" if reader.recovery_confirmed else "herstelsleutel nog niet overgetypt"
            click.echo(f"{reader.name}: {reader.state.value}, {recovery}")
        if not found.readers:
            click.echo(f"Nog niemand. Nodig de eerste uit: brievenbus staff invite {school} NAAM")
        elif not found.sound:
            click.echo("LET OP: deze lijst is buiten het programma om veranderd. De brievenbus neemt nu niets aan.")
        elif not found.accepts:
            click.echo("De brievenbus is nog dicht: er zijn twee lezers nodig, of één die de herstelsleutel heeft overgetypt.")

    asyncio.run(look())


@main.command()
@_explained
def check() -> None:
    """Kijk of de instellingen, de gesprekken en de kennis kloppen."""
    problems = everything_wrong()
    for line in problems:
        click.echo(line)
    if problems:
        sys.exit(1)
    overdue = read_knowledge().overdue(SystemClock().now().date())
    if overdue:
        names = ", ".join(line.name for line in overdue)
        click.echo(f"Let op: bel of open deze hulplijnen, en zet de datum in knowledge/hulplijnen.yaml: {names}.", err=True)
    click.echo("Alles klopt: instellingen, gesprekken en kennis.")


def _server_key(config: Config) -> bytes:
    config.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    return load_server_key(config, may_create=not (config.data / DATABASE).exists())


def _refuse_demo(config: Config) -> None:
    if (config.data / demonstration.MARKER).exists():
        raise click.ClickException(f"{config.data} is een map van een demo. Kies bij 'data' in config.yaml een andere map.")


def _known(config: Config, school: str) -> Config:
    if school not in config.scholen:
        raise click.ClickException(f"Deze school staat niet aan: {school}. Kies uit: {', '.join(config.scholen)}.")
    return config
