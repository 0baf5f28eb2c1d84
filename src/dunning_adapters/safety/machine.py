"""Which machine this is: the name that it answers to, and what its system was given when it was installed."""

from __future__ import annotations

import hashlib
import os
import socket
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Final

MACHINE_IDS: Final = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
"""systemd and D-Bus; the man page of machine-id asks to show only a hash of it."""


def host() -> str:
    """The host's name."""
    return socket.gethostname()


def machine() -> str:
    """A hash of the system's own id, where there is none, of the network card's address; "" where nothing is known."""
    found = next(filter(None, map(_line, MACHINE_IDS)), "") or _registered() or _network_card()
    return hashlib.sha256(f"dunning {found}".encode()).hexdigest()[:32] if found else ""


def _line(path: Path) -> str:
    try:
        return path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _registered() -> str:
    """What Windows keeps in its registry."""
    if sys.platform == "win32":  # pragma: no cover - Windows only
        import winreg

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"SOFTWARE\Microsoft\Cryptography") as key:
            return str(winreg.QueryValueEx(key, "MachineGuid")[0])
    return ""


def _network_card() -> str:
    number = uuid.getnode()
    made_up = number >> 40 & 1  # a random number stands in for an address that cannot be had: RFC 4122, 4.5
    return "" if made_up else f"{number:012x}"


def state_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where a user's programs keep what is of this machine: XDG_STATE_HOME, or LOCALAPPDATA on Windows."""
    name = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_STATE_HOME"
    given = environment.get(name, "")
    root = Path(given) if given and Path(given).is_absolute() else Path.home() / ".local" / "state"
    return root / "dunning"
