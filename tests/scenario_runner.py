"""Plays scenarios: worked examples, through the real path, against the real books.

``scripts/scenario FILE...`` calls :func:`main` with an environment; the test suite
calls :func:`play_file` for each file of ``scenarios/``. Each scenario is played in a
fresh company, within a savepoint that is rolled back. ``scenarios/FORMAT.md`` describes
the format.
"""

import sys
import traceback
from datetime import datetime

import scenario_format
from freezegun import freeze_time
from scenario_format import FormatError, action_of
from scenario_world import NotBuilt, World, make_company


class Result:
    """How a scenario went.

    :param checks: list of :class:`scenario_checks.Check`
    :param error: what kept it from being played to its end, or None
    """

    def __init__(self, name):
        self.name = name
        self.checks = []
        self.error = None

    @property
    def ok(self):
        return self.error is None and all(check.ok for check in self.checks)

    def __str__(self):
        lines = [f"{self.name}"]
        lines += [str(check) for check in self.checks]
        if self.error:
            lines.append(f"  FAIL {self.error}")
        failed = sum(not check.ok for check in self.checks) + bool(self.error)
        done = len(self.checks) + bool(self.error)
        lines.append(
            f"  {done - failed} of {done} ok" if failed else f"  all {done} ok"
        )
        return "\n".join(lines)


def main(env, files):
    """Play scenario files, print a line per check, return 1 unless all hold."""
    companies = {}
    failed = []
    for path in files:
        result = play_file(env, path, companies)
        print(result, flush=True)
        if not result.ok:
            failed.append(result.name)
    print(
        f"{len(files) - len(failed)} of {len(files)} scenarios ok"
        + (f"; failed: {', '.join(failed)}" if failed else "")
    )
    return 1 if failed else 0


def play_file(env, path, companies):
    """The :class:`Result` of one file.

    :param companies: ``{currency code: company}``, companies that are there already;
        a chart of accounts takes seconds to load, so one serves all scenarios
    """
    try:
        scenario = scenario_format.read(path)
    except (FormatError, OSError) as error:
        result = Result(str(path))
        result.error = f"{type(error).__name__}: {error}"
        return result
    result = Result(scenario["scenario"])
    currency = scenario["company"]["currency"]
    try:
        if currency not in companies:
            companies[currency] = make_company(env, currency)
        play(env, companies[currency], scenario, result)
    except NotBuilt as error:
        result.error = str(error)
    except Exception as error:
        # One scenario that breaks must not keep the others from being played.
        traceback.print_exc(file=sys.stderr)
        result.error = f"{type(error).__name__}: {error}"
    return result


def play(env, company, scenario, result):
    """Play a scenario in a company, and take back all that it did."""
    savepoint = env.cr.savepoint()
    try:
        with freeze_time(datetime(2026, 1, 1)) as clock:
            _play_events(World(env, company, scenario, clock), scenario, result)
    finally:
        savepoint.close(rollback=True)
        env.invalidate_all()
        env.registry.clear_all_caches()


def _play_events(world, scenario, result):
    try:
        # It needs the suite, and there may be none.
        from scenario_checks import Checker
    except ImportError as error:
        raise NotBuilt(f"the suite ({error})") from error
    checker = Checker(world)
    result.checks = checker.checks
    world.set_up()
    last = len(scenario["events"]) - 1
    for number, event in enumerate(scenario["events"]):
        played = world.play(number + 1, event)
        for expectation in scenario["expect"]:
            if expectation["after"] == event["id"] and event["id"] is not None:
                checker.check(expectation, played)
            elif expectation["after"] is None and number == last:
                checker.check(expectation, played)
        _check_rules(checker, played, number == last)


def _check_rules(checker, played, last):
    """What holds after every event, whether a scenario expects it or not."""
    action, values = action_of(played.event)
    checker.check_ledger(played, last)
    if action == "accrue" or (action == "settle" and values["amount"] is None):
        checker.check_rerun(played)
