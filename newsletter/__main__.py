"""`python -m newsletter`, and the command `newsletter`."""

import gc
import sys

import click

from newsletter.cli import commands
from newsletter.errors import NewsletterError

#: How many new objects there are when Python looks for garbage. To import and to start makes hardly any: with
#: its own 700, a tenth of that time went into looking.
GARBAGE_OBJECTS = 10_000

#: What shells say of a program that SIGINT ended: 128 and the signal's number.
_INTERRUPTED = 130


def main() -> None:
    """Run the command line; an expected error is told in plain lines, without a traceback.

    It exits with 0 (done, or nothing to do), 1 (failed, or not all of it is done), 2 (the command line is
    wrong) or 130 (interrupted); `bounces read -` also with 75.
    """
    gc.set_threshold(GARBAGE_OBJECTS)
    try:
        # Left to itself click exits with 1 for Ctrl-C, as if it had failed.
        code = commands(prog_name="newsletter", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt) as error:
        is_interrupted = any(isinstance(one, KeyboardInterrupt) for one in (error, error.__context__))
        print("newsletter: interrupted" if is_interrupted else "newsletter: not done", file=sys.stderr)
        sys.exit(_INTERRUPTED if is_interrupted else 1)
    except NewsletterError as error:
        for line in str(error).splitlines():
            print(f"newsletter: {line}", file=sys.stderr)
        sys.exit(1)
    except UnicodeError as error:
        print(f"newsletter: a name or a text that cannot be written here: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        # A file that the user named and that cannot be read or written.
        place = f"{error.filename}: " if error.filename else ""
        print(f"newsletter: {place}{error.strerror or error}", file=sys.stderr)
        sys.exit(1)
    sys.exit(code)


if __name__ == "__main__":
    main()
