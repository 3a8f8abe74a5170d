"""The slowest regular expressions of some packages, on hostile text of 10,000 characters.

    python -m footnote.evals.lab.bench.patterns [PACKAGE]...

Every pattern is found in the source: those that are compiled, anywhere, and those that are given
to a function of ``re`` where they are used. Where part of one is known only when it runs, "x"
stands for that part. It is called as its module calls it.
"""

import ast
import importlib
import re
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from footnote.evals.lab.bench.hostile import hostile, seconds

PACKAGES = ("footnote.index", "footnote.rag", "footnote.evals", "footnote.ui")
LENGTH = 10_000
SHOWN = 10
_FUNCTIONS = frozenset("compile search match fullmatch split findall finditer sub subn".split())
_NODES = (ast.GeneratorExp, ast.ListComp, ast.SetComp, ast.DictComp)


@dataclass(frozen=True, slots=True)
class FoundPattern:
    """A pattern and how it is called.

    Attributes:
        where: File and line.
        ways: Methods of a compiled pattern: "search", "finditer".
    """

    where: str
    pattern: re.Pattern[str]
    ways: tuple[str, ...]

    @property
    def calls(self) -> Iterator[tuple[str, Callable[[str], object]]]:
        """Yields each way with a function of a text that does nothing else."""
        for way in self.ways:
            yield way, call(self.pattern, way)


def call(pattern: re.Pattern[str], way: str) -> Callable[[str], object]:
    """Returns a function that calls a pattern so, to the end of a text."""
    if way in ("search", "match", "fullmatch"):
        once: Callable[[str], object] = getattr(pattern, way)
        return once
    return lambda text: deque(pattern.finditer(text), maxlen=0)


def patterns_of(packages: Sequence[str]) -> list[FoundPattern]:
    """Returns every pattern of some packages, in order of file and line.

    Raises:
        ValueError: A pattern, or a way to come by one, is not understood.
    """
    found: list[FoundPattern] = []
    for package in packages:
        spec = find_spec(package)
        for folder in spec.submodule_search_locations or () if spec else ():
            for path in sorted(Path(folder).rglob("*.py")):
                # This one compiles only what it found in the others.
                if path != Path(__file__):
                    found += _read(path, Path(folder).parents[package.count(".")])
    return found


def _read(path: Path, root: Path) -> Iterator[FoundPattern]:
    source = path.read_text("utf-8")
    # What does not speak of patterns need not be imported.
    if not re.search(r"\bre\b", source):
        return
    place = path.relative_to(root)
    name = ".".join(place.with_suffix("").parts).removesuffix(".__init__")
    yield from patterns_in(source, lambda: importlib.import_module(name), str(place))


def patterns_in(
    source: str, module: Callable[[], ModuleType], where: str = "source"
) -> Iterator[FoundPattern]:
    """Yields the patterns of one module.

    Args:
        source: Its text.
        module: Returns the module; asked only where the source has a pattern.
        where: Its name, for what is found.

    Raises:
        ValueError: A pattern cannot be evaluated, or ``re`` has another name here.
    """
    tree = ast.parse(source)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if hidden := _hidden(node, parents):
            raise ValueError(f"{where}:{hidden}: re under another name; write re.NAME(...)")
        if isinstance(node, ast.Call) and (function := _function(node)):
            place = f"{where}:{node.lineno}"
            scope = {**vars(module()), "re": re}
            ways = _ways(node, parents, tree) if function == "compile" else (_way(function),)
            for pattern in _patterns(node, function, scope, parents, place):
                yield FoundPattern(place, pattern, ways)


def _function(node: ast.Call) -> str | None:
    """Returns the function of ``re`` that is called with a pattern."""
    return _of_re(node.func)


def _of_re(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return node.attr if node.value.id == "re" and node.attr in _FUNCTIONS else None
    return None


def _hidden(node: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> int | None:
    """Returns the line where a function of ``re`` gets a name by which it is not found."""
    renamed = isinstance(node, ast.ImportFrom) and node.module == "re"
    if isinstance(node, ast.Import):
        renamed = any(alias.name == "re" and alias.asname for alias in node.names)
    if _of_re(node):
        caller = parents[node]
        renamed = not (isinstance(caller, ast.Call) and caller.func is node)
    return getattr(node, "lineno", 0) if renamed else None


def _way(function: str) -> str:
    return function if function in ("search", "match", "fullmatch") else "finditer"


def _ways(node: ast.AST, parents: Mapping[ast.AST, ast.AST], tree: ast.AST) -> tuple[str, ...]:
    """Returns how a compiled pattern is called; who passes it on may go through a whole text."""
    parent = parents[node]
    if isinstance(parent, ast.Attribute):
        return (_way(parent.attr),)
    if not (isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name)):
        return ("finditer",)
    name, ways = parent.targets[0].id, set[str]()
    for use in ast.walk(tree):
        if isinstance(use, ast.Name) and use.id == name and isinstance(use.ctx, ast.Load):
            around = parents[use]
            ways.add(_way(around.attr) if isinstance(around, ast.Attribute) else "finditer")
    return tuple(sorted(ways)) or ("finditer",)


def _patterns(
    node: ast.Call,
    function: str,
    scope: Mapping[str, Any],
    parents: Mapping[ast.AST, ast.AST],
    where: str,
) -> Iterator[re.Pattern[str]]:
    given = {keyword.arg: keyword.value for keyword in node.keywords}
    at = {"compile": 1, "sub": 4, "subn": 4, "split": 3}.get(function, 2)
    flags = given.get("flags") or (node.args[at] if len(node.args) > at else ast.Constant(0))
    asked = node.args[0] if node.args else given["pattern"]
    for value in _values(asked, scope, parents, where):
        if isinstance(value, re.Pattern):
            continue  # Compiled elsewhere, and found there.
        try:
            yield re.compile(value, _evaluated(flags, scope))
        except (NameError, TypeError, re.error) as error:
            raise ValueError(f"{where}: {value!r} is not compiled ({error})") from error


def _values(
    asked: ast.expr, scope: Mapping[str, Any], parents: Mapping[ast.AST, ast.AST], where: str
) -> list[Any]:
    """Returns what an expression may be: a name of a loop is each value in turn."""
    try:
        return [_evaluated(_KnownName(scope).visit(asked), scope)]
    except NameError as error:
        if loop := _loop(asked, parents):
            return list(_evaluated(loop, scope))
        code = ast.unparse(asked)
        raise ValueError(f"{where}: {code} cannot be evaluated ({error}); name it") from error


def _loop(asked: ast.expr, parents: Mapping[ast.AST, ast.AST]) -> ast.expr | None:
    """Returns what the loop around an expression goes through, if it is that loop's name."""
    name, node = ast.unparse(asked), parents.get(asked)
    while node:
        loops = node.generators if isinstance(node, _NODES) else [node]
        for loop in loops:
            if isinstance(loop, ast.comprehension | ast.For) and ast.unparse(loop.target) == name:
                return loop.iter
        node = parents.get(node)
    return None


class _KnownName(ast.NodeTransformer):
    """Puts "x" for the parts of an f-string that are known only when it runs."""

    def __init__(self, scope: Mapping[str, Any]) -> None:
        self._scope = scope

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        try:
            _evaluated(node.value, self._scope)
        except NameError:
            return ast.copy_location(ast.Constant("x"), node)
        return node


def _evaluated(node: ast.expr, scope: Mapping[str, Any]) -> Any:
    code = ast.Expression(ast.fix_missing_locations(node))
    # The code is this project's own, and has been imported already.
    return eval(compile(code, "pattern", "eval"), dict(scope))


def slowest(found: FoundPattern, length: int = LENGTH) -> tuple[float, str]:
    """Returns the longest time of a pattern on hostile text, in seconds, and the text's unit."""
    took = [
        (seconds(run, text.text(length), most=60.0), f"{way} of {text.unit[:30]!r}")
        for way, run in found.calls
        for text in hostile(found.pattern.pattern, found.pattern.flags)
    ]
    return max(took)


def main(packages: Sequence[str] = PACKAGES) -> None:
    """Prints the slowest patterns."""
    found = patterns_of(packages)
    timed = sorted(((*slowest(one), one) for one in found), key=lambda row: -row[0])
    print(f"{len(found)} patterns, each on hostile text of {LENGTH:,} characters; the slowest:")
    for took, text, one in timed[:SHOWN]:
        print(f"{took * 1e3:8.2f} ms  {one.where}  {text}")


if __name__ == "__main__":
    main(sys.argv[1:] or PACKAGES)
