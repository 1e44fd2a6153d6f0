"""The words that tell a secret is near, in the languages of the documentation and some more.

They are looked for in lower case, and may stand within a longer word.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

PASSWORDS = (
    *("password", "passwort", "passwd", "pwd", "passphrase", "passcode", "kennwort", "senha"),
    *("mot de passe", "palavra-passe", "wachtwoord", "kata sandi", "passord", "adgangskode"),
    *("contraseña", "lösenord", "mật khẩu", "парол", "密码", "密碼", "口令"),
    *("パスワード", "비밀번호", "पासवर्ड", "كلمة المرور", "كلمة السر", "পাসওয়ার্ড", "پاس ورڈ"),
    *("كلمة مرور", "رمز المرور", "رمز مرور", "รหัสผ่าน"),
)
KEYS = (
    *("token", "secret", "credential", "schlüssel", "clave de ", "clé ", "chave d"),
    *("密钥", "密鑰", "令牌", "apiキー", "api 키"),
)
SESSIONS = (
    *("session", "cookie", "sessid", ".sid=", "csrf", "xsrf", "sitzung", "sesión", "sessão"),
    *("sessione", "сесси", "сеанс", "セッション", "会话", "會話", "세션"),
)
# Of a key that may be any, such as that of a door: a random value has to follow at once.
BARE_KEYS = (
    *("key", "clave", "chave", "chiave", "clé", "sleutel", "nyckel", "ключ", "キー", "키"),
    *("kunci", "anahtar", "klucz", "khóa", "مفتاح", "कुंजी"),
)
# A value follows at once what ends with one of these.
LINKS = (
    *("is", "are", "was", "ist", "lautet", "lauten", "war", "heißt", "es", "est", "vaut", "son"),
    *("είναι", "je", "este", "е", "је", "היא", "הוא"),
    *("é", "è", "são", "sono", "sont", "är", "er", "jest", "adalah", "là", "هي", "هو", "คือ", "है"),
    *("হল", "হলো", "ہے", "是", "为", "為", "は", "が", "는", "은", "—", "–", "-", ":", "=", "："),
)
SEEDS = (
    *(
        "seed",
        "mnemonic",
        "wallet",
        "recovery phrase",
        "recovery words",
        "backup phrase",
        "semilla",
    ),
    *("12 words", "24 words", "secret phrase", "secret recovery", "semente", "récupération"),
    *(
        "recuperação",
        "recuperación",
        "recupero",
        "助记词",
        "助記詞",
        "リカバリー",
        "復元フレーズ",
        "시드",
    ),
)
BACKUP_CODES = (
    *("backup code", "recovery code", "backup-code", "wiederherstellungscode", "ersatzcode"),
    *("codes de secours", "code de secours", "codes de récupération", "códigos de respaldo"),
    *("códigos de recuperación", "códigos de backup", "códigos de recuperação", "codici di backup"),
    *("codici di recupero", "резервные коды", "резервный код", "коды восстановления"),
    *(
        "备用验证码",
        "备用码",
        "恢复码",
        "恢复代码",
        "備用碼",
        "バックアップコード",
        "リカバリーコード",
    ),
    *("백업 코드", "복구 코드", "emergency code", "scratch code", "one-time code", "reservcode"),
)


def ends_of(names: tuple[str, ...], low: str) -> Iterator[int]:
    """Yield where each occurrence of a name in a text in lower case ends.

    >>> list(ends_of(("key",), "a key, my key"))
    [5, 13]
    """
    for name in present(names, low):
        at = low.find(name)
        while at >= 0:
            yield at + len(name)
            at = low.find(name, at + len(name))


def present(words: tuple[str, ...], low: str) -> list[str]:
    """Return those of the words that a text in lower case has.

    >>> present(KEYS, "the token of the day")
    ['token']
    """
    return [word for word in (_in_ascii(words) if low.isascii() else words) if word in low]


@lru_cache(maxsize=32)
def _in_ascii(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(filter(str.isascii, words))
