"""Try an installed wheel elsewhere than in the checkout: check, demo, pages, own texts. Run by .ci/run; needs no pytest."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SCHOOLS = {"mijlpaal", "vo", "kwaliteitskaart", "mozaiek", "jps"}
ANSWER_WITHIN = 60.0  # seconds; a cold machine may have to compile every module first


def main() -> None:
    """Exit with 0 when the wheel works."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--wheel", type=Path, required=True)
    arguments.add_argument("--checkout", type=Path, required=True)
    chosen = arguments.parse_args()
    everything_is_in(chosen.wheel, chosen.checkout)
    not_from(chosen.checkout)
    with tempfile.TemporaryDirectory() as home:
        program = [str(Path(sys.executable).parent / "brievenbus")]
        env = {**os.environ, "HOME": home, "XDG_DATA_HOME": f"{home}/data", "TMPDIR": home}
        checked = subprocess.run([*program, "check"], cwd=home, env=env, check=False, timeout=ANSWER_WITHIN)
        expect(checked.returncode == 0, f"brievenbus check: exit {checked.returncode}")
        with demo([*program, "demo", "--port", "0", "--json"], home, env) as told:
            try_pages(told)
        expect(list(Path(home).rglob("*")) == [], f"the demo left {[str(left) for left in Path(home).rglob('*')]}")
    with tempfile.TemporaryDirectory() as home:
        own_texts([str(Path(sys.executable).parent / "brievenbus")], home, chosen.checkout / "docs" / "dialogen.md")
    print("the wheel works")


def everything_is_in(wheel: Path, checkout: Path) -> None:
    """Every file of the rooms, the settings, the licence and the console script are in the wheel."""
    inside = set(zipfile.ZipFile(wheel).namelist())
    rooms = [file for room in ("bot", "dialogues", "knowledge") for file in (checkout / room).rglob("*") if file.is_file()]
    wanted = {str(file.relative_to(checkout)) for file in rooms if "__pycache__" not in file.parts} | {"bot/config.yaml"}
    expect(wanted <= inside, f"not in the wheel: {sorted(wanted - inside)}")
    expect(any(name.endswith(".dist-info/licenses/LICENSE") for name in inside), "no licence in the wheel")
    strays = [
        name for name in inside if name.split("/")[0] not in ("bot", "dialogues", "knowledge") and ".dist-info/" not in name
    ]
    expect(not strays, f"strays in the wheel: {strays}")


def not_from(checkout: Path) -> None:
    """What is imported is what was installed."""
    found = subprocess.run(
        [sys.executable, "-c", "import bot; print(bot.__file__)"], capture_output=True, text=True, check=True
    ).stdout
    expect(not Path(found.strip()).is_relative_to(checkout), f"bot comes from {found.strip()}")


@contextlib.contextmanager
def demo(command: list[str], home: str, env: dict[str, str]) -> Iterator[dict[str, Any]]:
    """The line that a demo prints once it answers; stopped afterwards, which it must do by itself."""
    process = subprocess.Popen(command, cwd=home, env=env, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = first_line(process.stdout)
        expect(bool(line), "the demo printed nothing")
        yield json.loads(line)
        expect(process.poll() is None, "the demo stopped by itself")
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def first_line(stream: Any) -> str:
    """The first line, or nothing when it takes too long."""
    lines: queue.Queue[str] = queue.Queue()
    threading.Thread(target=lambda: lines.put(stream.readline()), daemon=True).start()
    with contextlib.suppress(queue.Empty):
        return lines.get(timeout=ANSWER_WITHIN)
    return ""


def own_texts(program: list[str], home: str, page: Path) -> None:
    """Follow the page for authors: its examples pass, a mistake in them is caught with its line, and the chat says them."""
    env = {**os.environ, "HOME": home, "BRIEVENBUS_DATA": f"{home}/school", "TMPDIR": home}
    examples = re.findall(
        r"^```yaml\n# (dialogen/[\w/]+\.yml)\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL
    )
    expect(len(examples) > 5, "docs/dialogen.md has no examples")
    for name, text in examples:
        file = Path(home, "school", name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def run(*arguments: str, say: str = "") -> subprocess.CompletedProcess[str]:
        command = [*program, *arguments]
        return subprocess.run(
            command, cwd=home, env=env, input=say, capture_output=True, text=True, check=False, timeout=ANSWER_WITHIN
        )

    checked = run("check")
    expect(checked.returncode == 0, f"the examples of docs/dialogen.md: {checked.stdout}")
    said = run("chat", "--school", "jps", say="bedankt\nIk ben leerling\nIk word gepest\n" + "Volgende tip\n" * 5).stdout
    for text in ("Op onze school help je elkaar", "Op onze school heeft iedereen een maatje"):
        expect(text in said, f"the chat does not say: {text}")
    wrong = Path(home, "school", "dialogen", "domain", "eigen.yml")
    wrong.write_text(wrong.read_text(encoding="utf-8").replace("/menu", "/manu"), encoding="utf-8")
    checked = run("check")
    expect(checked.returncode == 1 and f"{wrong}:6: " in checked.stdout, f"a mistake was not caught: {checked.stdout}")


def try_pages(told: dict[str, Any]) -> None:
    """The accounts are told, and the health, inbox and chat pages answer, with their style sheets and the like."""
    expect({account["school"] for account in told["accounts"]} == SCHOOLS, f"accounts of {told['accounts']}")
    get(urllib.parse.urljoin(told["chat"], "/healthz"))
    get(told["inbox"])
    for slug in sorted(SCHOOLS):
        page = get(told["chat"] + slug + "/")
        expect("DEMO" in page, f"the page of {slug} does not say that it is a demo")


def get(address: str) -> str:
    """The page at ``address``, straight from this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(address, timeout=20) as answer:
        expect(answer.status == 200, f"{address}: {answer.status}")
        return str(answer.read().decode())


def expect(holds: bool, otherwise: str) -> None:
    """Stop with what is wrong."""
    if not holds:
        sys.exit(f"wheel: {otherwise}")


if __name__ == "__main__":
    main()
