"""The terms of records as the scope that they come into takes them.

In which language a text is, its scope helps to tell: what most of it is in. A text brings its terms
as they are in a scope of English, or with words enough to tell their language anywhere; others are
taken from its words again.
"""

from __future__ import annotations

from collections import Counter

from commonplace.recall.coded import Terms, Told, counted
from commonplace.recall.readings import terms_told
from commonplace.recall.terms import DEFAULT_LANGUAGE, detect_language
from commonplace.recall.tokens import split


def indexed(told: Told, languages: Counter[str]) -> Terms:
    """Return the terms of records that come into a scope, as if one by one.

    It counts their languages in `languages`, which are those of the scope.
    """
    if {commonest(languages), *told.languages} == {DEFAULT_LANGUAGE}:
        languages[DEFAULT_LANGUAGE] += len(told)
        return told.terms
    again: dict[int, Terms] = {}
    for place, sure in enumerate(told.is_sure.tolist()):
        language, usual = told.languages[place], commonest(languages)
        if usual != DEFAULT_LANGUAGE and not sure:
            words = split(told.texts[place])
            language = detect_language(words, usual)
            if language != told.languages[place]:
                again[place] = counted(terms_told(words, told.agents[place], language))
        languages[language] += 1
    return told.terms.replaced(again) if again else told.terms


def commonest(languages: Counter[str]) -> str:
    """Return the language of most records, the first one met of several."""
    return max(languages, key=languages.__getitem__, default=DEFAULT_LANGUAGE)
