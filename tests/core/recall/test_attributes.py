"""Whether a later statement tells something else of the same thing: in several languages."""

from __future__ import annotations

import pytest

from commonplace.recall.attributes import is_of_another_attribute
from commonplace.recall.competing import Statement


def told(text: str, asked_for: str = "") -> Statement:
    return Statement(text, text, frozenset([frozenset([asked_for])]) if asked_for else frozenset())


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("El banco es Santander", "El banco abrió una nueva sucursal"),
        ("Meine Bank ist die Sparkasse", "Meine Bank hat jetzt eine neue App"),
        ("Ma banque est le CIC", "Ma banque a une nouvelle appli"),
        ("La mia banca è Intesa", "La mia banca ha aperto una nuova filiale"),
        ("Мой банк — Альфа", "Мой банк открыл новое отделение"),
        ("Mijn bank is ING", "Mijn bank heeft een nieuwe app"),
        ("我的银行是招商银行", "我的银行现在有新的应用"),
        ("My landlord is Mr. Pike", "My landlord raised the rent"),
    ],
)
def test_something_else_is_told(older: str, newer: str) -> None:
    assert is_of_another_attribute(told(newer), told(older))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("Mi banco es Santander", "Mi banco es ahora BBVA"),
        ("Meine Bank ist die Sparkasse", "Meine Bank ist jetzt die DKB"),
        ("My bank is Nordea", "My bank is not Nordea any more"),
        ("Rent is 900 euros", "The landlord raised the rent to 980"),
        ("My boss is Helen", "My boss is now Raj"),
        ("I drive a Skoda", "I sold the Skoda and bought a Dacia"),
        ("I eat at Gino's", "I never eat at Gino's now"),
        ("My GP is Dr. Hale", "Dr. Hale retired, I'm with Dr. Osei now"),
        ("My phone is a Pixel", "Got an iPhone now"),
        ("我住在北京", "我现在住在上海"),
    ],
)
def test_the_same_is_told_anew(older: str, newer: str) -> None:
    assert not is_of_another_attribute(told(newer), told(older))
