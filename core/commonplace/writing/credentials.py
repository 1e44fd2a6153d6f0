"""Secrets told by their own form: keys and tokens of providers, private keys, JSON web tokens.

Each form is a literal that any text with such a secret contains, and a pattern tried only then.
Patterns are linear: what may repeat is bounded, or cannot start within itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from commonplace.writing.findings import Finding, matches
from commonplace.writing.formats import of_known_format
from commonplace.writing.prefixes import by_prefix
from commonplace.writing.randomness import is_random

_START = r"(?<![A-Za-z0-9])"
_SHORTEST = 14
_EXAMPLE = "EXAMPLE"  # so providers mark the keys in their documentation, which open nothing
# What stands behind an id of a key, parted from it by signs alone.
_PARTNER = re.compile(r"[\s:/|,;\"'=()\[\]{}]{1,12}([A-Za-z0-9/+_=-]{24,})")

# type, what a text must contain one of, pattern
_FORMS = (
    ("aws-access-key", "AKIA ASIA ABIA ACCA", r"A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16,}"),
    ("google-api-key", "AIza", r"AIza[\w-]{35,}"),
    ("google-oauth-secret", "GOCSPX-", r"GOCSPX-[\w-]{20,}"),
    ("google-oauth-token", "ya29.", r"ya29\.[\w-]{20,}"),
    ("github-token", "ghp_ gho_ ghu_ ghs_ ghr_", r"gh[pousr]_[A-Za-z0-9]{36,}"),
    ("github-token", "github_pat_", r"github_pat_\w{22,}"),
    ("gitlab-token", "glpat- gldt- glft- glsoat- glrt- glcbt- glptt-", r"gl[a-z]{2,4}-[\w-]{20,}"),
    ("anthropic-key", "sk-ant-", r"sk-ant-[\w-]{20,}"),
    ("openrouter-key", "sk-or-", r"sk-or-[\w-]{20,}"),
    ("openai-key", "sk-", r"sk-(?!ant-|or-)(?=[A-Za-z_-]{0,60}\d)[\w-]{20,}"),
    ("huggingface-token", "hf_", r"hf_[A-Za-z0-9]{30,}"),
    ("groq-key", "gsk_", r"gsk_[A-Za-z0-9]{40,}"),
    ("xai-key", "xai-", r"xai-[A-Za-z0-9]{60,}"),
    ("perplexity-key", "pplx-", r"pplx-[A-Za-z0-9]{40,}"),
    ("replicate-token", "r8_", r"r8_[A-Za-z0-9]{37,}"),
    ("langsmith-key", "lsv2_", r"lsv2_(?:pt|sk)_[A-Za-z0-9_]{32,}"),
    ("pinecone-key", "pcsk_", r"pcsk_\w{40,}"),
    ("tavily-key", "tvly-", r"tvly-[\w-]{20,}"),
    ("slack-webhook", "hooks.slack.com/", r"https://hooks\.slack\.com/\w{1,20}/[\w/-]{20,}"),
    ("slack-token", "xox", r"xox[abeoprs]-(?=[A-Za-z-]{0,80}\d)[A-Za-z0-9-]{10,}"),
    ("slack-token", "xapp-", r"xapp-\d-[A-Za-z0-9-]{20,}"),
    ("discord-webhook", "/api/webhooks/", r"https://[\w.]{0,20}/api/webhooks/\d{5,25}/[\w-]{20,}"),
    ("discord-token", ".", r"[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}"),
    ("telegram-token", ":AA", r"\d{8,10}:AA[\w-]{32,}"),
    ("stripe-key", "_live_", r"[sr]k_live_[A-Za-z0-9]{10,}"),
    ("stripe-key", "_test_", r"[sr]k_test_[A-Za-z0-9]{10,}"),
    ("stripe-key", "whsec_", r"whsec_[A-Za-z0-9+/=]{24,}"),
    ("square-token", "sq0", r"sq0(?:csp|atp|idp)-[\w-]{22,}"),
    ("sendgrid-key", "SG.", r"SG\.[\w-]{16,32}\.[\w-]{32,}"),
    ("mailgun-key", "key-", r"key-[0-9a-f]{32}(?![0-9a-z])"),
    ("mailchimp-key", "-us", r"[0-9a-f]{32}-us\d{1,2}(?![0-9a-z])"),
    ("twilio-key", "SK", r"SK[0-9a-f]{32}(?![0-9a-z])"),
    ("shopify-token", "shp", r"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32,}"),
    ("digitalocean-token", "_v1_", r"do[opr]_v1_[a-f0-9]{64,}"),
    ("databricks-token", "dapi", r"dapi[0-9a-f]{32}(?:-\d)?(?![0-9a-z])"),
    ("npm-token", "npm_", r"npm_[A-Za-z0-9]{36,}"),
    ("pypi-token", "pypi-", r"pypi-AgE[\w-]{50,}"),
    ("rubygems-key", "rubygems_", r"rubygems_[a-f0-9]{48,}"),
    ("docker-token", "dckr_", r"dckr_[po]at_[\w-]{27,}"),
    ("vault-token", "hvs. hvb. hvr.", r"hv[sbr]\.[\w-]{24,}"),
    ("terraform-token", ".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}"),
    ("tailscale-key", "tskey-", r"tskey-[\w-]{20,}"),
    ("atlassian-token", "ATATT3", r"ATATT3[\w=-]{50,}"),
    ("linear-key", "lin_api_", r"lin_api_[A-Za-z0-9]{40,}"),
    ("notion-token", "ntn_", r"ntn_[A-Za-z0-9]{40,}"),
    ("figma-token", "figd_", r"figd_[\w-]{40,}"),
    ("postman-key", "PMAK-", r"PMAK-[a-f0-9]{24}-[a-f0-9]{34,}"),
    ("grafana-token", "glsa_ glc_", r"gl(?:sa|c)_[\w+/=]{32,}"),
    ("newrelic-key", "NRAK-", r"NRAK-[A-Z0-9]{27,}"),
    ("sentry-token", "sntry", r"sntry[su]_[\w+/=-]{40,}"),
    ("supabase-token", "sbp_", r"sbp_[a-f0-9]{40,}"),
    ("airtable-token", "pat", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64,}"),
    ("firecrawl-key", "fc-", r"fc-[a-f0-9]{32}(?![0-9a-z])"),
    ("heroku-key", "HRKU-", r"HRKU-[\w-]{30,}"),
    ("artifactory-key", "AKCp", r"AKCp[A-Za-z0-9]{65,}"),
    ("private-key", "AGE-SECRET-KEY-1", r"AGE-SECRET-KEY-1[A-Z0-9]{50,}"),
    ("private-key", "Private-Lines:", r"Private-Lines: ?\d{1,4}\s{1,4}([A-Za-z0-9+/=\s]{32,})"),
    ("azure-storage-key", "AccountKey=", r"AccountKey=([A-Za-z0-9+/]{40,}={0,2})"),
    ("azure-storage-key", "AccessKey=", r"SharedAccessKey=([A-Za-z0-9+/]{40,}={0,2})"),
    ("azure-signature", "sig=", r"sig=([A-Za-z0-9%+/]{40,}={0,2})"),
    ("alibaba-access-key", "LTAI", r"LTAI[A-Za-z0-9]{12,}"),
    ("fly-token", "fm2_", r"(?:FlyV1 )(fm\d_[\w+/=,-]{40,})"),
    ("jwt", "eyJ", r"(?<![\w.-])eyJ[\w-]{8,}(?:\.{1,2}[\w-]{1,}){1,4}"),
)  # fmt: skip

_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
# A body cut short: its lines, whether broken as such or written with \n.
_BODY = re.compile(r"(?:(?:\s|\\[nr]|[\"'+,]){0,12}[A-Za-z0-9+/=]{16,}){1,2000}")
_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+])[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])")
_CONTEXT = 80


@lru_cache(maxsize=1)
def _forms() -> tuple[tuple[str, tuple[str, re.Pattern[str]]], ...]:
    return tuple(
        (sign, form)
        for type, signs, pattern in _FORMS
        for form in [(type, re.compile(_START + pattern, re.ASCII))]
        for sign in signs.split()
    )


def credentials(text: str) -> Iterator[Finding]:
    """Yield the secrets in a text that are told by their own form."""
    if "PRIVATE KEY" in text:
        yield from _private_keys(text)
    words = [word for word in text.split() if len(word) >= _SHORTEST]
    if not words:
        return
    long = " ".join(words)
    found = [
        *_of_own_forms(text, long),
        *of_known_format(text, long),
        *(by_prefix(text) if "-" in long or "_" in long else ()),
        *(_aws_secrets(text) if "aws" in text or "AWS" in text or "ccess" in text else ()),
    ]
    found = [one for one in found if _EXAMPLE not in text[one.start : one.end]]
    yield from found
    yield from _partners(text, found)


def _of_own_forms(text: str, long: str) -> Iterator[Finding]:
    present = [form for sign, form in _forms() if sign in long]
    for type, pattern in dict.fromkeys(present):
        yield from matches(type, pattern, text)


def _partners(text: str, found: list[Finding]) -> Iterator[Finding]:
    """Yield what stands right behind a key or its id, as the secret of the pair."""
    for one in found:
        partner = _PARTNER.match(text, one.end)
        if partner and is_random(partner[1], least=20):
            yield Finding(*partner.span(1), "api-key")


def _private_keys(text: str) -> Iterator[Finding]:
    at = 0
    while begin := _BEGIN.search(text, at):
        end = _END.search(text, begin.end())
        body = _BODY.match(text, begin.end())
        at = end.end() if end else body.end() if body else begin.end()
        if end or body:
            yield Finding(begin.start(), at, "private-key")


def _aws_secrets(text: str) -> Iterator[Finding]:
    for match in _AWS_SECRET.finditer(text):
        before = text[max(0, match.start() - _CONTEXT) : match.start()].lower()
        if "secret" in before and ("aws" in before or "access" in before):
            yield Finding(match.start(), match.end(), "aws-secret-key")
