"""Run a benchmark by its name.

    python -m benchmarks NAME [ARGUMENT ...]

Each benchmark is a script of this folder and says what it takes when it is given nothing.
"""

import runpy
import sys
from pathlib import Path


def names() -> list[str]:
    """Return the names of all benchmarks."""
    scripts = Path(__file__).parent.glob("[a-z]*.py")
    return sorted(path.stem for path in scripts if 'if __name__ == "__main__":' in path.read_text("utf-8"))


def main(arguments: list[str]) -> None:
    """Run the script that the first argument names, with the others."""
    if not arguments or arguments[0] not in names():
        raise SystemExit(f"{__doc__}\nNAME is one of: {', '.join(names())}")
    sys.argv = arguments
    runpy.run_module(f"benchmarks.{arguments[0]}", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main(sys.argv[1:])
