"""Personal data is found where the policy asks for it, and look-alikes are left alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace.writing.policy import Screening
from commonplace.writing.screening import redacted

POLICY = Screening(personal_data="redact")


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("Write to ann.lee+shop@mail.example.co.uk.", "email"),
        ("Write to ann [at] mail [dot] test", "email"),
        ("Call me at +1 202-555-0143.", "phone"),
        ("Meine Handynummer ist 0176 23456789.", "phone"),
        ("Notiert: 0049 1512 3456789", "phone"),
        ("我的手机号是13812345678", "phone"),
        ("The number is (415) 555-2671.", "phone"),
        ("Card 4111 1111 1111 1111, thanks", "credit-card"),
        ("Amex 3782-822463-10005", "credit-card"),
        ("Pay to DE89 3704 0044 0532 0130 00 please", "iban"),
        ("GB29NWBK60161331926819", "iban"),
        ("My SSN is 536-90-4399", "us-ssn"),
        ("Mi DNI es 12345678Z", "national-id"),
        ("Meu CPF é 390.533.447-05", "national-id"),
        ("Codice fiscale RCCMNL83S18D969H", "national-id"),
        ("身份证号11010519491231002X", "national-id"),
        ("My BSN is 111222333", "national-id"),
        ("National Insurance number AB 12 34 56 C", "national-id"),
        ("My passport number is C01234567", "passport"),
        ("Login from 81.2.69.142 failed", "ip-address"),
        ("Login from 2a02:8108:1234:5678:9abc:def0:1234:5678 failed", "ip-address"),
        ("MAC 3c:22:fb:aa:01:9e", "mac-address"),
        ("I was born on May 4, 1981.", "date-of-birth"),
        ("Ich bin am 4.5.1981 geboren.", "date-of-birth"),
        ("出生日期1981年5月4日", "date-of-birth"),
        ("I live at 221 Maple Street.", "street-address"),
        ("Ich wohne in der Lindenstraße 12.", "street-address"),
        ("Vivo en la Calle Mayor 7", "street-address"),
        ("J'habite 12 rue de la Paix", "street-address"),
        ("Send it to 1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "crypto-address"),
        ("Send it to 0x" + "5aAeb6053F" * 4, "crypto-address"),
    ],
)
def test_personal_data_is_named_by_its_type(text: str, type: str) -> None:
    assert f"[REDACTED:{type}]" in redacted(text, POLICY)


@pytest.mark.parametrize(
    "text",
    [
        "Card 4111 1111 1111 1112",  # the check digit is wrong
        "DE89 3704 0044 0532 0130 01",
        "Mi DNI es 12345678A",
        "Meu CPF é 390.533.447-06",
        "My order number is 2025550143, please call.",
        "ISBN 978-3-16-148410-0",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "The server listens on 127.0.0.1 and 192.168.1.4.",
        "Version 81.2.69.142 is out",
        "std::vector<int>::iterator it = begin();",
        "Call us on 2024-05-12 at noon.",
        "We met on 12 May 2019.",
        "git clone git@github.com:team/app.git",
        "Allen, TX 75013-2104, call the office",
        "It costs 1,234,567.89 dollars.",
        "MAC stands for message authentication code.",
    ],
)
def test_what_only_looks_like_it_is_left_alone(text: str) -> None:
    assert redacted(text, POLICY) == text


def test_a_memory_keeps_personal_data_unless_it_is_told_otherwise() -> None:
    text = "Her address is ann@mail.test, her phone +1 202-555-0143."

    assert redacted(text, Screening()) == text


@settings(deadline=None)
@given(st.from_regex(r"4[0-9]{14}", fullmatch=True))
def test_a_card_is_a_card_by_its_check_digit(start: str) -> None:
    found = [digit for digit in "0123456789" if "card" in redacted(f"paid {start}{digit}", POLICY)]

    assert len(found) == 1
