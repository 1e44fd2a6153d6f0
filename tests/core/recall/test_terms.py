"""Search terms of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.recall.terms import (
    detect_language,
    is_character_pair,
    language_of,
    language_read,
    stem,
    terms_in,
)
from commonplace.recall.tokens import split


def terms(text: str, language: str = "english") -> list[str]:
    return terms_in(split(text), language)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don’t PANIC, it's Ada's!", ["don't", "panic", "it's", "ada's"]),
        ("snake_case e-mail x2", ["snake", "case", "snakecase", "e", "mail", "email", "x2"]),
        ("ﬁne Ｗｉｄｅ Straße", ["fine", "wide", "strasse"]),
        ("我养猫 and 犬", ["我养猫", "and", "犬"]),
        ("''' ' '", []),
        ("🐈 … —", []),
        ("", []),
    ],
)
def test_a_text_is_split_into_words_and_unspaced_runs(text: str, words: list[str]) -> None:
    assert split(text) == words


@given(st.text(st.characters(max_codepoint=127)))
def test_ascii_is_split_as_any_other_text_is(text: str) -> None:
    assert split(text) == split(text + " é")[:-1]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("where did she buy the house", "english"),
        ("ich habe gestern nicht gelesen", "german"),
        ("où est la maison de mon ami", "french"),
        ("cuándo es el cumpleaños de mi madre", "spanish"),
        ("когда он приехал", "russian"),
        ("πού είναι το σπίτι", "greek"),
        ("kız kardeşim ankara'da", "turkish"),
        ("klucze leżą na półce", "polish"),
        ("hammaslääkäri hyllyllä", "finnish"),
        ("a könyvek a felső polcon", "hungarian"),
        ("nicméně přišel", "czech"),
    ],
)
def test_a_language_is_told_by_its_letters_or_function_words(text: str, language: str) -> None:
    assert detect_language(split(text), "italian") == language


@pytest.mark.parametrize(
    ("text", "language", "meant"),
    [
        ("nous sommes vos voisins", "french", ["voisin"]),
        ("dónde está nuestra casa", "spanish", ["cas"]),
        ("tenho nossa consulta", "portuguese", ["consult"]),
        ("siamo a casa nostra", "italian", ["cas"]),
        ("у меня нет кота", "russian", ["кот"]),
        ("sie haben unseren Hund", "german", ["hund"]),
        ("मेरी बहन मुझे पसंद है", "hindi", ["बहन", "पसंद"]),
    ],
)
def test_pronouns_and_forms_of_be_and_have_mean_nothing_by_themselves(
    text: str, language: str, meant: list[str]
) -> None:
    assert terms(text, language) == meant


@pytest.mark.parametrize("text", ["", "xyzzy plugh", "die Hard", "猫が好き", "🐈"])
def test_an_unclear_text_is_of_the_usual_language(text: str) -> None:
    assert detect_language(split(text), "dutch") == "dutch"


@pytest.mark.parametrize(
    "text", ["call señor Gómez about jalapeños", "door", "alle jan buy milk", "the jalapeño"]
)
def test_a_name_makes_no_other_language(text: str) -> None:
    assert detect_language(split(text), "english") == "english"


@pytest.mark.parametrize(
    ("text", "language"),
    [("Dvořák symphony", "english"), ("yarın günü için randevu var mı", "turkish")],
)
def test_an_embedder_reads_a_text_unless_two_words_tell_another_language(
    text: str, language: str
) -> None:
    assert language_read(split(text), "english") == language


@pytest.mark.parametrize("text", ["Ben's email is ben@mail.test", "It is in /et/de/la/est.txt"])
def test_addresses_and_paths_are_of_no_language(text: str) -> None:
    assert detect_language(split(text), "english") == "english"


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("painted", "painting", "english"),
        ("wrote", "written", "english"),
        ("children", "kids", "english"),
        ("mom's", "mother", "english"),
        ("café", "cafe", "english"),
        ("Büchern", "Buch", "german"),
        ("книгу", "книги", "russian"),
    ],
)
def test_forms_of_a_word_have_one_stem(one: str, other: str, language: str) -> None:
    assert terms(one, language) == terms(other, language) != []


@pytest.mark.parametrize(
    ("written", "word"),
    [
        ("l'avocat", "avocat"),
        ("j'habite", "habite"),
        ("qu'Anna", "Anna"),
        ("dell'ufficio", "ufficio"),
        ("un'amica", "amica"),
        ("l'Hospitalet", "Hospitalet"),
        ("Kaya'yı", "Kaya"),
        ("İzmir'den", "İzmir"),
        ("Mehmet'le", "Mehmet"),
    ],
)
@pytest.mark.parametrize("language", ["english", "french", "italian", "turkish"])
def test_what_is_written_as_one_with_a_word_is_taken_off(
    written: str, word: str, language: str
) -> None:
    assert terms(written, language) == terms(word, language) != []


@pytest.mark.parametrize("word", ["o'brien", "qur'an", "o'clock", "об'єкт"])
def test_other_apostrophes_are_part_of_a_word(word: str) -> None:
    assert terms(word) == [stem(word.replace("'", ""), "english")]


def test_irregular_forms_are_english_only() -> None:
    assert stem("went", "german") == "went"


def test_a_language_without_a_stemmer_keeps_its_words() -> None:
    assert stem("words", "klingon") == "words"


def test_function_words_are_no_terms() -> None:
    assert terms("what did you say about the") == []


def test_unspaced_scripts_become_characters_and_pairs() -> None:
    assert terms("橘猫") == ["橘", "猫", "橘猫"]


def test_characters_without_meaning_of_their_own_count_only_beside_another() -> None:
    assert terms("我的猫") == ["猫", "的猫"]


def test_a_long_run_of_letters_is_a_term_like_another() -> None:
    assert terms("x" * 100_000) == ["x" * 100_000]


@pytest.mark.parametrize(("group", "is_pair"), [({"橘猫"}, True), ({"猫"}, False), ({"ab"}, False)])
def test_only_pairs_of_unspaced_scripts_are_pairs(group: set[str], is_pair: bool) -> None:  # noqa: FBT001  # a case's outcome
    assert is_character_pair(frozenset(group)) is is_pair


@given(st.text(), st.sampled_from(["english", "german", "russian", "hindi", "unknown"]))
def test_every_text_has_terms_without_blanks(text: str, language: str) -> None:
    assert all(term and not term.isspace() for term in terms(text, language))


SURE = [
    "Meine Schwester hat zwei Katzen und wohnt in Hamburg",
    "Ma voiture est rouge et elle est à Paris",
    "Я вчера купил красную машину",
    "أختي تسكن في القاهرة",
    "Hôm qua tôi đã mua một chiếc xe",
]


@pytest.mark.parametrize("fallback", ["english", "german", "dutch", "french", "russian", "hebrew"])
@pytest.mark.parametrize("text", SURE)
def test_a_language_that_is_sure_is_the_same_in_any_scope(text: str, fallback: str) -> None:
    words = split(text)
    language, is_sure = language_of(words, "english")
    assert is_sure
    assert detect_language(words, fallback) == language


@given(
    st.lists(st.sampled_from(" ".join([*SURE, "the of was und die de la is in"]).split())),
    st.sampled_from(["german", "dutch", "french", "spanish", "russian", "swedish"]),
)
def test_so_is_that_of_any_words(words: list[str], fallback: str) -> None:
    words = split(" ".join(words))
    language, is_sure = language_of(words, "english")
    if is_sure:
        assert detect_language(words, fallback) == language


def test_a_text_of_few_words_is_never_sure() -> None:
    assert language_of(split("Zebra in Hamburg"), "english") == ("english", False)
