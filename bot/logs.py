"""What reaches the log: our own lines, and of every error only its type and the places it passed through."""

from __future__ import annotations

import logging
import sys
import threading
import warnings
from collections.abc import Iterable, Mapping
from pathlib import PurePath
from types import TracebackType
from typing import Any

_OURS = frozenset({"bot", "dialogues", "knowledge", "brievenbus"})
# Never more talkative than warnings, whatever the setting: below that they print texts, addresses and tokens.
THIRD_PARTIES = (
    "aiosqlite",
    "apscheduler",
    "asyncio",
    "hpack",
    "httpcore",
    "httpx",
    "multipart",
    "opentelemetry",
    "PIL",
    "rasa_sdk",
    "sanic",
    "sanic.error",
    "sanic.root",
    "sanic.server",
    "sanic.websockets",
    "sqlite_utils",
    "telegram",
    "tracerite",
    "urllib3",
    "websockets",
)
# Lines with addresses of visitors; also off where Sanic's own switch would be forgotten.
_SILENT = ("sanic.access",)
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_MINUTES = "%Y-%m-%d %H:%M"  # a log needs no seconds, and a child behind a Chromebook is a name by the second

_make_record = logging.LogRecord


def set_up(level: str = "info") -> None:
    """Send our log lines to stderr, and see to it that nobody's line carries what a person wrote.

    Every record is cleaned when it is made, so that whoever handles it afterwards has nothing else:
    exceptions become their type and the file and line of each frame; of other libraries only the place is kept, as they put
    addresses, payloads and exceptions into their messages. Errors that nobody catches go the same way.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``; holds for our own lines.
    """
    logging.setLogRecordFactory(_clean_record)
    logging.raiseExceptions = False  # a line that cannot be formatted would be printed with its arguments
    root = logging.getLogger()
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(_FORMAT, _MINUTES))
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    # The root is what unknown third parties inherit from; ours have a level of their own.
    root.setLevel(logging.WARNING)
    for name in _OURS:
        logging.getLogger(name).setLevel(level.upper())
    for name in THIRD_PARTIES:
        _pin(logging.getLogger(name))
    for name in _SILENT:
        logging.getLogger(name).addFilter(_nothing)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _uncaught_in_cleaning_up
    warnings.showwarning = _warn


def frames_of(error: BaseException) -> str:
    """An exception as it may be logged: types, and file:line of each frame; innermost last, what caused it after "from"."""
    parts: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        name = type(current).__name__
        if isinstance(current, BaseExceptionGroup):
            name = f"{name}[{', '.join(frames_of(inner) for inner in current.exceptions)}]"
        places = " > ".join(_places(current.__traceback__))
        parts.append(f"{name} at {places}" if places else name)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return " from ".join(parts)


def _places(traceback: TracebackType | None) -> Iterable[str]:
    while traceback is not None:
        yield f"{_short(traceback.tb_frame.f_code.co_filename)}:{traceback.tb_lineno}"
        traceback = traceback.tb_next


def _short(file: str) -> str:
    """The file and its folder: enough to find it, without the name of a user."""
    return "/".join(PurePath(file).parts[-2:])


def _clean_record(
    name: str,
    level: int,
    pathname: str,
    line: int,
    message: object,
    arguments: Any,
    error: Any,
    function: str | None = None,
    _stack: str | None = None,
    **_more: Any,
) -> logging.LogRecord:
    """A record that holds nothing a handler should not show; it takes the place of logging.LogRecord."""
    ours = str(name).partition(".")[0] in _OURS
    text = _own_text(message, arguments) if ours else f"{_short(pathname)}:{line}"
    found = error[1] if isinstance(error, tuple) and len(error) == 3 else None
    if isinstance(found, BaseException):
        text = f"{text}: {frames_of(found)}"
    return _make_record(name, level, pathname, line, text, None, None, function)


def _own_text(message: object, arguments: Any) -> str:
    """Our message with its arguments; an exception among them becomes its type."""
    if isinstance(arguments, tuple) and len(arguments) == 1 and isinstance(arguments[0], Mapping) and arguments[0]:
        arguments = arguments[0]
    if isinstance(message, BaseException):
        return frames_of(message)
    try:
        if isinstance(arguments, Mapping):
            return str(message) % {key: _harmless(value) for key, value in arguments.items()}
        return str(message) % tuple(_harmless(value) for value in arguments) if arguments else str(message)
    except (TypeError, ValueError, KeyError):
        return "a line that cannot be formatted"


def _harmless(value: Any) -> Any:
    return type(value).__name__ if isinstance(value, BaseException) else value


def _pin(logger: logging.Logger) -> None:
    """Fix a library's logger: its own handlers go, its lines pass through ours."""
    for handler in logger.handlers[:]:
        logger.removeHandler(handler)
    logger.setLevel(logging.WARNING)
    logger.addFilter(_from_warnings_on)  # stays when the library sets its level again
    logger.propagate = True


def _from_warnings_on(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def _nothing(_record: logging.LogRecord) -> bool:
    return False


def _uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):  # Ctrl-C is no error
        return
    logging.getLogger("brievenbus").critical("stopped by an error", exc_info=(kind, error, traceback))


def _uncaught_in_thread(found: threading.ExceptHookArgs) -> None:
    if found.exc_value is not None and not issubclass(found.exc_type, SystemExit):
        logging.getLogger("brievenbus").error("a thread stopped by an error", exc_info=found.exc_value)


def _uncaught_in_cleaning_up(found: Any) -> None:
    logging.getLogger("brievenbus").error("an error while cleaning up", exc_info=found.exc_value)


def _warn(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: object = None, line: str | None = None
) -> None:
    """A warning's text may be the repr of a socket, with a visitor's address."""
    logging.getLogger("brievenbus").warning("%s at %s:%d", category.__name__, _short(filename), lineno)
