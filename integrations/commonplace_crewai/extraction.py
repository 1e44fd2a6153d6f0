"""A CrewAI language model as what `Memory.observe` asks."""

from __future__ import annotations

from crewai.llms.base_llm import BaseLLM

from commonplace.writing.extraction import Extractor


def extractor(llm: BaseLLM) -> Extractor:
    """Return `llm` for ``memory.observe(messages, extractor=...)``. Its errors pass through.

    >>> class Scripted(BaseLLM):
    ...     def call(self, messages, *args, **options):
    ...         return '{"operations": []}'
    >>> extractor(Scripted(model="scripted"))("What is new?")
    '{"operations": []}'
    """

    def extract(prompt: str) -> str:
        return str(llm.call([{"role": "user", "content": prompt}]))

    return extract
