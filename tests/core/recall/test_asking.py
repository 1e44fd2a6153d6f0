"""What in a text asks, and which replies say nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonplace.recall.asking import asked, ends_asking, says_nothing


@pytest.mark.parametrize(
    "text",
    [
        "How are you?",
        "你好吗？",
        "Really?? Are you sure?",
        "In Oslo, who is my dentist?",
        "who is my dentist",
        "tell me who my dentist is",
        "Who is Dr. Weber?",
        "Πού μένω;",
        "Πού μένει η αδελφή μου;",
        "Πού μένω\u037e",
        "मेरी बेटी का नाम क्या है?",
        "ขนมอะไรไม่มีถั่ว",
    ],
)
def test_a_text_that_only_asks_asks_in_full(text: str) -> None:
    assert asked(text).share == 1.0
    assert asked(text).only == 1.0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "...",
        "I like tea.",
        "?",
        "我喜欢茶。",
        "What I eat: rice.",
        "x = 5;",
        "SELECT name FROM users;",
    ],
)
def test_a_text_without_a_question_does_not_ask(text: str) -> None:
    assert asked(text).share == asked(text).only == 0.0


def test_a_question_beside_a_statement_counts_less_than_its_length() -> None:
    assert 0 < asked("I moved to Oslo last year. And you?").share < 0.1


def test_a_message_that_tells_and_then_asks_in_one_sentence_tells() -> None:
    text = "I moved to Oslo in May to work as a nurse there, can you find me a dentist?"
    assert asked(text).share < 0.25
    assert asked(text).only == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "我女儿叫小雨，她对花生过敏，能推荐点零食吗？",
        "对了，我先生在华为上班，他生日送什么好？",
        "娘は小雪といいます。ピーナッツアレルギーですが、おすすめのおやつはありますか？",
        "제 딸 이름은 수아인데, 땅콩 알레르기가 있어요. 간식 추천해 줄래요?",
        "ลูกสาวของฉันชื่อน้ำ แพ้ถั่วลิสง มีขนมอะไรแนะนำไหม?",
        "मेरी बेटी नूर को दूध से एलर्जी है, वह क्या खा सकती है?",
        "Η κόρη μου η Νουρ δεν αντέχει τη λακτόζη, τι να φάει;",
        "我叫小明，你好吗？",
        "على فكرة ابنتي نور لا تتحمل اللاكتوز، ماذا تأكل؟",
    ],
)
def test_a_message_that_tells_and_then_asks_tells_in_any_script(text: str) -> None:
    assert asked(text).share < 0.25
    assert asked(text).only == 0.0


def test_who_speaks_is_told_before_a_question_however_short_it_is() -> None:
    assert asked("I'm Tom, how are you?").only < 0.5 < asked("In Oslo, who is Tom?").only


def test_a_remark_beside_a_question_is_no_statement() -> None:
    assert asked("What is the name of my dentist in Oslo? I need it for a form.").only > 0.5


@given(st.text(alphabet="ab ,.?!\n？"))
def test_both_are_shares(text: str) -> None:
    assert 0 <= asked(text).share <= 1
    assert 0 <= asked(text).only <= 1


@pytest.mark.parametrize(
    ("text", "ends"), [("And you? ", True), ("你呢？", True), ("Why? Because.", False), ("", False)]
)
def test_a_text_may_end_asking(text: str, ends: bool) -> None:  # noqa: FBT001  # a case's outcome
    assert ends_asking(text) is ends


@pytest.mark.parametrize(
    "reply",
    [
        "Let me check that for you.",
        "I do not know.",
        "Noted.",
        "One moment please.",
        "Ich weiß es leider nicht.",
        "Je ne sais pas.",
        "No lo sé.",
        "Deixe-me verificar.",
        "Не знаю, сейчас проверю.",
        "让我查一下。",
        "わかりません。",
        "모르겠습니다.",
        "لا أعرف.",
        "मुझे नहीं पता।",
        "Alles klar.",
        "De acuerdo.",
        "Un instant, s'il vous plaît.",
        "No results found.",
        "Δεν ξέρω.",
        "En tiedä.",
        "Nem tudom.",
        "Nevím.",
        "Nu știu.",
        "לא יודע",
        "نمی‌دانم",
        "தெரியாது",
    ],
)
def test_some_replies_say_nothing_in_any_language(reply: str) -> None:
    assert says_nothing(reply)


@pytest.mark.parametrize(
    "reply", ["Yes", "Dr. Weber", "Blue.", "Mia.", "北京", "王医生", "At 9", "是的", "いいえ"]
)
def test_a_short_answer_says_something(reply: str) -> None:
    assert not says_nothing(reply)


def test_the_words_of_the_question_add_nothing_to_a_reply() -> None:
    assert says_nothing("I do not know who your dentist is.", "Who is my dentist?")
    assert not says_nothing("Milk", "Tea or milk?")
    assert not says_nothing("Your dentist is Weber.", "Who is my dentist?")
