"""`python -m newsletter`, and the command `newsletter`."""

import sys

from newsletter.cli import commands
from newsletter.errors import NewsletterError


def main() -> None:
    """Run the command line; an expected error is told in plain lines, without a traceback."""
    try:
        commands(prog_name="newsletter")
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


if __name__ == "__main__":
    main()
