"""What a later statement is about: the same as the earlier one, or something else."""

from __future__ import annotations

import pytest

from commonplace.recall.competing import Statement
from commonplace.recall.subjects import is_about_another
from commonplace.recall.terms import DEFAULT_LANGUAGE, detect_language, stem
from commonplace.recall.tokens import split


def statement(text: str, query: str) -> Statement:
    """Return a statement with the words of the query that it holds."""
    language = detect_language(split(text), DEFAULT_LANGUAGE)
    wanted = {stem(word, language) for word in split(query)}
    held = {stem(word, language) for word in split(text)} & wanted
    return Statement(text, text, frozenset(frozenset({one}) for one in held))


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        ("Tess plays chess", "Tess's uncle plays checkers now", "What does Tess play?"),
        ("My key is in the drawer", "Omar's key is on the hook", "Where is my key?"),
        (
            "Mi madre vive en Vigo",
            "La vecina de mi madre vive ahora en Lugo",
            "¿Dónde vive mi madre?",
        ),
        ("Ich nutze Vim", "Meine Schwester nutzt jetzt Emacs", "Was nutze ich?"),
        ("我住在西安", "我哥哥搬到了武汉", "我住在哪里？"),
        ("妹は医者です", "妹の友達は今は教師です", "妹の仕事は何ですか"),
        ("The bakery opens at 6", "On public holidays the bakery opens at 9", "When does it open?"),
        (
            "The parser job takes 9 minutes",
            "The lint job is down to 2",
            "How long is the parser job?",
        ),
        ("The gym has 30 lockers", "The gym has 12 showers now", "How many lockers has the gym?"),
    ],
)
def test_another_person_thing_or_occasion_is_another_matter(
    older: str, newer: str, query: str
) -> None:
    assert is_about_another(statement(newer, query), statement(older, query))


@pytest.mark.parametrize(
    ("older", "newer", "query"),
    [
        ("The rent is 800 euros", "The landlord raised the rent to 900", "How much is the rent?"),
        ("Mike is our product manager", "Sara took over from Mike", "Who is our product manager?"),
        ("My aunt lives in Rome", "My aunt moved to Bari", "Where does my aunt live?"),
        ("The gym has 30 lockers", "The gym has 40 lockers now", "How many lockers has the gym?"),
        ("我哥哥住在西安", "我哥哥搬到了武汉", "我哥哥住在哪里？"),
        ("I live alone", "I moved in with my sister", "Do I live alone?"),
        ("Lunch is at noon", "Today's lunch is at one", "When is lunch?"),
    ],
)
def test_a_new_value_of_the_same_is_no_other_matter(older: str, newer: str, query: str) -> None:
    assert not is_about_another(statement(newer, query), statement(older, query))
