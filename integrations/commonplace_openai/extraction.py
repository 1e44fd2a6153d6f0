"""An OpenAI client as what `Memory.observe` asks."""

from __future__ import annotations

from typing import Any

from commonplace.writing.extraction import Extractor

_JSON = {"type": "json_object"}
_REFUSED = (400, 404, 422)


def extractor(client: Any, model: str) -> Extractor:
    """Return a model of an OpenAI client for ``memory.observe(messages, extractor=...)``.

    It asks for JSON with ``response_format``. If the server refuses that, it asks in words from
    then on. Errors of the client pass through.

    Args:
        client: An ``openai.OpenAI()``, or a client of its form, not asynchronous.
        model: The name of the model.

    >>> from types import SimpleNamespace
    >>> class Completions:
    ...     def create(self, **request):
    ...         message = SimpleNamespace(content='{"operations": []}')
    ...         return SimpleNamespace(choices=[SimpleNamespace(message=message)])
    >>> openai = SimpleNamespace(chat=SimpleNamespace(completions=Completions()))
    >>> extractor(openai, "gpt-5-mini")("What is new?")
    '{"operations": []}'
    """
    offers: dict[str, Any] = {"response_format": _JSON}

    def asked(prompt: str) -> str:
        messages = [{"role": "user", "content": prompt}]
        completion = client.chat.completions.create(model=model, messages=messages, **offers)
        return str(completion.choices[0].message.content or "")

    def extract(prompt: str) -> str:
        try:
            return asked(prompt)
        except Exception as error:
            if not offers or getattr(error, "status_code", None) not in _REFUSED:
                raise
        offers.clear()
        return asked(prompt)

    return extract
