"""Questions without a question mark, and statements that resemble them."""

from __future__ import annotations

import pytest

from commonplace.recall.unmarked import asks_unmarked, names_what_is_wanted

QUESTIONS = [
    "does Maria have the key",
    "does the office open on sundays",
    "would he like it",
    "is the meeting at nine",
    "has she moved",
    "anahtar kimde",
    "adım ne",
    "bu doğru mu",
    "c'est pour qui",
    "anjing saya namanya apa",
    "ai giữ chìa khóa",
    "mbwa wangu anaitwa nani",
    "who is my dentist",
    "hey, what was the name of the hotel",
    "when is the release",
    "how old is Ana",
    "did caroline make the bowl",
    "does the server use IPv6",
    "should we ship on Friday",
    "have I paid the rent",
    "tell me about the cabin",
    "please remind me of Ana's birthday",
    "list all my allergies",
    "look up where I parked",
    "summarize what you know about Tom",
    "I need to know where the key is",
    "I forgot what the code was",
    "any idea who wrote this",
    "the cabin key, where",
    "wo ist der Schlüssel",
    "jak ma na imię mój kot",
    "як звати мого кота",
    "mikä kissani nimi on",
    "missä siskoni asuu",
    "hogy hívják a macskámat",
    "hol lakik a nővérem",
    "რა ჰქვია ჩემს კატას",
    "اسم گربه‌ام چیست",
    "আমার বিড়ালের নাম কী",
    "আমার বোন কোথায় থাকে",
    "என் பூனையின் பெயர் என்ன",
    "என் சகோதரி எங்கே வசிக்கிறாள்",
    "የድመቴ ስም ምንድን ነው",
    "እህቴ የት ትኖራለች",
    "wie heißt mein Arzt",
    "hast du meine Adresse",
    "nenn mir meine Termine",
    "c'est qui mon dentiste",
    "où habite Marie",
    "il habite où",
    "rappelle-moi le code",
    "quién es mi jefe",
    "dónde está la llave",
    "quem é o meu chefe",
    "chi è il mio capo",
    "wat is mijn adres",
    "var bor jag",
    "gdzie mieszkam",
    "где мой ключ",
    "напомни мне адрес",
    "πού μένω",
    "köpeğimin adı ne",
    "siapa bos saya",
    "tôi sống ở đâu",
    "sino ang boss ko",
    "איפה המפתח שלי",
    "أين مفتاحي",
    "मेरा कुत्ता कौन है",
    "谁是我的牙医",
    "我的牙医是谁",
    "你记得我的地址吗",
    "鍵はどこですか",
    "내 강아지 이름이 뭐야",
    "ฉันอยู่ที่ไหน",
]

STATEMENTS = [
    "Mi Portóban lakunk",
    "Siskoni asuu Portossa, missä on kaunista",
    "Моя сестра живе в Порту, де гарно",
    "আমার বোন পোর্তোতে থাকে",
    "என் பூனையின் பெயர் ஃபீபி",
    "خواهرم در پورتو زندگی می‌کند",
    "ჩემი და პორტოში ცხოვრობს",
    "የድመቴ ስም ፊቢ ነው",
    # What is a question's word in one language is another word in the next.
    "She works in AI",
    "AI is her field",
    "My sister is Kim",
    "Sie sagte nein",
    "Abito qui",
    "Unser Treffen ist um neun",
    "Es para mi hermana y para mi",
    "Il treno parte da qui",
    "Řekla, že ne",
    "Apa Budapesten dolgozik és él",
    "Ano, bydlím v Praze",
    "Vem de Lisboa",
    "Sai do trabalho às seis",
    "Notre fille est née sous la neige",
    "Kaffee mit viel Milch",
    # Notes without a subject.
    "Does yoga on Mondays",
    "Did the dishes",
    "Did a degree in Oslo",
    "Doesn't eat meat",
    "Isn't fond of dogs",
    "Would love a new bike",
    "Could eat pizza daily",
    "Has the key to the shed",
    "Hat den Schlüssel zum Schuppen",
    "Ist die Chefin von Anna",
    "Hat die Grippe",
    "Is the captain of the chess club",
    "Had the flu in May",
    "I moved to Bergen",
    "What I like best is sushi",
    "When I was small, we lived in Rome",
    "Which is why I left",
    "Check out my painting",
    "Show the world who you are",
    "Do it now",
    "Do your best",
    "Remember that I like sushi",
    "Should be fine",
    "Will Smith is my favourite actor",
    "Reads mystery novels",
    "I know who did it",
    "Wenn es regnet, bleibe ich zu Hause",
    "Ich weiß, wo der Schlüssel liegt.",
    "J'habite à Lyon",
    "Je sais où il habite maintenant",
    "Vivo en Madrid",
    "Когда я был маленьким, мы жили в Риме",
    "Evde oturuyorum",
    "我住在北京",
    "没什么",
    "東京に住んでいます",
    "나는 부산에 살아",
]


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_is_told_without_its_mark(text: str) -> None:
    assert asks_unmarked(text)


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_is_no_question(text: str) -> None:
    assert not asks_unmarked(text)


@pytest.mark.parametrize("text", ["Who is my dentist?", "wo ist der Schlüssel", "我的牙医是谁？"])
def test_some_questions_name_what_is_wanted(text: str) -> None:
    assert names_what_is_wanted(text)


@pytest.mark.parametrize("text", ["Do I like sushi?", "Mag ich Sushi?", "Te gusta el sushi?"])
def test_others_are_answered_by_yes_or_no(text: str) -> None:
    assert not names_what_is_wanted(text)
