"""Words of every script: what people's spellings have in common is found, what differs is not."""

from __future__ import annotations

import pytest

import commonplace
from commonplace.recall.letters import plain, without_accents
from commonplace.recall.terms import terms_in
from commonplace.recall.tokens import split
from commonplace.recall.words import WordIndex, coverage
from commonplace.testing import HashingEmbedder
from told_texts import told


def shares(texts: list[str], query: str) -> list[float]:
    """Return the share of a query's words in each text."""
    index = WordIndex()
    for text in texts:
        index.extend(told(text))
    return [float(one) for one in coverage(index.hits(query), len(texts))]


@pytest.mark.parametrize(
    ("found", "other", "query"),
    [
        ("রোমা ঢাকায় থাকে", "রিমা ঢাকায় থাকে", "রোমা"),
        ("राम कल आया", "रोमा कल आया", "राम"),
        ("दाल बनी है", "दिल टूटा है", "दाल"),
        ("சாவி மேசையில் உள்ளது", "சேவை மையம் உள்ளது", "சாவி"),
        ("ತಾಯಿ ಮನೆಯಲ್ಲಿ", "ತೋಟ ದೊಡ್ಡದು", "ತಾಯಿ"),
        ("ครูสอนเลข", "ผมชอบกาแฟ", "ครู"),
        ("ភាសាខ្មែរ", "ទឹកត្រជាក់", "ខ្មែរ"),
        ("ພາສາລາວ", "ນ້ຳເຢັນ", "ລາວ"),
        ("할머니는 부산에 산다", "동생은 서울에 있다", "부산"),
        ("猫在花园里", "狗在屋子外", "花园"),
        ("თბილისი დიდია", "ბათუმი ზღვაზეა", "თბილისი"),
        ("Երևանը մեծ է", "Գյումրին հեռու է", "Երեւանը"),
        ("mẹ tôi ở Huế", "mè rang rất thơm", "mẹ"),
    ],
)
def test_a_word_is_found_with_its_vowel_signs_and_not_another(
    found: str, other: str, query: str
) -> None:
    right, wrong = shares([found, other], query)

    assert right > 0.4
    assert wrong < right / 2


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("كَتَبَ مُحَمَّدٌ رِسالَةً", "محمد"),
        ("محمـــد وصل", "محمد"),
        ("أحمد في الدار", "احمد"),
        ("کتاب خوب", "كتاب"),
        ("می‌خواهم", "میخواهم"),
        ("שָׁלוֹם לכולם", "שלום"),
        ("גר בירושלים", "ירושלים"),
        ("הכלב ישן", "כלב"),
        ("क़लम मेज़ पर", "कलम"),
        ("चाँद निकला", "चांद"),
        ("घर १२ में", "12"),
        ("الغرفة ١٢", "12"),
        ("ｶﾒﾗを買った", "カメラ"),
        ("カメラを買った", "かめら"),
        ("ＡＢＣ社", "abc"),
        ("體育館在左邊", "体育馆"),
        ("图书馆很远", "圖書館"),
        ("İstanbul güzel", "istanbul"),
        ("ISPARTA uzak", "Isparta"),
        ("ılık su", "ilik"),
        ("Łódź leży tam", "lodz"),
        ("smørrebrød", "smorrebrod"),
        ("ὁδός", "οδοσ"),
        ("ΟΔΟΣ", "οδός"),
        ("ᲗᲑᲘᲚᲘᲡᲘ", "თბილისი"),
        ("bạn tôi sống ở Đà Nẵng", "da nang"),
        ("Дом у моря, ёлка", "елка"),
        ("straße", "STRASSE"),
        ("naïve co\u00adoperation", "cooperation"),
        ("सन्तोष आया", "संतोष"),
        ("हिंदी की किताब", "हिन्दी"),
        ("કેન્દ્ર બંધ છે", "કેંદ્ર"),
        ("ഡോക്ടർ വന്നു", "ഡോക്ടര്\u200d"),
        ("ፀሐይ ወጣች", "ጸሀይ"),
        ("ዓለም ትልቅ ናት", "አለም"),
        ("Ґанок пофарбовано", "ганок"),
        ("la il·lusió és gran", "illusió"),
        ("La Schifffahrt wurde eingestellt und ist nicht mehr", "Schiffahrt"),
        ("السيارة في الورشة", "الورشه"),
        ("سيارتي معطلة", "السيارة"),
        ("the colour of the theatre", "color theater"),
        ("the Encyclopædia on the shelf", "encyclopedia"),
    ],
)
def test_other_spellings_of_a_word_find_it(stored: str, asked: str) -> None:
    right, other = shares([stored, "7 qwerty"], asked)

    assert right > 0.4
    assert other == 0


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("المدرسة", "مدرسة", "arabic"),
        ("किताबें", "किताब", "hindi"),
        ("kitaplar", "kitap", "turkish"),
        ("பூக்கள்", "பூக்கள்", "tamil"),
        ("könyvek", "könyv", "hungarian"),
    ],
)
def test_forms_of_a_word_have_one_stem_in_more_languages(
    one: str, other: str, language: str
) -> None:
    assert terms_in(split(one), language) == terms_in(split(other), language) != []


@pytest.mark.parametrize("word", ["जन्म", "बैंक", "अन्य", "gr·m"])
def test_no_more_is_read_away_than_a_spelling(word: str) -> None:
    assert plain(word) == word.replace("·", "")


@pytest.mark.parametrize("word", ["بيتي", "أختها", "وقتي", "بناتي"])
def test_an_ending_of_arabic_is_not_part_of_a_short_word(word: str) -> None:
    assert terms_in(split(word), "arabic") != terms_in([plain(word[:2]) + "ة"], "arabic")


@pytest.mark.parametrize(
    "ending", ["があります", "がありますか", "でした", "です", "ではありません"]
)
def test_how_a_polite_japanese_sentence_ends_says_nothing(ending: str) -> None:
    assert terms_in(split("問題" + ending), "english")[:3] == ["问", "题", "问题"]
    assert not {"ます", "です", "りま"} & set(terms_in(split("問題" + ending), "english"))


def test_a_word_that_looks_like_such_an_ending_is_found() -> None:
    right, other = shares(["クリスマスは実家で過ごします", "薬を飲みます"], "クリスマス")

    assert right > 0.4
    assert other == 0


def test_a_kana_is_no_word_but_where_it_stands_alone() -> None:
    assert terms_in(split("りんご"), "english") == ["りん", "んご"]
    assert terms_in(split("め"), "english") == ["め"]


@pytest.mark.parametrize("sign", ["❤️", "👩‍👩‍👧", "…", "。！", "♂️"])
def test_signs_are_no_words(sign: str) -> None:
    assert split(sign) == []


def test_letters_of_thai_are_taken_with_their_marks() -> None:
    assert terms_in(split("กินที่"), "english") == ["กิ" + "น", "น" + "ที่", "กินที่"]


def test_accents_that_make_another_word_are_kept() -> None:
    assert without_accents("हिन्दी") == "हिन्दी"
    assert without_accents("café") == "cafe"


def test_plain_keeps_what_it_cannot_read() -> None:
    assert plain("a\u0301 🐈 ½") == "á 🐈 1⁄2"


def test_recall_tells_two_names_apart_that_differ_in_a_vowel_sign() -> None:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
        memory.remember_many(["রিমা চা খায়", "রোমা কফি খায়"])
        first, *rest = memory.recall("রোমা কী খায়?")

        assert first.record.text == "রোমা কফি খায়"
        assert all(match.signals["lexical"] < first.signals["lexical"] for match in rest)


def test_what_only_stretches_an_arabic_word_is_not_compared() -> None:
    assert plain("كـــتاب") == plain("كتاب")
