"""Earning engine: values in, values out.

Nothing in this package imports Odoo. A reader follows the money through it in
this order: :mod:`.windows` and :mod:`.calendars` (which periods), :mod:`.scale` (what
a volume earns), :mod:`.calculation` (the terms, in their order, over coupled offers),
:mod:`.guarantee` (a promised minimum),
:mod:`.accrual` (what to provide for), :mod:`.settlement` (what to pay), and
:mod:`.allocation` (how an amount is divided without losing a cent). What became of it
is judged by :mod:`.performance`.
"""

from . import (
    accrual,
    allocation,
    calculation,
    calendars,
    guarantee,
    performance,
    scale,
    settlement,
    windows,
)
