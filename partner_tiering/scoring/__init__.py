"""Scores, tiers, drift: values in, values out; the standard library only.

:mod:`.value` makes a metric's value of sums, :mod:`.score` points of a value and a
score of points, :mod:`.ladder` a tier of a score, :mod:`.drift` tells what is unusual,
:mod:`.formula` reads formulas over metrics, :mod:`.net` limits how far earnings fall.
"""

from . import drift, formula, ladder, net, score, value
