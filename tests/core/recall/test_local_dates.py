"""Dates in the words of many languages: when is meant, and where no date is meant."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from commonplace.recall.dates import periods

ASKED = datetime(2024, 6, 12, 15, tzinfo=timezone.utc)
"""A Wednesday."""

YESTERDAY = "2024-06-11", "2024-06-12"
DAY_BEFORE = "2024-06-10", "2024-06-11"
THREE_DAYS_AGO = "2024-06-09", "2024-06-10"
MONDAY = "2024-06-10", "2024-06-11"
LAST_WEEK = "2024-06-03", "2024-06-10"
LAST_WEEKEND = "2024-06-08", "2024-06-10"
LAST_MONTH = "2024-05-01", "2024-06-01"
LAST_YEAR = "2023-01-01", "2024-01-01"
MARCH_5 = "2024-03-05", "2024-03-06"
MAY_2023 = "2023-05-01", "2023-06-01"

TOLD = [
    ("Wo war ich letztes Wochenende?", LAST_WEEKEND),
    ("Où étais-je le week-end dernier ?", LAST_WEEKEND),
    ("¿Dónde estuve el fin de semana pasado?", LAST_WEEKEND),
    ("Dov'ero lo scorso fine settimana?", LAST_WEEKEND),
    ("先週末どこにいましたか。", LAST_WEEKEND),
    ("Dov'ero l'anno scorso?", LAST_YEAR),
    ("Waar was ik vorig jaar?", LAST_YEAR),
    ("Кого я встретил на прошлой неделе?", LAST_WEEK),
    ("Где я был в мае 2023 года?", MAY_2023),
    ("Що я робив позавчора?", DAY_BEFORE),
    ("Де я був у травні 2023 року?", MAY_2023),
    ("Gdzie byłem w maju 2023?", MAY_2023),
    ("Kde jsem byl v květnu 2023?", MAY_2023),
    ("Geçen hafta kiminle buluştum?", LAST_WEEK),
    ("Mayıs 2023'te neredeydim?", MAY_2023),
    ("Üç gün önce ne dedim?", THREE_DAYS_AGO),
    ("Vad gjorde jag i måndags?", MONDAY),
    ("Apa yang saya katakan tiga hari yang lalu?", THREE_DAYS_AGO),
    ("Năm ngoái tôi ở đâu?", LAST_YEAR),
    ("Ngày 5 tháng 3 có chuyện gì?", MARCH_5),
    ("Ba ngày trước tôi nói gì?", THREE_DAYS_AGO),
    ("Τι έκανα τη Δευτέρα;", MONDAY),
    ("Πού ήμουν τον Μάιο του 2023;", MAY_2023),
    ("את מי פגשתי בשבוע שעבר?", LAST_WEEK),
    ("מה עשיתי ביום שני?", MONDAY),
    ("ماذا قلت قبل ثلاثة أيام؟", THREE_DAYS_AGO),
    ("ماذا فعلت يوم الاثنين؟", MONDAY),
    ("ماذا حدث في 5 مارس؟", MARCH_5),
    ("دیروز چه خوردم؟", YESTERDAY),
    ("मैंने कल क्या खाया?", YESTERDAY),
    ("मैं पिछले हफ्ते किससे मिला?", LAST_WEEK),
    ("मैंने तीन दिन पहले क्या कहा?", THREE_DAYS_AGO),
    ("গত সপ্তাহে কার সাথে দেখা করেছি?", LAST_WEEK),
    ("২০২৩ সালের মে মাসে আমি কোথায় ছিলাম?", MAY_2023),
    ("নয়, ৫ মার্চ কী হয়েছিল?", MARCH_5),
    ("நேற்று நான் என்ன சாப்பிட்டேன்?", YESTERDAY),
    ("เดือนที่แล้วฉันซื้ออะไร", LAST_MONTH),
    ("지난주에 누구를 만났지?", LAST_WEEK),
    ("3월 5일에 무슨 일이 있었지?", MARCH_5),
    ("3일 전에 뭐라고 했지?", THREE_DAYS_AGO),
    ("三日前に何と言いましたか。", THREE_DAYS_AGO),
    ("月曜日に何をしましたか。", MONDAY),
    ("我三天前说了什么？", THREE_DAYS_AGO),
    ("3月5日发生了什么？", MARCH_5),
    ("Τι έκανα προχθές;", DAY_BEFORE),
    ("Mitä tein toissapäivänä?", DAY_BEFORE),
    ("מה עשיתי שלשום?", DAY_BEFORE),
    ("Hva gjorde jeg i forgårs?", DAY_BEFORE),
    ("Ce am făcut alaltăieri?", DAY_BEFORE),
    ("사흘 전에 뭐 했어?", THREE_DAYS_AGO),
    ("O que eu fiz na segunda?", MONDAY),
    ("O que fiz segunda passada?", MONDAY),
    ("What did I do this Monday?", MONDAY),
]


@pytest.mark.parametrize(("query", "meant"), TOLD)
def test_what_a_language_calls_a_time_is_found_in_a_question(
    query: str, meant: tuple[str, str]
) -> None:
    found = [
        tuple(datetime.fromtimestamp(one, timezone.utc).date().isoformat() for one in bounds)
        for bounds in ((period.start, period.end) for period in periods(query, ASKED))
    ]

    assert found == [meant]


@pytest.mark.parametrize(
    "query",
    [
        "Non sono mai stato a Roma, e tu?",
        "Где живёт Марта?",
        "Wie heißt der Hund, der hier wohnt?",
        "Con quale mano scrivo?",
        "二人で何を食べましたか。",
        "Kaç kardeşim var ve adları ne?",
        "من يعتني بالزهور خلال عطلتنا؟",
        "मेरी बहन कहाँ रहती है?",
        "나에게 어떤 음식을 대접하면 안 되나요?",
    ],
)
def test_where_no_time_is_named_none_is_found(query: str) -> None:
    assert periods(query, ASKED) == []
