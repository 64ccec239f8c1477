"""Small changes to a module's source, one at a time: what a slip of the hand would make of it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any

from attrs import evolve, frozen

_NEARLY = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_OTHERWISE = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}
_CONTRARY = {"min": "max", "max": "min", "any": "all", "all": "any"}
_NOT_RUN = {"annotation", "returns", "decorator_list", "bases", "type_comment"}


@frozen
class Change:
    """One place of a module, and what stands there instead."""

    function: str
    """The outermost function or method around it; empty for what runs at import."""
    function_line: int
    lines: tuple[int, int]
    """The statement's first and last."""
    words: str


@frozen
class _Edit:
    owner: ast.AST
    field: str
    index: int | None
    new: Any
    """None takes an element of a list away."""
    words: str

    def swap(self) -> _Edit:
        """Make it; returns the edit that undoes it."""
        held = getattr(self.owner, self.field)
        if self.index is None:
            setattr(self.owner, self.field, self.new)
            return evolve(self, new=held)
        changed = list(held)
        changed[self.index : self.index + 1] = [] if self.new is None else [self.new]
        setattr(self.owner, self.field, changed)
        return _Edit(self.owner, self.field, None, held, self.words)


def changes(source: str) -> Iterator[tuple[Change, ast.Module]]:
    """Each change of a module, with the tree of the whole module that has it.

    The tree is undone when the next one is asked for: compile it first.
    """
    tree = ast.parse(source)
    seen: Counter[tuple[str, str]] = Counter()
    for place, edit in list(_places(tree)):
        undo = edit.swap()
        seen[place.function, edit.words] += 1
        times = seen[place.function, edit.words]
        words = edit.words if times == 1 else f"{edit.words} #{times}"
        yield evolve(place, words=words), ast.fix_missing_locations(tree)
        undo.swap()


def _places(tree: ast.Module) -> Iterator[tuple[Change, _Edit]]:
    def visit(
        node: ast.AST, names: tuple[str, ...], place: Change
    ) -> Iterator[tuple[Change, _Edit]]:
        for edit in _shorter(node, at_import=not place.function):
            yield place, edit
        if isinstance(node, ast.ClassDef):
            names = (*names, node.name)
        if isinstance(node, ast.Subscript) and not place.function:
            return  # A type.
        for field, index, child in _children(node):
            inner = evolve(place, lines=_lines(node, field, child) or place.lines)
            if isinstance(node, ast.FunctionDef) and field == "body" and not place.function:
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                inner = Change(".".join((*names, node.name)), first, inner.lines, "")
            for new, words in _instead(child, field, at_import=not inner.function):
                yield inner, _Edit(node, field, index, new, words)
            yield from visit(child, names, inner)

    yield from visit(tree, (), Change("", 0, (0, 0), ""))


def _children(node: ast.AST) -> Iterator[tuple[str, int | None, ast.AST]]:
    for field, value in ast.iter_fields(node):
        if field in _NOT_RUN:
            continue
        if isinstance(value, ast.AST):
            yield field, None, value
        elif isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, ast.AST):
                    yield field, index, each


def _lines(owner: ast.AST, field: str, child: ast.AST) -> tuple[int, int] | None:
    """The lines to watch for what begins here; None for a part of what began before."""
    if isinstance(child, ast.match_case):
        return child.pattern.lineno, child.body[0].lineno
    if isinstance(child, ast.stmt) or (isinstance(owner, ast.stmt) and field in {"test", "iter"}):
        return child.lineno, child.end_lineno or child.lineno  # type: ignore[attr-defined]
    return None


def _instead(  # noqa: C901, PLR0912 - one case for each kind of change
    node: ast.AST, field: str, *, at_import: bool
) -> Iterator[tuple[ast.AST, str]]:
    """What may stand in the place of a node, with words for it."""
    said = ast.unparse(node)
    if field in {"test", "guard"} and isinstance(node, ast.expr):
        for value in (True, False):
            yield ast.Constant(value), f"condition `{said}` -> {value}"
    match node:
        case ast.Compare(left, [*ops], comparators):
            for number, op in enumerate(ops):
                for other in _NEARLY[type(op)]:
                    new = ast.Compare(
                        left, [*ops[:number], other(), *ops[number + 1 :]], comparators
                    )
                    yield new, f"{said} -> {ast.unparse(new)}"
        case ast.BoolOp(op, values):
            other = ast.Or() if isinstance(op, ast.And) else ast.And()
            yield ast.BoolOp(other, values), f"and<->or: {said}"
            for number, value in enumerate(values):
                rest = [*values[:number], *values[number + 1 :]]
                new = rest[0] if len(rest) == 1 else ast.BoolOp(op, rest)
                yield new, f"drop operand `{ast.unparse(value)}` of `{said}`"
        case ast.Constant(bool() as value):
            yield ast.Constant(not value), f"{value} -> {not value}"
        case ast.Constant(int() as value):
            for other in (value + 1, value - 1):
                yield ast.Constant(other), f"{value} -> {other}"
        case ast.UnaryOp(ast.USub() | ast.Not(), operand):
            yield operand, f"drop sign: {said}"
        case ast.BinOp(left, op, right) if type(op) in _OTHERWISE:
            new = ast.BinOp(left, _OTHERWISE[type(op)](), right)
            yield new, f"{said} -> {ast.unparse(new)}"
        case ast.AugAssign(target, op, value) if type(op) in _OTHERWISE:
            new = ast.AugAssign(target, _OTHERWISE[type(op)](), value)
            yield new, f"{said} -> {ast.unparse(new)}"
        case ast.Call(ast.Name(name), arguments, keywords) if name in _CONTRARY:
            yield (
                ast.Call(ast.Name(_CONTRARY[name], ast.Load()), arguments, keywords),
                f"{name}->{_CONTRARY[name]}: {said}",
            )
        case ast.Dict() if at_import:
            yield from _tables(node)
        case ast.MatchOr(patterns):
            for pattern in patterns:
                rest = [each for each in patterns if each is not pattern]
                less = ast.MatchOr(rest) if len(rest) > 1 else rest[0]
                yield less, f"drop case {ast.unparse(pattern)} of {said}"
        case ast.Return(ast.expr()) | ast.Raise() | ast.Continue() | ast.Break():
            if said not in {"return None", "return"}:
                yield ast.Pass(), f"remove `{said}`"
        case ast.Expr(ast.Call() | ast.Yield() | ast.YieldFrom()):
            yield ast.Pass(), f"remove `{said}`"


def _shorter(node: ast.AST, *, at_import: bool) -> Iterator[_Edit]:  # noqa: C901
    """Elements that may be missing, and rows that may be too many."""
    said = ast.unparse(node) if isinstance(node, ast.expr) else ""
    match node:
        case ast.Call(keywords=keywords):
            for number, keyword in enumerate(keywords):
                if keyword.arg is not None:
                    yield _Edit(
                        node, "keywords", number, None, f"drop `{ast.unparse(keyword)}` of `{said}`"
                    )
        case ast.comprehension(ifs=ifs):
            for number, test in enumerate(ifs):
                yield _Edit(node, "ifs", number, None, f"drop filter `{ast.unparse(test)}`")
        case ast.Match(cases=cases) if len(cases) > 1:
            for number, case in enumerate(cases):
                yield _Edit(node, "cases", number, None, f"drop case {ast.unparse(case.pattern)}")
        case ast.Set(elts=elements) if len(elements) > 1:
            for number, element in enumerate(elements):
                yield _Edit(node, "elts", number, None, f"drop `{ast.unparse(element)}` of {said}")
        case ast.Tuple(elts=elements, ctx=ast.Load()) if at_import and len(elements) > 1:
            for number, element in enumerate(elements):
                yield _Edit(node, "elts", number, None, f"drop `{ast.unparse(element)}` of {said}")


def _tables(table: ast.Dict) -> Iterator[tuple[ast.Dict, str]]:
    """A table without each of its rows; keyed by pairs, with each row that it has not."""
    rows = [(key, value) for key, value in zip(table.keys, table.values, strict=True) if key]
    for row in rows:
        yield _table(each for each in rows if each is not row), f"without row {ast.unparse(row[0])}"
    pairs = [key.elts for key, _ in rows if isinstance(key, ast.Tuple) and len(key.elts) == 2]
    if len(pairs) < 2 or len(pairs) != len(rows):
        return
    said = {(ast.unparse(one), ast.unparse(other)) for one, other in pairs}
    firsts = {ast.unparse(one): one for one, _ in pairs}
    seconds = {ast.unparse(other): other for _, other in pairs}
    for (first, one), (second, other) in product(firsts.items(), seconds.items()):
        if (first, second) not in said:
            # What follows from the same event elsewhere is what a slip would write.
            value = next(v for pair, (_, v) in zip(pairs, rows, strict=True) if pair[1] is other)
            row = (ast.Tuple([one, other], ast.Load()), value)
            yield _table([*rows, row]), f"with row ({first}, {second}): {ast.unparse(value)}"


def _table(rows: Iterable[tuple[ast.expr, ast.expr]]) -> ast.Dict:
    found = list(rows)
    return ast.Dict([key for key, _ in found], [value for _, value in found])
