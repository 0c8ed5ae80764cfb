"""Messages on the terminal, steps with timings, and failures without a traceback."""

import contextlib
import fcntl
import signal
import subprocess
import sys
import threading
import time

from . import paths

#: A step that takes longer than this shows a sign of life each time it passes.
SIGN_OF_LIFE_SECONDS = 10


class Failure(Exception):
    """Something that the user can mend: what failed, and what to do about it."""

    def __init__(self, message, advice=""):
        super().__init__(message)
        self.message = message
        self.advice = advice


def run_command(main):
    """Run a command's ``main(arguments)`` and exit with its status.

    A :class:`Failure` is told in words; a traceback is only for our own mistakes.
    """
    # So that what a command has open is closed when it is told to end.
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit(143))
    try:
        status = main(sys.argv[1:])
    except Failure as failure:
        say(f"\nFAILED: {failure.message}", sys.stderr)
        if failure.advice:
            say(f"\nWhat to do:\n{failure.advice}", sys.stderr)
        status = 1
    except KeyboardInterrupt:
        say("\nInterrupted.", sys.stderr)
        status = 130
    sys.exit(status)


def say(text, stream=None):
    """Print a line at once, also into a pipe, so that lines keep their order."""
    print(text, file=stream or sys.stdout, flush=True)


@contextlib.contextmanager
def step(title, latest=None):
    """Announce a step, show that it is alive, and tell how long it took.

    :param latest: function that gives a few words on how far the step is
    """
    start = time.monotonic()
    say(f"-> {title}")
    done = threading.Event()

    def show_signs_of_life():
        while not done.wait(SIGN_OF_LIFE_SECONDS):
            note = latest() if latest else ""
            say(f"   ... {time.monotonic() - start:.0f} s {note}".rstrip())

    thread = threading.Thread(target=show_signs_of_life, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
    say(f"   done in {time.monotonic() - start:.1f} s")


def run_logged(command, log_name, title, latest=None, **kwargs):
    """Run a long command as a step; its output goes to a log file, whose path returns.

    :param latest: function of the log's last lines that gives a few words of progress
    :raise Failure: with the end of the log, when the command fails
    """
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    log = paths.LOGS / log_name

    def progress():
        lines = tail(log, 50)
        return latest(lines) if latest else (lines[-1][:100] if lines else "")

    with step(title, progress), log.open("w") as output:
        status = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **kwargs,
        ).returncode
        if status:
            end = "\n".join(f"    {line}" for line in tail(log, 25))
            raise Failure(f"{title}: exit status {status}. The end of {log}:\n{end}")
    return log


def tail(path, count):
    """The last lines of a text file, cut to a legible length.

    Only the end is read, since some logs are long.
    """
    try:
        with path.open("rb") as stream:
            stream.seek(0, 2)
            stream.seek(max(0, stream.tell() - 400 * count))
            text = stream.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    return [line[:200] for line in text.splitlines()[-count:]]


@contextlib.contextmanager
def lock(name, waiting_for):
    """Let one process at a time through; the system frees the lock of a dead one."""
    paths.LOCKS.mkdir(parents=True, exist_ok=True)
    with (paths.LOCKS / name).open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(f"-> waiting for another process: {waiting_for}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
