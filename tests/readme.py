"""The commands that the README, CONTRIBUTING.md and docs/commands.md print, and what kind each is."""

from __future__ import annotations

import re
import shlex

from tests.bed import ROOT

PAGES = ("README.md", "CONTRIBUTING.md", "docs/commands.md")
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"^\| command \|.*\n((?:\|.*\n)*)", re.MULTILINE)
# What the first word, or the first words, of a command are after its variables.
KINDS = {
    "make": r"make\b",
    "up": r"docker compose( --env-file \S+)? up$",
    "front-end": r"docker compose --env-file deploy/front-end/\S+ up --scale",
    "distributed": r"docker compose --profile distributed up --scale",
    "down": r"docker compose down$",
    "locust": r"docker compose run --rm .*\blocust --headless\b",
    "sweep": r"docker compose run --rm sweep\b",
    "project": r"docker (build|run) .*\bmy-app\b",
}


def commands() -> list[str]:
    """Every command in a block or at the start of a table's row, as printed."""
    found = []
    for page in PAGES:
        text = (ROOT / page).read_text()
        for block in BLOCK.findall(text):
            found += block.replace("\\\n", " ").splitlines()
        for row in "".join(TABLE.findall(text)).splitlines()[1:]:
            found += re.findall("`([^`]+)`", row.split("|")[1])
    return found


def kind(command: str) -> str | None:
    """The kind of a command, None for one that no test knows."""
    words = re.sub(r"""^([A-Z_]+=("[^"]*"|\S*) +)*""", "", command)
    return next((kind for kind, pattern in KINDS.items() if re.match(pattern, words)), None)


def variables(command: str) -> dict[str, str]:
    words = shlex.split(command)
    return dict(word.split("=", 1) for word in words[: next(i for i, word in enumerate(words) if "=" not in word)])


def of(wanted: str) -> list[str]:
    """The commands of a kind, each once."""
    return [command for command in dict.fromkeys(commands()) if kind(command) == wanted]
