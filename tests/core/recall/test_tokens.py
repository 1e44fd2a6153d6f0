"""What is written as one token is found as one and by its parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import commonplace
from commonplace.recall.tokens import joined, split
from commonplace.recall.words import WordIndex, coverage
from commonplace.testing import HashingEmbedder
from told_texts import told


def scores(texts: list[str], query: str) -> list[float]:
    """Return the share of a query's words in each text."""
    index = WordIndex()
    for text in texts:
        index.extend(told(text))
    return [float(one) for one in coverage(index.hits(query), len(texts))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("on v2.10.3, see", ["on", "v2", "10", "3", "v2.10.3", "see"]),
        ("ping 192.168.7.1.", ["ping", "192", "168", "7", "1", "192.168.7.1"]),
        (
            "<jo.ek@post.test>",
            ["jo", "ek", "post", "test", "jo.ek", "post.test", "jo.ek@post.test"],
        ),
        ("/etc/cron.d", ["etc", "cron", "d", "cron.d", "etc/cron.d"]),
        (
            "http://a.test/b?c=1",
            ["http", "a", "test", "b", "c", "1", "a.test", "http://a.test/b?c=1"],
        ),
        ("order B-7781", ["order", "b", "7781", "b7781"]),
        ("maxRetries max_retries max-retries", ["max", "retries", "maxretries"] * 3),
        (
            "call (0221) 55 67 01 now",
            ["call", "0221", "55", "67", "01", "21556701", "0221556701", "now"],
        ),
        ("0171/2345678", ["0171", "2345678", "12345678", "01712345678"]),
        ("04.72.11.98.30", ["04", "72", "11", "98", "30", "72119830", "0472119830"]),
        ("+33472119830", ["72119830", "33472119830"]),
        ("22 33 44 55", ["22", "33", "44", "55", "22334455"]),
        ("um 14:05", ["um", "14", "05", "14:05"]),
        ("McKay's", ["mc", "kay's", "mckay's"]),
        ("バージョン1.3.2を", ["ばーじょん", "1", "3", "2", "1.3.2", "を"]),
        ("naïveBayes.fit", ["naïve", "bayes", "fit", "naïvebayes.fit"]),
    ],
)
def test_the_whole_follows_its_parts(text: str, words: list[str]) -> None:
    assert split(text) == words


@pytest.mark.parametrize(
    "text",
    ["wait...what", "yes -- no", "1, 2 and 3", "rooms 12 14 16", "it's NASA", "a b", "end. Start"],
)
def test_words_beside_one_another_are_not_one(text: str) -> None:
    assert joined(text) == []


@given(st.text(st.characters(max_codepoint=0x3FF)))
def test_a_text_is_its_pieces(text: str) -> None:
    tokens = joined(text)
    words = split(text)
    for token in tokens:
        words.remove(token.whole)
    # Only a long number without signs has one part: its last digits.
    assert all(len(token.parts) >= 2 or token.parts == (token.end,) for token in tokens)
    assert len(words) >= sum(len(token.parts) for token in tokens)


@pytest.mark.parametrize(
    ("wanted", "others", "query"),
    [
        ("we ship 4.0.17", ["we ship 17.0.4", "we ship 0.17.4"], "which is 4.0.17?"),
        ("gateway 10.1.0.2", ["gateway 2.0.1.10", "gateway 1.10.2.0"], "10.1.0.2"),
        ("write to kim@ola.test", ["write to ola@kim.test"], "kim@ola.test"),
        ("look in /srv/web/logs", ["look in /logs/web/srv"], "/srv/web/logs"),
        ("ref 31-7742-9", ["ref 9-7742-31", "ref 7742 31 9"], "31-7742-9"),
        ("phone 0176 445 2210", ["phone 2210 445 0176"], "0176-445-2210"),
        ("phone 0176 445 2210", ["phone 445 2210 0176"], "01764452210"),
        ("call parseDate there", ["parse the date there"], "parseDate"),
        ("set max_pool_size to 5", ["set a size of the max pool to 5"], "max_pool_size"),
        ("set maxPoolSize to 5", ["set a size of the max pool to 5"], "max_pool_size"),
        ("toggle dark-mode on", ["toggle mode of dark on"], "darkMode"),
    ],
)
def test_the_whole_comes_before_the_same_parts_in_another_order(
    wanted: str, others: list[str], query: str
) -> None:
    first, *rest = scores([wanted, *others], query)

    assert first > max(rest)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("call parseDate there", "parse date"),
        ("set max_pool_size to 5", "size of the max pool"),
        ("reads config.yaml", "yaml config"),
        ("lives at jo.ek@post.test", "jo ek"),
        ("parse the date there", "parseDate"),
        ("the e-mail is late", "email"),
        ("the email is late", "e-mail"),
    ],
)
def test_parts_find_the_whole_and_other_spellings_one_another(text: str, query: str) -> None:
    found, other = scores([text, "nothing of this kind"], query)

    assert found > 0.4
    assert other == 0


def test_a_token_weighs_about_like_one_word() -> None:
    texts = ["deploy 1.3.2", "deploy tonight", *(f"note {number}" for number in range(20))]

    token, word = scores(texts, "tonight 1.3.2")[:2]

    assert word / 1.5 < token < word * 1.5


def test_what_a_scope_does_not_hold_as_one_is_covered_in_part() -> None:
    index = WordIndex()
    index.extend(told("release 2.1.3"))

    part, whole = (float(coverage(index.hits(query), 1)[0]) for query in ("1.3.2", "2.1.3"))

    assert 0 < part < 0.7 * whole


def test_recall_finds_an_identifier_before_its_parts() -> None:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
        memory.remember_many(["Release 2.1.3 is stable", "Release 1.3.2 is stable"])

        assert memory.recall("release 1.3.2")[0].record.text == "Release 1.3.2 is stable"


@pytest.mark.parametrize(
    ("token", "within"),
    [
        ("package@2.10.1", "2.10.1"),
        ("image:2.1.10-alpine", "2.1.10-alpine"),
        ("rel/2.10.1", "2.10.1"),
        ("/srv/data/in/a.csv", "a.csv"),
        ("https://ex.test/a?x=1.2.3", "1.2.3"),
    ],
)
def test_a_whole_holds_smaller_ones(token: str, within: str) -> None:
    assert within in split(f"see {token} there")
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
        memory.remember_many([f"Take {token[:-1]}", f"Take {token}", "Take 1.10.2 and 10.1.2"])

        assert memory.recall(f"take {within}")[0].record.text == f"Take {token}"


@pytest.mark.parametrize(
    "asked",
    ["+44 20 7946 0985", "020 7946 0985", "(020) 7946-0985", "+442079460985", "02079460985"],
)
def test_a_phone_is_found_from_abroad_and_at_home(asked: str) -> None:
    texts = [
        "The bank has +44 20 9746 0958",
        "The doctor has +44 (0)20 7946 0985",
        "The plumber has 020 7946 0958",
    ]
    found = scores(texts, f"Whose number is {asked}?")
    assert found[1] > 2 * max(found[0], found[2])


@pytest.mark.parametrize("other", ["00-1B-44-11-3A-B7", "001b.4411.3ab7", "00:1b:44:11:3a:b7"])
def test_a_hardware_address_is_one_however_it_is_written(other: str) -> None:
    assert split("00:1B:44:11:3A:B7")[-1] == split(other)[-1]
