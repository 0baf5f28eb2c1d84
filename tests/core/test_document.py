from dunning_core.document import Document


def test_a_letters_name_is_half_its_key_and_the_attempt():
    document = Document("0123456789abcdef" * 4, "łódź", "pl", 1, "notice", "Przypomnienie", "…")
    assert document.letter == "0123456789abcdef0123456789abcdef.1"
    again = Document("0123456789abcdef" * 4, "łódź", "pl", 1, "notice", "Przypomnienie", "…", attempt=2)
    assert again.letter == "0123456789abcdef0123456789abcdef.2"
