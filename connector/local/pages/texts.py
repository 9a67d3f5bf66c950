"""The sentences of the pages in both languages, by key; the sentences of states, codes and notes are `local.words`'.

Each subject has its own pair of modules, named in `_MODULES`; a key stands in one of them only.
"""

from collections.abc import Mapping
from types import MappingProxyType, ModuleType
from typing import Final

from connector.local.pages import (
    texts_checks_en,
    texts_checks_fr,
    texts_en,
    texts_fetch_en,
    texts_fetch_fr,
    texts_fr,
    texts_house_en,
    texts_house_fr,
    texts_sign_in_en,
    texts_sign_in_fr,
)
from connector.local.words import Language

_MODULES: Final[Mapping[Language, tuple[ModuleType, ...]]] = {
    Language.FR: (texts_fr, texts_checks_fr, texts_fetch_fr, texts_house_fr, texts_sign_in_fr),
    Language.EN: (texts_en, texts_checks_en, texts_fetch_en, texts_house_en, texts_sign_in_en),
}


def _joined(modules: tuple[ModuleType, ...]) -> Mapping[str, str]:
    joined: dict[str, str] = {}
    for module in modules:
        if twice := joined.keys() & module.TEXTS.keys():
            msg = f"texts of pages: {', '.join(sorted(twice))} stand in two modules"
            raise ValueError(msg)
        joined |= module.TEXTS
    return MappingProxyType(joined)


TEXTS: Final[Mapping[Language, Mapping[str, str]]] = {
    language: _joined(modules) for language, modules in _MODULES.items()
}


def text(language: Language, key: str, **values: object) -> str:
    """Give a sentence with its values put in.

    Raises:
        KeyError: there is no such sentence; tests render every page in both languages.
    """
    form = TEXTS[language][key]
    return form.format(**values) if values else form
