"""Takes something out of a source file, found by what it is called and what it does, not by how it is written.

Python is found by a qualified name and by its syntax tree, YAML by a path, any other file by a whole line. So a
protection may move to another file, or be formatted anew, and is still found; renamed or rewritten it is an error.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml


def python_files(place: Path) -> list[Path]:
    """Return a Python file, or all below a folder."""
    return sorted(place.rglob("*.py")) if place.is_dir() else [place]


def named(node: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.stmt]]:
    """Yield each function, class and assigned name with its qualified name, as `Class.method`; the inner ones too.

    What sets a property has `.setter` behind its name.
    """
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.FunctionDef(name=name, decorator_list=[ast.Attribute(attr="setter")]):
                yield f"{prefix}{name}.setter", child
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield prefix + name, child
                yield from named(child, f"{prefix}{name}.")
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield prefix + name, child
            case ast.stmt() | ast.excepthandler():
                yield from named(child, prefix)


def same(one: ast.AST, other: ast.AST) -> bool:
    """Whether two pieces of code differ only in how they are written."""
    return ast.dump(one) == ast.dump(other)


def code_of(text: str) -> ast.AST:
    """Return an expression, or else a statement."""
    (statement,) = ast.parse(textwrap.dedent(text).strip()).body
    return statement.value if isinstance(statement, ast.Expr) else statement


def whole(node: ast.stmt) -> tuple[ast.AST, ast.AST]:
    """Return the first and the last node of what stands for a name: a function's body, the value assigned."""
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
        return node.value, node.value
    if isinstance(node, ast.FunctionDef):
        return node.body[0], node.body[-1]
    raise ValueError(f"{ast.unparse(node).splitlines()[0]} has neither a body nor a value to put something in place of")


def spliced(source: str, first: Any, last: Any, new: str) -> str:
    """Return the source with other code from the first node to the last."""
    lines = [line.encode() for line in source.splitlines(keepends=True)]  # ast counts bytes
    before = b"".join(lines[: first.lineno - 1]) + lines[first.lineno - 1][: first.col_offset]
    after = lines[last.end_lineno - 1][last.end_col_offset :] + b"".join(lines[last.end_lineno :])
    inner = textwrap.indent(textwrap.dedent(new).strip(), " " * first.col_offset).lstrip()
    return f"{before.decode()}{inner}{after.decode()}"


def without_code(place: Path, name: str, old: str, new: str) -> tuple[Path, str]:
    """Return the file that defines a name, and its source with other code there.

    Args:
        place: a file, or a folder of which any file may define the name.
        name: the qualified name of a function, method, class or assigned name.
        old: the statement or expression in it; "" for a function's whole body or the whole value.
        new: what stands there instead; "" for nothing.

    Raises:
        ValueError: the name is not defined exactly once, or the code is not exactly once in it.
    """
    found = [
        (path, node)
        for path in python_files(place)
        for full, node in named(ast.parse(path.read_text(encoding="utf-8")))
        if full == name
    ]
    if len(found) != 1:
        raise ValueError(f"{name} is defined {len(found)} times in {place.name}, expected once")
    ((path, node),) = found
    if old:
        places = [part for part in ast.walk(node) if same(part, code_of(old))]
        if len(places) != 1:
            raise ValueError(f"{old!r} is {len(places)} times in {name} in {path.name}, expected once")
        first = last = places[0]
    else:
        first, last = whole(node)
    text = spliced(path.read_text(encoding="utf-8"), first, last, new or "pass")
    ast.parse(text)
    return path, text


def entry(node: yaml.Node | None, names: list[str]) -> tuple[yaml.Node, yaml.Node]:
    """Return the key and the value of an entry of YAML; of an item of a list, twice the item."""
    match node:
        case yaml.MappingNode():
            pairs = {key.value: (key, value) for key, value in node.value}
        case yaml.SequenceNode():
            pairs = {str(number): (item, item) for number, item in enumerate(node.value)}
        case _:
            pairs = {}
    key, value = pairs[names[0]]
    return entry(value, names[1:]) if names[1:] else (key, value)


def without_entry(file: Path, path: str, new: str = "") -> str:
    """Return a YAML file without an entry, or with another value there.

    Args:
        file: the file.
        path: the names of the entry and of those around it, with dots; numbers count items of lists.
        new: the value instead; "" for no entry.

    Raises:
        ValueError: there is no such entry.
    """
    text = file.read_text(encoding="utf-8")
    try:
        key, value = entry(yaml.compose(text), path.split("."))
    except KeyError as missing:
        raise ValueError(f"{path}: {missing.args[0]!r} is not in {file.name}") from None
    first = value if new else key
    return text[: first.start_mark.index] + new + text[value.end_mark.index :]


def without_line(file: Path, line: str, new: str = "") -> str:
    """Return a text file without a line, or with another one there.

    Raises:
        ValueError: the line is not in it exactly once.
    """
    lines = file.read_text(encoding="utf-8").splitlines()
    if lines.count(line) != 1:
        raise ValueError(f"{line!r} is {lines.count(line)} times in {file.name}, expected once")
    return "\n".join(new if each == line else each for each in lines) + "\n"
