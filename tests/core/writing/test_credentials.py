"""Secrets are found by their form or by the words before them, and nothing of them is left."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonplace import Record, Source
from commonplace.writing.credentials import credentials
from commonplace.writing.formats import of_known_format
from commonplace.writing.policy import Screening
from commonplace.writing.screening import redacted, screened

HEX = "0123456789abcdef"
ALNUM = string.ascii_letters + string.digits


def body(alphabet: str, length: int) -> str:
    """Return a body that is no key of anybody: the alphabet, over and over, in steps of seven."""
    return "".join(alphabet[at * 7 % len(alphabet)] for at in range(length))


BY_FORM = {
    "aws-access-key": "AKIA" + body(string.ascii_uppercase, 16),
    "google-api-key": "AIza" + body(ALNUM, 35),
    "google-oauth-secret": "GOCSPX-" + body(ALNUM, 28),
    "github-token": "ghp_" + body(ALNUM, 36),
    "gitlab-token": "glpat-" + body(ALNUM, 20),
    "anthropic-key": "sk-ant-api03-" + body(ALNUM, 80),
    "openai-key": "sk-proj-" + body(ALNUM, 48),
    "huggingface-token": "hf_" + body(ALNUM, 34),
    "slack-token": "xoxb-" + body(string.digits, 12) + "-" + body(ALNUM, 24),
    "slack-webhook": "https://hooks.slack.com/services/T0000/B0000/" + body(ALNUM, 24),
    "stripe-key": "sk" + "_live_" + body(ALNUM, 24),
    "sendgrid-key": "SG." + body(ALNUM, 22) + "." + body(ALNUM, 43),
    "twilio-key": "SK" + body(HEX, 32),
    "npm-token": "npm_" + body(ALNUM, 36),
    "pypi-token": "pypi-AgE" + body(ALNUM, 80),
    "telegram-token": "123456789:AA" + body(ALNUM, 33),
    "shopify-token": "shpat_" + body(HEX, 32),
    "databricks-token": "dapi" + body(HEX, 32),
    "jwt": "eyJ" + body(ALNUM, 20) + ".eyJ" + body(ALNUM, 30) + "." + body(ALNUM, 43),
}
PEM = "-----BEGIN {0}PRIVATE KEY-----\n" + body(ALNUM, 64) + "\n" + body(ALNUM, 40) + "=="


@pytest.mark.parametrize("type", BY_FORM)
@pytest.mark.parametrize(
    "around", ["{}", "Use {} today.", "key={};", '{{"value": "{}"}}', "密钥是{},请保密", "({})"]
)
def test_a_secret_is_told_by_its_form(type: str, around: str) -> None:
    kept = redacted(around.format(BY_FORM[type]), Screening())

    assert BY_FORM[type][-12:] not in kept
    assert "[REDACTED:" in kept


@pytest.mark.parametrize("type", BY_FORM)
def test_its_type_is_named(type: str) -> None:
    assert redacted(f"Use {BY_FORM[type]} today.", Screening()) == f"Use [REDACTED:{type}] today."


@pytest.mark.parametrize("kind", ["RSA ", "EC ", "OPENSSH ", ""])
def test_a_private_key_goes_whole_even_when_its_end_is_missing(kind: str) -> None:
    begin = PEM.format(kind)
    whole = f"{begin}\n-----END {kind}PRIVATE KEY-----"

    assert redacted(f"a {whole} b", Screening()) == "a [REDACTED:private-key] b"
    assert redacted(f"a {begin}", Screening()) == "a [REDACTED:private-key]"
    assert redacted(f"a {whole}".replace("\n", "\\n"), Screening()) == "a [REDACTED:private-key]"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("My password is tr0ub4dor&3.", "My password is [REDACTED:password]."),
        ("password: correcthorse", "password: [REDACTED:password]"),
        ("DB_PASSWORD=hunter22", "DB_PASSWORD=[REDACTED:password]"),
        ("Das Passwort lautet Sommer2024!", "Das Passwort lautet [REDACTED:password]!"),
        ("la contraseña es gato77#x", "la contraseña es [REDACTED:password]"),
        ("我的密码是abc12345", "我的密码是[REDACTED:password]"),
        ('login(password="p w d x")', 'login(password="[REDACTED:password]")'),
        ("postgres://app:s3cr3t-pw@db/x", "postgres://app:[REDACTED:password-in-url]@db/x"),
        ("Authorization: Bearer abcdef1234567890", "Authorization: Bearer [REDACTED:bearer-token]"),
        ("API_KEY=9f8e7d6c5b4a39281706", "API_KEY=[REDACTED:api-key]"),
        ("?password=abc123&page=2", "?password=[REDACTED:password]&page=2"),
        ("Server=db;Password=a1b;c2&d3;Port=1", "Server=db;Password=[REDACTED:password];Port=1"),
        ("<password>hunter22</password>", "<password>[REDACTED:password]</password>"),
        ("AccountKey=" + "aB3/" * 21 + "ab==", "AccountKey=[REDACTED:azure-storage-key]"),
        ("AWS secret key: " + body(ALNUM, 40), "AWS secret key: [REDACTED:aws-secret-key]"),
        ("curl -u ann:s3cr3tpw https://a.test", "curl -u ann:[REDACTED:password] https://a.test"),
        ("docker login -u ann -p s3cr3tpw r.test",
         "docker login -u ann -p [REDACTED:password] r.test"),
        ("echo s3cr3tpw | sudo -S ls", "echo [REDACTED:password] | sudo -S ls"),
        ("redis-cli -a s3cr3tpw ping", "redis-cli -a [REDACTED:password] ping"),
        ("smbclient //n/s -U ann%s3cr3tpw", "smbclient //n/s -U ann%[REDACTED:password]"),
        ("net use z: /user:ann s3cr3tpw", "net use z: /user:ann [REDACTED:password]"),
        (".pgpass: db.test:5432:shop:ann:s3cr3tpw",
         ".pgpass: db.test:5432:shop:ann:[REDACTED:password]"),
        ("SECRET_KEY = '" + body(ALNUM, 20) + "!(x&" + body(ALNUM, 9) + "'",
         "SECRET_KEY = '[REDACTED:api-key]'"),
        ('{"auths": {"r.test": {"auth": "' + body(ALNUM, 20) + '"}}}',
         '{"auths": {"r.test": {"auth": "[REDACTED:password]"}}}'),
        ('{"kty": "OKP", "d": "' + body(ALNUM, 43) + '"}',
         '{"kty": "OKP", "d": "[REDACTED:private-key]"}'),
    ],
)  # fmt: skip
def test_a_secret_is_told_by_the_words_before_it(text: str, kept: str) -> None:
    assert redacted(text, Screening()) == kept


def chance(alphabet: str, length: int) -> str:
    """Return a made-up value, the same each time, whose characters follow each other by chance."""
    return "".join(random.Random(length).choices(alphabet, k=length))


LONG = chance(ALNUM, 1_700)


@pytest.mark.parametrize(
    "around",
    [
        "api_key={}",
        "api_key='{}'",
        'PASSWORD="{}"',
        "The passphrase is {}",
        '{{"client_secret": "{}"}}',
        "Authorization: Bearer {}",
        "postgres://app:{}@db/x",
        "Cookie: sid={}; theme=dark",
        "<password>{}</password>",
        "sk-proj-{}",
        "mem_key-{}",
    ],
)
def test_nothing_of_a_value_stays_whatever_its_length(around: str) -> None:
    kept = redacted(around.format(LONG), Screening())

    assert not any(LONG[at : at + 8] in kept for at in range(len(LONG) - 8))


@pytest.mark.parametrize(
    "text",
    [
        "Our Zenith key is {}.",
        "Zenith key: {}",
        "Notre clé Zenith : {}",
        "Der Zenith-Schlüssel lautet {}",
        "Mi clave es {}",
        "Ключ Zenith: {}",
        "Zenithの鍵とキーは{}です",
        "Kunci API kami: {}",
        "Zenith anahtarı: {}",
        "Klucz: {}",
        "Khóa API là {}",
        "مفتاح الخدمة: {}",
        "ज़ेनिथ की कुंजी: {}",
        "{{'consumer_secret': '{}'}}",
        "Set-Cookie: zsession={}; Path=/",
        "the session cookie is {}",
        "zk_live_{}",
        "zapi-{}",
        "ZPAT-{}",
    ],
)
@pytest.mark.parametrize("value", [chance(ALNUM, 40), chance(HEX, 32)])
def test_a_random_value_is_told_by_a_word_beside_it_or_by_its_prefix(text: str, value: str) -> None:
    assert value[:8] not in redacted(text.format(value), Screening())
    assert value[-8:] not in redacted(text.format(value), Screening())


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + chance(string.ascii_uppercase, 16) + " / {}",
        "AKIA" + chance(string.ascii_uppercase, 16) + ":{}",
        "aws_access_key_id = AKIA" + chance(string.ascii_uppercase, 16) + "\nsecret = {}",
        "zenith key " + chance(HEX, 32) + " and secret {}",
    ],
)
def test_both_of_a_pair_go_together(text: str) -> None:
    secret = chance(ALNUM, 40)
    kept = redacted(text.format(secret), Screening())

    assert secret[:8] not in kept
    assert chance(string.ascii_uppercase, 16) not in kept
    assert chance(HEX, 32) not in kept


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Backup codes: 4821 9930, 5512 0042", "Backup codes: [REDACTED:backup-code]"),
        ("recovery codes a1b2c-d3e4f g5h6i-j7k8l", "recovery codes [REDACTED:backup-code]"),
        ("Codes de secours : 48219930 55120042", "Codes de secours : [REDACTED:backup-code]"),
        ("恢复码：48219930", "恢复码：[REDACTED:backup-code]"),
        ("The PIN is 482193.", "The PIN is [REDACTED:pin]."),
        ("Mitt lösenord är hund44!", "Mitt lösenord är [REDACTED:password]!"),
        ("Kata sandi: hutan44x", "Kata sandi: [REDACTED:password]"),
        ("Мій пароль: kit44-ua", "Мій пароль: [REDACTED:password]"),
        ("पासवर्ड billi44@x है", "पासवर्ड [REDACTED:password] है"),
        ("user: ann pass: sunny44x", "user: ann pass: [REDACTED:password]"),
        ("Evin şifresi elma44*x", "Evin şifresi [REDACTED:password]"),
        ("A jelszó körte44!x", "A jelszó [REDACTED:password]"),
        ("Ο κωδικός πρόσβασης είναι Elia4455", "Ο κωδικός πρόσβασης είναι [REDACTED:password]"),
        ("App password: qwrt zxcv plmn bvcx", "App password: [REDACTED:password]"),
        ("Parola de la router este Codru44x", "Parola de la router este [REDACTED:password]"),
        ("schimbarea parolei: Codru44x", "schimbarea parolei: [REDACTED:password]"),
        ("Salasanani on Koivu445j", "Salasanani on [REDACTED:password]"),
        ("Přihlaš se heslem Vltava445m", "Přihlaš se heslem [REDACTED:password]"),
        ("Mana parole ir Berzs445l", "Mana parole ir [REDACTED:password]"),
        ("Лозинката е Ohrid445n", "Лозинката е [REDACTED:password]"),
        ("רשת: הסיסמה שלי Galil445h", "רשת: הסיסמה שלי [REDACTED:password]"),
        ("என் கடவுச்சொல் Kaveri445t", "என் கடவுச்சொல் [REDACTED:password]"),
        ("Fy nghyfrinair yw Wyddfa445c", "Fy nghyfrinair yw [REDACTED:password]"),
        ("Sandi saya adalah Merapi445j", "Sandi saya adalah [REDACTED:password]"),
        ("Codul PIN al cardului este 4821", "Codul PIN al cardului este [REDACTED:pin]"),
        ("Kortin PIN-koodi on 4821", "Kortin PIN-koodi on [REDACTED:pin]"),
        ("رمز المرور هو Nile445m", "رمز المرور هو [REDACTED:password]"),
        ("PIN do karty to 4821", "PIN do karty to [REDACTED:pin]"),
    ],
)
def test_codes_and_passwords_are_told_in_other_languages(text: str, kept: str) -> None:
    assert redacted(text, Screening()) == kept


@pytest.mark.parametrize("joint", [" ", "\n", ", "])
@pytest.mark.parametrize("told", ["My wallet's words are ", "Seed phrase: ", "Palabras semilla: "])
def test_a_wallets_words_go_however_they_are_told(told: str, joint: str) -> None:
    words = "acid album apart armor banner bargain basket beauty bicycle blanket bronze breeze"

    assert (
        redacted(told + words.replace(" ", joint), Screening()) == f"{told}[REDACTED:seed-phrase]"
    )


UNSURE = ["zw_" + chance(ALNUM, 32), "zq-" + chance(ALNUM, 30), "z9_" + chance(HEX, 40)]


@pytest.mark.parametrize("value", UNSURE)
def test_what_may_be_a_key_or_an_id_is_kept_and_held_back(value: str) -> None:
    kept = screened(Record(f"Use {value} there"), Screening())

    assert value in kept.text
    assert kept.quarantine is not None
    assert value not in kept.quarantine
    assert screened(Record(f"Use {value}"), Screening(secrets="off")).quarantine is None
    assert screened(Record(value, source=Source(origin="operator")), Screening()).quarantine is None


def test_a_wallets_words_are_taken_out_together() -> None:
    words = "acid album apart armor banner bargain basket beauty bicycle blanket bronze breeze"

    assert redacted(f"My seed phrase: {words}.", Screening()) == (
        "My seed phrase: [REDACTED:seed-phrase]."
    )


@pytest.mark.parametrize(
    "text",
    [
        "I forgot my password again, how do I reset it?",
        "The password must be at least 12 characters long.",
        "password = getpass.getpass()",
        'token = os.environ["API_TOKEN"]',
        "api_key: ${API_KEY}",
        "API_KEY=your-api-key-here",
        "Authorization: Bearer <token>",
        "postgres://user:password@localhost/db",
        "Use a password manager such as 1Password to store it.",
        "**Password Protection**: many devices have it.",
        "commit 2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "max_tokens=4096, temperature=0.2",
        "-----BEGIN CERTIFICATE-----",
        "The header reads -----BEGIN PRIVATE KEY----- and nothing else.",
        "Your key starts with sk- and must be kept private.",
        "The secret to good bread is time.",
        "The token count of orion-4-mini-2026-02-11 was 1,204.",
        "Password reset for guest07, ticket INC0048213",
        "The link that resets a password was sent to guest07.",
        "The password to server12 is lost",
        "password_algo uses scrypt2",
        "password=hashed_password",
        "user.password = make_password(raw_password1)",
        "password: process.env.DB_PASSWORD_2,",
        "passwordError.text = 'Password cannot be empty.'",
        "token = jwt.sign({ id: user.id }, KEY_2)",
        "The key of ticket PROJ-10482 is who pays.",
        "The primary key is 8f14e45fceea167a5a36dedd4bea2543",
        "chatcmpl-" + body(ALNUM, 29),
        "run_" + body(ALNUM, 24) + " and call_" + body(ALNUM, 24),
        "session 2026-03-14T10:30 in room B12",
        "Backup codes are reviewed on 2026-03-14.",
        "PIN codes have 4 to 6 digits.",
        "if (password !== confirm2) return;",
        "while passwords[i] == other2:",
        "The password policy is ISO27001.",
        "パスワードはRFC8265に従う",
        "aws_access_key_id = AKIAIOSFODNN7" + "EXAMPLE",
        "비밀번호 정책은 ISO27001을 따른다",
        "The session key of the row is 550e8400-e29b-41d4-a716-446655440000",
        "curl -u $USER:$PASSWORD https://a.test",
        "echo $PASSWORD | sudo -S ls",
        "docker login -u ann -p <password> r.test",
        "Your password will then have been sent",
        "sha512-" + body(ALNUM, 86) + "==",
        "La parola è Covid19, non influenza.",
        "Le parole sono GPT4 e word2vec.",
        "Prise de parole : COP28Dubai",
        "The password on iPhone15 was reset.",
        "Şifrə Windows11-də dəyişdirilir.",
        "Şifrəniz %(verbose_name)s ilə çox bənzərdir.",
        "Sandi is at gate B12north and waits.",
        "PIN kodu 4 haneli olmalı",
        "Pin the notes to board 2024.",
        "Kunci jawaban UN 2019 paket A1B2",
        "Anahtar kelime: derin-ogrenme-2024",
        "Klucz obcy user_id w tabeli orders",
        "Khóa cửa số 302-B15",
        "مفتاح سيارة تويوتا 2019",
        "कुंजी शब्द: सूर्य",
        "رمز المرور يجب أن يكون 12 حرفا",
        "Flaxseeds\n1. Carrot sticks\n2. Rice cakes\n3. Oat bread\n4. Lentil soup",
        "https://api.example.com/v1/items/token-usage/2026",
    ],
)
def test_what_only_speaks_of_secrets_is_left_alone(text: str) -> None:
    assert redacted(text, Screening()) == text


@settings(deadline=None)
@given(
    before=st.text(st.characters(codec="utf-8"), max_size=40),
    after=st.text(st.characters(codec="utf-8"), max_size=40),
    secret=st.sampled_from(sorted(BY_FORM.values())),
)
def test_a_planted_secret_never_comes_through(before: str, after: str, secret: str) -> None:
    kept = redacted(f"{before} {secret} {after}", Screening())

    assert secret not in kept


@settings(deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=200))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    policy = Screening(personal_data="redact")
    once = redacted(text, policy)

    assert redacted(once, policy) == once


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                *BY_FORM.values(),
                *("password: ", "token=", "://a:", "@", " ", "x1", "a@mail.test"),
                *("[REDACTED:jwt]", "[REDACTED:", "]"),
            ]
        ),
        max_size=12,
    )
)
def test_redacting_twice_changes_nothing_more_among_secrets(parts: list[str]) -> None:
    policy = Screening(personal_data="redact")
    once = redacted("".join(parts), policy)

    assert redacted(once, policy) == once


@pytest.mark.parametrize("disguise", ["\u200b", "\u2060", "\ufeff", "\u00ad"])
def test_invisible_characters_hide_no_secret(disguise: str) -> None:
    secret = BY_FORM["github-token"]
    hidden = disguise.join(secret)

    assert redacted(f"Use {hidden} today.", Screening()) == "Use [REDACTED:github-token] today."


def test_full_width_letters_hide_no_secret() -> None:
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in BY_FORM["aws-access-key"])

    assert redacted(f"是{wide}。", Screening()) == "是[REDACTED:aws-access-key]。"


def test_a_key_of_a_known_format_may_begin_a_text() -> None:
    key = "bkua_" + chance(HEX, 40)

    assert [one.start for one in of_known_format(key, key)] == [0]


def test_a_key_that_is_longer_than_its_format_goes_whole() -> None:
    drawn = random.Random(1).choices(string.ascii_letters + string.digits, k=46)
    key = f"npm_{''.join(drawn[:36])}-_x{''.join(drawn[36:])}"
    text = f"It is {key}, says Ann."

    longest = max(one.end for one in credentials(text))

    assert text[longest:] == ", says Ann."
