"""Phrases that no letter may have, found in the wordings that a firm writes itself, and in none of ours."""

import pytest

from dunning_core.prohibitions import PROHIBITIONS, objections
from dunning_core.render import Templates


def found(language, text, *, channels=("email",), country="PL", register=False, name="final_demand"):
    texts = {f"{language}/{name}.j2": text}
    return [
        (one.problem.where, one.problem.value)
        for one in objections(texts, channels=channels, country=country, register=register)
    ]


PHRASES = [
    ("threat", "en", "we shall inform the Police"),
    ("threat", "en", "you may go to prison"),
    ("threat", "ro", "vom depune o plângere penală"),
    ("threat", "es", "presentaremos una denuncia"),
    ("threat", "pl", "zawiadomimy prokuraturę"),
    ("threat", "pl", "trafią Państwo na czarną listę"),
    ("threat", "hu", "rendőrségi feljelentést teszünk"),
    ("court", "en", "the bailiff will come"),
    ("court", "ro", "se va trece la executare silită"),
    ("court", "es", "procederemos al embargo"),
    ("court", "pl", "sprawa trafi do komornika"),
    ("court", "hu", "végrehajtást kérünk"),
    ("register", "en", "we inform the credit bureau"),
    ("register", "ro", "raportăm la biroul de credit"),
    ("register", "es", "le incluiremos en ASNEF"),
    ("register", "pl", "wpis do KRD"),
    ("register", "hu", "bejegyezzük a KHR-be"),
    ("fee", "en", "a reminder fee of 10 EUR"),
    ("fee", "ro", "o taxă de notificare"),
    ("fee", "es", "gastos de reclamación de 20 EUR"),
    ("fee", "pl", "opłata za wezwanie"),
    ("fee", "hu", "felszólítási díjat számítunk fel"),
    ("charges", "en", "with interest of 14 %"),
    ("charges", "ro", "cu dobândă"),
    ("charges", "es", "más intereses de demora"),
    ("charges", "pl", "wraz z odsetkami"),
    ("charges", "hu", "késedelmi kamattal"),
    ("imitation", "pl", "zgodnie z KSeF"),
]


@pytest.mark.parametrize(("rule", "language", "text"), PHRASES)
def test_a_phrase_is_found_where_it_stands(rule, language, text):
    written = f"a\n{text}\n"
    [(where, value), *_] = found(language, written)
    assert where == f"{language}/final_demand.j2:2"
    assert value.casefold() in text.casefold()
    [named] = [prohibition for prohibition in PROHIBITIONS if prohibition.name == rule]
    assert named.patterns[language].search(text)


@pytest.mark.parametrize("language", ["en", "ro", "es", "pl", "hu"])
def test_each_rule_knows_each_language(language):
    assert all(language in prohibition.phrases for prohibition in PROHIBITIONS)


@pytest.mark.parametrize(
    "name", sorted(name for name in Templates.stock().texts if "/" in name and "words" not in name)
)
def test_our_own_wordings_have_none(name):
    text = Templates.stock().texts[name]
    assert list(objections({name: text}, channels=("email", "sms"), country="ES", register=True)) == []


def test_a_somatie_is_one_only_where_its_receipt_is_proved():
    text = "{% block title %}Somație de plată{% endblock %}"
    assert found("ro", text, country="RO") == [("ro/final_demand.j2:1", "Somați")]
    assert found("ro", text, country="RO", channels=("letter",)) == []
    assert found("ro", text, country="RO", channels=("letter", "email")) != []


def test_a_register_may_be_named_by_who_may_announce_it():
    assert found("pl", "wpis do KRD", register=True) == []


def test_a_spanish_final_demand_proposes_to_negotiate():
    assert found("es", "Pague.", country="ES") == [("es/final_demand.j2", "")]
    assert found("es", "Pague.", country="RO") == found("es", "Pague.", country="ES", name="notice") == []
    assert found("es", "Negociamos durante 30 días.", country="ES") == []
    assert found("es", "negociar", country="ES") != []


def test_a_language_that_is_not_known_is_not_read():
    assert found("de", "Polizei police") == []
