# gunicorn-slots 0.2.0 (MIT), copied from that project's folder gunicorn_slots/. Its CHANGELOG says what is new.
"""What names a module will have, read from its text: nothing of it is run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

# As `flask run` does, and in its order.
FACTORIES = ("create_app", "make_app")
# Called, they make an app that gunicorn can serve.
CLASSES = ("Flask", "APIFlask", "OpenAPI", "FlaskApp", "Bottle")
# With these a module can get names that its text does not show.
HIDDEN = ("globals", "exec", "setattr", "locals", "vars")


class Names:
    """The names that a module binds at its top.

    Attributes:
        bound: name to the statement that binds it last, in the order of the text.
        complete: whether these are all: no `import *`, no `__getattr__`, nothing written by globals().
    """

    def __init__(self, text: str) -> None:
        """Read a module.

        Raises:
            SyntaxError, ValueError: it is none.
        """
        tree = ast.parse(text)
        self.bound: dict[str, ast.AST] = {}
        for statement in statements(tree.body):
            for name in names_of(statement):
                self.bound[name] = statement
        self.complete = not hidden(tree) and not {"*", "__getattr__"} & set(self.bound)

    def may_have(self, name: str) -> bool:
        """Whether the module could have a name. Without a doubt it has not only where all names are known."""
        return name in self.bound or not self.complete

    def factory(self) -> str:
        """Return the name of a factory that needs no arguments, as `flask run` calls it; "" without one."""
        return next((name for name in FACTORIES if name in self.bound and not self.needs(name)), "")

    def needs(self, factory: str) -> list[str]:
        """Return the arguments without which a function that is defined here cannot be called."""
        statement = self.bound[factory]
        if not isinstance(statement, ast.FunctionDef):
            return []
        given = statement.args
        plain = [*given.posonlyargs, *given.args]
        required = plain[: len(plain) - len(given.defaults)]
        required += [one for one, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default is None]
        return [one.arg for one in required]

    def made(self) -> list[str]:
        """Return the names to which a web framework's app is bound."""
        return [name for name, statement in self.bound.items() if class_of(statement) in CLASSES]


def statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield what runs when a module is imported, into branches, but into no function and no class."""
    for statement in body:
        yield statement
        branches = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        branches += [handler.body for handler in getattr(statement, "handlers", [])]
        branches += [case.body for case in getattr(statement, "cases", [])]
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            branches = []
        elif isinstance(statement, ast.If) and is_main(statement.test):
            branches = [statement.orelse]
        for branch in branches:
            yield from statements(branch)


def is_main(test: ast.expr) -> bool:
    """Whether a condition is `__name__ == "__main__"`, which a server never meets."""
    return ast.unparse(test) in ("__name__ == '__main__'", "'__main__' == __name__")


def names_of(statement: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds, without those of the statements in it."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        for alias in statement.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif not (isinstance(statement, ast.AnnAssign) and statement.value is None):
        yield from stored(statement)


# What has names, or statements, of its own.
APART = (
    ast.stmt,
    ast.ExceptHandler,
    ast.match_case,
    ast.Lambda,
    ast.ListComp,
    ast.SetComp,
    ast.DictComp,
    ast.GeneratorExp,
)


def stored(node: ast.AST) -> Iterator[str]:
    """Yield the names that are given a value within a node."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for part in ast.iter_child_nodes(node):
        if not isinstance(part, APART):
            yield from stored(part)


def class_of(statement: ast.AST | None) -> str:
    """Return the name of what an assignment calls, `Flask` of `app = flask.Flask(...)`; "" if it calls nothing."""
    value = getattr(statement, "value", None)
    called = value.func if isinstance(value, ast.Call) else None
    return called.id if isinstance(called, ast.Name) else called.attr if isinstance(called, ast.Attribute) else ""


def hidden(tree: ast.Module) -> bool:
    """Whether a module can get names that do not stand in its text."""
    return any(
        isinstance(node, ast.Global) or (isinstance(node, ast.Name) and node.id in HIDDEN) for node in ast.walk(tree)
    )
