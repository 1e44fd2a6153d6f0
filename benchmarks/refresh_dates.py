"""Write how languages name days, weeks, months and years, from the data of dateparser.

    python benchmarks/refresh_dates.py

It renews `commonplace/recall/data/dates_by_language.json`. Those data are of CLDR and of dateparser
(`dates_by_language.LICENSE`). A form that begins another of the same list is an abbreviation, and
is left out.
"""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

FILE = Path("core/commonplace/recall/data/dates_by_language.json")
LATIN = ("de", "fr", "es", "pt", "it", "nl", "sv", "da", "nb", "fi", "pl", "cs", "sk", "hu", "ro")
OTHERS = ("tr", "id", "vi", "ru", "uk", "bg", "sr", "el", "he", "ar", "fa", "ur", "hi", "mr", "bn")
FAR = ("ta", "te", "gu", "kn", "ml", "pa", "th", "ko", "ja", "zh")
UNITS = ("day", "week", "month", "year")
RELATIVE = {
    "0 day ago": "today",
    "1 day ago": "yesterday",
    "2 day ago": "2 days ago",
    "3 day ago": "3 days ago",
    **{f"0 {unit} ago": f"this {unit}" for unit in UNITS[1:]},
    **{f"1 {unit} ago": f"last {unit}" for unit in UNITS[1:]},
    **{f"2 {unit} ago": f"2 {unit}s ago" for unit in UNITS[1:]},
}
DAYS = tuple(day.lower() for day in calendar.day_name)
MONTHS = tuple(month.lower() for month in calendar.month_name if month)
MISSING = {("ru", "may"): ["мае"], ("pl", "may"): ["maju"]}
NUMBER = re.compile(r"\(\\d\+\+\[\.,\]\?\\d\*\+\)")
LETTERS = re.compile(r"[^\W\d_]")


def forms(found: Iterable[str], least: int) -> list[str]:
    """Return the forms of one name, in small letters, without abbreviations."""
    known = dict.fromkeys(form.lower().strip() for form in found if not form.startswith("("))
    return [
        form
        for form in known
        if len(LETTERS.findall(form)) >= least
        and not any(other != form and other.startswith(form) for other in known)
    ]


def counted(data: dict[str, Any], unit: str) -> Iterator[str]:
    """Yield how so many days, weeks, … before today are told, with {} for the number."""
    told = [
        NUMBER.sub("{}", form) for form in data["relative-type-regex"].get(f"\\1 {unit} ago", ())
    ]
    yield from told
    for one in data.get(unit, ()):
        for ago in data.get("ago", ()):
            if any(form.startswith("{}") for form in told):
                yield f"{{}} {one} {ago}"
            if any(form.endswith("}") or not form.startswith("{}") for form in told):
                yield f"{ago} {{}} {one}"


def language(code: str) -> dict[str, dict[str, list[str]]]:
    """Return the phrases, the months and the counted times of one language."""
    data = import_module(f"dateparser.data.date_translation_data.{code}").info
    relative = data["relative-type"]
    phrases = {english: forms(relative.get(name, ()), 1) for name, english in RELATIVE.items()}
    phrases |= {f"on {day}": forms(data.get(day, ()), 3 if code != "zh" else 2) for day in DAYS}
    return {
        "phrases": {name: own for name, own in phrases.items() if own},
        "months": {
            month: forms([*data.get(month, ()), *MISSING.get((code, month), ())], 1)
            for month in MONTHS
        },
        "counted": {
            unit: sorted({form.lower() for form in counted(data, unit) if "\\" not in form})
            for unit in UNITS
        },
    }


def main() -> None:
    """Write the file."""
    found = {code: language(code) for code in (*LATIN, *OTHERS, *FAR)}
    text = json.dumps(found, ensure_ascii=False, indent=0, separators=(",", ":"))
    FILE.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
