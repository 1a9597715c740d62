"""Every setting: typed, with its default and unit; the only reader of the environment.

Values come from the environment, then from `.env`, then from `newsletter.toml`, then from the defaults here;
an empty value counts as not set. One list needs nothing but the environment; several are tables `[[lists]]`
in newsletter.toml.
"""

from pathlib import Path

from newsletter.settings.everything import ListSettings, Settings
from newsletter.settings.reading import in_force, isolated, load, unknown_environment

__all__ = ["ListSettings", "Settings", "in_force", "isolated", "load", "packaged", "unknown_environment"]

#: Where packaged files lie: inside an installed package, else beside it in a checkout.
_PACKAGE = Path(__file__).parent.parent


def packaged(name: str) -> Path:
    """Return the folder `templates` or `seeds` that came with the package."""
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
