"""Formulas over metrics: numbers, codes of metrics, ``+ - * / ( )``, ``min``, ``max``.

Read with Python's own parser and computed by walking its tree, so that nothing but
arithmetic can happen.
"""

import ast
from decimal import Decimal, DivisionByZero, InvalidOperation

FUNCTIONS = {"min": min, "max": max}
OPERATORS = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
}
MAX_LENGTH = 500


class FormulaError(ValueError):
    """The formula is not one; the message is for people."""


class Formula:
    """A formula that was read.

    >>> Formula("(renewal + 2 * nps) / 3").names == {"renewal", "nps"}
    True
    >>> Formula("max(a, b) - 1").compute({"a": Decimal(2), "b": Decimal(5)})
    Decimal('4')
    """

    def __init__(self, text):
        if len(text) > MAX_LENGTH:
            raise FormulaError(f"it has more than {MAX_LENGTH} characters")
        try:
            self._tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise FormulaError("it is no arithmetic expression") from error
        self.names = set()
        self._check(self._tree)

    def _check(self, node):
        if isinstance(node, ast.Name):
            self.names.add(node.id)
        elif isinstance(node, ast.Constant):
            if isinstance(node.value, bool) or not isinstance(node.value, int | float):
                raise FormulaError(f"{node.value!r} is no number")
        elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            self._check(node.left)
            self._check(node.right)
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            self._check(node.operand)
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in FUNCTIONS
            and node.args
            and not node.keywords
        ):
            for argument in node.args:
                self._check(argument)
        else:
            raise FormulaError(f"{ast.unparse(node)} is not allowed")

    def compute(self, values):
        """Decimal, or None where an operand is unknown or a divisor is zero."""
        if any(values.get(name) is None for name in self.names):
            return None
        try:
            return self._compute(self._tree, values)
        except (DivisionByZero, InvalidOperation, ZeroDivisionError):
            return None

    def _compute(self, node, values):
        if isinstance(node, ast.Name):
            return values[node.id]
        if isinstance(node, ast.Constant):
            return Decimal(str(node.value))
        if isinstance(node, ast.UnaryOp):
            return -self._compute(node.operand, values)
        if isinstance(node, ast.BinOp):
            left = self._compute(node.left, values)
            return OPERATORS[type(node.op)](left, self._compute(node.right, values))
        return FUNCTIONS[node.func.id](
            *(self._compute(argument, values) for argument in node.args)
        )
