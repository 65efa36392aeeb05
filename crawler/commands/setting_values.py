"""Values of settings as ``-s`` gives them: text, where Scrapy and we expect numbers and truth values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.settings import default_settings
from scrapy.utils.misc import load_object

import crawler.settings

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

DEFAULTS = {
    name: value
    for module in (default_settings, crawler.settings)
    for name, value in vars(module).items()
    if name.isupper() and isinstance(value, int | float)
}
"""Truth values and numbers, by name of the setting."""


def unfit_setting(settings: BaseSettings) -> str | None:
    """The first setting that is text which is not of the kind of its default, in words; None where none is.

    Asked before anything begins: where a component stumbles over such a
    value, Python's message does not name the setting.
    """
    for name, default in sorted(DEFAULTS.items()):
        value = settings.get(name)
        if not isinstance(value, str):
            continue
        truth = isinstance(default, bool)
        try:
            settings.getbool(name) if truth else settings.getfloat(name)
        except ValueError:
            return f"{name}: {value!r}, expected {'True or False' if truth else 'a number'}"
    return _unfit_check(settings.get("REPLAY_CHECK"))


def _unfit_check(named: object) -> str | None:
    """The check at the end of a run is loaded there, which is late to say that it cannot be."""
    try:
        if named and not hasattr(load_object(named), "from_settings"):  # type: ignore[arg-type]
            return f"REPLAY_CHECK: {named!r}, expected a class with from_settings, or nothing"
    except (ImportError, NameError, ValueError, TypeError) as error:
        return f"REPLAY_CHECK: {named!r}, expected a class, or nothing ({error})"
    return None
