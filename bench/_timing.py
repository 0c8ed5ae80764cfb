"""How long things take, for all benchmarks."""

import gc
import time
from contextlib import contextmanager


def timed(function):
    """Seconds that a function takes, and what it returns."""
    gc.collect()
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def flushed(records):
    """The records, once everything that is pending is written."""
    records.env.flush_all()
    return records


def overlook_other_databases(env):
    """Let the next run take for known what was committed before this transaction.

    The oldest open transaction that a run notes is that of the whole server, so one
    that stays open in another database would make the next run look at everybody.
    """
    env.flush_all()
    env.cr.execute(
        """UPDATE partner_incentive_lock
              SET seen_transaction = pg_current_xact_id()::text"""
    )


@contextmanager
def timed_booking(env):
    """A list that every posting within adds its seconds to."""
    posting = type(env["partner.incentive.posting"])
    original = posting._post_movements
    booking = []

    def post_movements(self, *args, **kwargs):
        seconds, entries = timed(lambda: flushed(original(self, *args, **kwargs)))
        booking.append(seconds)
        return entries

    posting._post_movements = post_movements
    try:
        yield booking
    finally:
        posting._post_movements = original
