"""``RASA=folder python -m tests.parity [subject[/case] ...]``: every conversation on our engine and on a real Rasa 3.6."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path

from bot import logs
from bot.action_server import serve_actions
from tests.bot.fault_child import remember
from tests.bot.test_conversations import CASES
from tests.parity.running import NAMED, SAME, Actions, Rasa, Report, run_broken, run_case

DIALOGUES = Path(str(files("dialogues")))
QUIET = {"RASA_TELEMETRY_ENABLED": "false", "SQLALCHEMY_SILENCE_UBER_WARNING": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}


def rasa_command(rasa: Path, *arguments: str, folder: Path) -> None:
    """Run Rasa's own command on the files as they are, and stop when it does not accept them."""
    places = [
        "--domain",
        DIALOGUES / "domain",
        "--data",
        DIALOGUES / "rules",
        DIALOGUES / "nlu",
        "--config",
        DIALOGUES / "config.yml",
    ]
    command = [str(each) for each in (rasa / "bin" / "rasa", *arguments, *places)]
    done = subprocess.run(command, cwd=folder, env={**os.environ, **QUIET}, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    print(f"rasa {' '.join(arguments[:2])}: accepted")


async def compare(rasa: Path, cases: list[Path], folder: Path) -> Report:
    actions, report = Actions(), Report()
    serving = await serve_actions(actions, 0)  # type: ignore[arg-type]
    other = await Rasa.start(rasa / "bin" / "python", folder / "models" / "m.tar.gz", f"http://127.0.0.1:{serving.port}/webhook")
    for number, case in enumerate(cases, start=1):
        await run_case(case, folder / "case", other, actions, report)
        if number % 50 == 0:
            print(f"{number} of {len(cases)}, {len(report.findings)} findings", file=sys.stderr, flush=True)
    await run_broken(folder / "case", other, actions, report)
    await other.stop()
    await serving.stop()
    return report


def main(wanted: list[str]) -> int:
    if "RASA" not in os.environ:
        sys.exit("RASA must be the folder of a virtual environment with Rasa Open Source 3.6 (docs/rasa.md).")
    rasa, started = Path(os.environ["RASA"]).absolute(), time.monotonic()
    cases = [path for path in CASES if not wanted or any(f"{path.parent.name}/{path.stem}".startswith(each) for each in wanted)]
    logs.set_up("error")
    remember()
    with tempfile.TemporaryDirectory(prefix="parity-") as name:
        folder = Path(name)
        rasa_command(rasa, "data", "validate", folder=folder)
        rasa_command(rasa, "train", "--out", "models", "--fixed-model-name", "m", folder=folder)
        report = asyncio.run(compare(rasa, cases, folder))
    for finding in report.findings:
        print(finding)
    print(f"\n{len(cases)} conversations, {report.turns} turns ({report.payloads} payloads), {time.monotonic() - started:.0f} s")
    for difference in (SAME, *NAMED):
        print(f"{report.counts[difference]:6}  {difference}")
    for difference, count in report.back.items():
        print(f"{count:6}  of the same: {difference}")
    print(f"{len(report.findings):6}  without a name")
    print(f"compared and found equal: {report.messages} messages, {report.buttons} buttons, {report.slots} slots")
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
