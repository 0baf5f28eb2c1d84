"""Letters as PDF: everything in the text layer, the same bytes again, nothing from outside, whoever prints."""

import io
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from pypdf import PdfReader

from dunning_adapters.demo.gallery import CHARGING, CREDITORS, CUSTOMERS, LONG_NAMES, charged, specimen
from dunning_adapters.pdf import LARGEST_LOGO, PrintSettings, printer
from dunning_core.document import Document
from dunning_core.errors import ConfigError, MissingExtra, RenderError

ENGINES = ["html", "fast"]
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="  # one dot


@pytest.fixture(scope="module", params=ENGINES)
def press(request):
    return printer(PrintSettings(engine=request.param), Path())


@pytest.fixture(scope="module")
def web():
    return printer(PrintSettings(), Path())


@pytest.fixture(scope="module")
def fast():
    return printer(PrintSettings(engine="fast"), Path())


def pages(printed):
    """The text of each page, with single spaces."""
    read = PdfReader(io.BytesIO(printed.content))
    return [" ".join(page.extract_text().split()) for page in read.pages]


@pytest.mark.parametrize("language", CREDITORS)
def test_all_that_the_letter_says_is_in_the_text_layer(press, language):
    document = specimen(language, "final_demand", 6)
    printed = press(document)
    text = " ".join(pages(printed))
    data = document.data
    said = [data["title"], data["salutation"], data["place_and_date"], data["reference"], data["contact"]["line"]]
    said += [data["creditor"]["name"], *data["creditor"]["lines"], data["customer"]["name"], *data["customer"]["lines"]]
    said += [*data["opening"], *data["closing"], data["payments_as_of"], data["words"]["privacy"]]
    for section in data["sections"]:
        said += [
            section["total"],
            section["subtotal"],
            section["listed_total"],
            *(f["value"] for f in section["payment"]),
        ]
        for item in (*section["items"], *section["listed"]):
            said += [item["number"], item["issued"], item["due"], item["outstanding"]]
    packed = "".join(text.split())
    assert [each for each in said if "".join(each.split()) not in packed] == []
    assert printed.pages == len(PdfReader(io.BytesIO(printed.content)).pages) == 2


@pytest.mark.parametrize("name", [None, LONG_NAMES])
@pytest.mark.parametrize("language", sorted(set(CREDITORS) - {"es"}))  # Spanish law wants five lines more
def test_a_final_demand_for_one_invoice_takes_one_sheet(press, language, name):
    document = specimen(language, "final_demand", 1, **({} if name is None else {"name": name[language]}))
    assert press(document).pages == 1


@pytest.mark.parametrize("language", CHARGING)
def test_interest_is_stated_row_by_row_and_no_cell_of_it_is_broken(press, language):
    document = charged(language, 6)
    lines = [
        " ".join(line.split())
        for page in PdfReader(io.BytesIO(press(document).content)).pages
        for line in page.extract_text().splitlines()
    ]
    text = " ".join(" ".join(lines).split())
    rows = [row for section in document.data["sections"] if section["interest"] for row in section["interest"]["rows"]]
    assert len(rows) >= 4
    for row in rows:
        assert sum(row["number"] in line for line in lines) >= 2, "in the list of items and in the statement"
        cells = (row["principal"], row["since"], row["until"], row["days"], row["percent"], row["amount"])
        assert " ".join(" ".join(cells).split()) in text
    for section in document.data["sections"]:
        assert all(" ".join(note.split()) in text for note in section["notes"])


@pytest.mark.parametrize("level", ["courtesy", "demand"])
def test_the_same_letter_is_the_same_bytes_from_any_printer(press, level):
    document = specimen("hu", level, 1)
    again = printer(PrintSettings(engine="fast" if type(press).__name__ == "Typesetter" else "html"), Path())
    assert press(document) == press(document) == again(document)


def test_it_is_tagged_has_its_language_its_title_and_its_fonts_in_it(press):
    read = PdfReader(io.BytesIO(press(specimen("ro", "demand", 6)).content))
    root = read.trailer["/Root"]
    assert root["/Lang"].lower().startswith("ro")
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert read.metadata.title == specimen("ro", "demand", 6).subject
    assert b"pdfuaid" in root["/Metadata"].get_data()
    width, height = read.pages[0].mediabox[2:]
    assert (round(width), round(height)) == (595, 842)
    fonts = {font.get_object()["/BaseFont"] for page in read.pages for font in page["/Resources"]["/Font"].values()}
    for page in read.pages:
        for font in page["/Resources"]["/Font"].values():
            inner = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            assert {"/FontFile2", "/FontFile3"} & inner.keys()
    assert len(fonts) == 2


def test_nothing_about_a_debt_is_in_the_metadata_of_a_consumers_letter(press, monkeypatch):
    from dunning_core.ledger import CustomerKind

    person = replace(CUSTOMERS["ro"], kind=CustomerKind.CONSUMER, tax_id="")
    monkeypatch.setitem(CUSTOMERS, "ro", person)
    read = PdfReader(io.BytesIO(press(specimen("ro", "demand", 1)).content))
    assert read.metadata.title.startswith("Informare privind contul dumneavoastră")
    assert set(read.metadata) <= {"/Title", "/Producer", "/Creator", "/CreationDate", "/ModDate"}


@pytest.mark.parametrize("items", [14, 16, 18, 20, 22])
def test_sums_are_never_parted_from_the_last_row(press, items):
    document = specimen("en", "demand", 60)
    section = document.data["sections"][1]
    rows = section["items"][:items]
    html = document.html
    for row in section["items"][items:]:
        start = html.index(f'<tr>\n<td data-label="Document"><b>{row["number"]}</b>')
        html = html[:start] + html[html.index("</tr>\n", start) + len("</tr>\n") :]
    foreign = document.data["sections"][0]
    start = html.index('<p class="quiet small heading"')
    html = html[:start] + html[html.index('<p class="quiet small heading"', start + 1) :]
    data = {**document.data, "sections": ({**section, "items": rows},)}
    assert foreign["currency"] != section["currency"]
    found = pages(press(replace(document, html=html, data=data)))
    for page in found:
        if "Subtotal" in page:
            assert rows[-1]["number"] in page
    numbers = [row["number"] for row in rows]
    for page in found:
        if any(number in page for number in numbers[:-1]):
            assert "Days late" in page  # the head is repeated


@pytest.mark.parametrize(
    ("language", "last"), [("en", "Page {0} of {0}"), ("pl", "Strona {0} z {0}"), ("hu", "{0}/{0}. oldal")]
)
def test_pages_are_numbered_in_the_words_of_the_letter(press, language, last):
    document = specimen(language, "demand", 60)
    printed = press(document)
    found = pages(printed)
    assert printed.pages == len(found) > 2
    assert last.format(len(found)) in found[-1]
    for page in found[1:]:
        assert document.data["reference"] in page
        assert document.data["creditor"]["name"] in page


def test_a_long_name_stays_on_the_letter_and_in_the_window(press):
    for language in CREDITORS:
        document = specimen(language, "demand", 1, name=LONG_NAMES[language])
        said = "".join(pages(press(document))[0].split()).replace("--", "-")  # Polish repeats a hyphen in the next line
        assert "".join(document.data["customer"]["name"].split()) in said


def places(printed, text):
    """Where on the first page a piece of text begins, in millimetres from the upper left corner."""
    found = []

    def visit(piece, matrix, text_matrix, *_):
        if text in piece:
            x = text_matrix[4] * matrix[0] + matrix[4]
            y = text_matrix[5] * matrix[3] + matrix[5]
            found.append((x / 72 * 25.4, 297 - y / 72 * 25.4))

    PdfReader(io.BytesIO(printed.content)).pages[0].extract_text(visitor_text=visit)
    return found


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("window", "left", "right"), [("left", 20, 110), ("right", 110, 200)])
def test_the_address_lies_in_the_window(engine, window, left, right):
    made = printer(PrintSettings(engine=engine, window=window), Path())(specimen("ro", "demand", 1))
    for line in ("Piața Mare", "550163"):
        [(x, y)] = places(made, line)
        assert left + 4 < x < right
        assert 46 < y < 90
    assert all(
        y > 92 or y < 46 or not left < x < right for x, y in places(made, "RO22446688")
    )  # for the addressee alone


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["logo.png", "logo.svg"])
def test_a_logo_stands_in_the_letterhead(engine, name, tmp_path):
    import base64

    svg = SVG.format("<rect width='9' height='9' fill='red'/>").encode()
    (tmp_path / name).write_bytes(svg if name.endswith("svg") else base64.b64decode(PIXEL))
    without = printer(PrintSettings(engine=engine), tmp_path)(specimen("en", "notice", 1))
    made = printer(PrintSettings(engine=engine, logo=Path(name)), tmp_path)(specimen("en", "notice", 1))
    assert made.content != without.content
    assert pages(made)[0] == pages(without)[0]


def test_a_logo_that_cannot_be_had_is_told(tmp_path):
    (tmp_path / "large.png").write_bytes(bytes(LARGEST_LOGO + 1))
    for name, said in (("a.gif", "is no picture"), ("absent.png", "No such file"), ("large.png", "larger than 512 KB")):
        with pytest.raises(ConfigError, match=said):
            printer(PrintSettings(logo=Path(name)), tmp_path)


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(MissingExtra, match=r"pip install 'dunning\[pdf\]'"):
        printer(PrintSettings(), Path())
    monkeypatch.setitem(sys.modules, "typst", None)
    with pytest.raises(MissingExtra, match=r"pip install 'dunning\[pdf-fast\]'"):
        printer(PrintSettings(engine="fast"), Path())


def test_libraries_that_the_system_lacks_are_named(monkeypatch):
    class Lacking:
        def find_spec(self, name, *_):
            if name == "weasyprint":
                message = "cannot load library 'libpango-1.0-0': no such file\nand more"
                raise OSError(message)

    for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Lacking(), *sys.meta_path])
    with pytest.raises(ConfigError, match=r"libpango-1\.0-0': no such file \(apt install libpango"):
        printer(PrintSettings(), Path())


BARE = Document(
    key="ab12" * 16, customer="C", language="en", level=1, level_name="notice", subject="S", text="t",
    on=date(2026, 1, 2),
)  # fmt: skip


@pytest.mark.parametrize("html", ["", "<p>\ud800</p>"])
def test_what_is_no_page_is_refused(web, html):
    with pytest.raises(RenderError):
        web(replace(BARE, html=html))


def test_what_was_not_rendered_here_cannot_be_set(fast):
    with pytest.raises(RenderError, match="not rendered from particulars"):
        fast(replace(BARE, html="<p>Yes</p>"))


# -- nothing from outside

WATCHED: list[str] = []
WATCHING = []


def _watch(event, args):
    if WATCHING and (event.startswith(("socket.", "urllib.", "subprocess.", "os.exec")) or event == "open"):
        said = f"{event} {args!r}"
        if event != "open" or "canary" in said or "passwd" in said:
            WATCHED.append(said)


@pytest.fixture(scope="module", autouse=True)
def _watchman():
    sys.addaudithook(_watch)


@pytest.fixture
def canary(tmp_path):
    """A file that must not be looked at."""
    return tmp_path / "canary.css"


@pytest.fixture
def watched(canary):
    """What was opened or asked for while the test ran."""
    canary.write_text("p::after { content: 'CANARY' }")
    WATCHED.clear()
    WATCHING.append(True)
    yield WATCHED
    WATCHING.clear()


URLS = [
    "file:///etc/passwd", "file://localhost/etc/passwd", "FILE:///etc/passwd", "file:/etc/passwd", "{canary}",
    "http://169.254.169.254/latest/meta-data/", "https://example.invalid/x", "http://[::1]:80/", "ftp://example.invalid/x",
    "//example.invalid/x", "/etc/passwd", "../../../etc/passwd", "gopher://example.invalid/",
    "jar:file:///etc/passwd!/x",
    "data:text/html,<script>1</script>", "data:text/css,@import'file:///etc/passwd'",
    "data:application/pdf;base64,JVBERi0=",
    "view-source:file:///etc/passwd", "\\\\example.invalid\\share\\x", "dunning:../print.css", "cid:absent",
]  # fmt: skip
SVG = "<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='9' height='9'>{}</svg>"
FRAMES = [
    "<link rel=attachment href='{url}'>", "<link rel=stylesheet href='{url}'>", "<style>@import url('{url}');</style>",
    "<img src='{url}'>", "<p style=\"background:url('{url}')\">x</p>", "<object data='{url}'></object>",
    "<embed src='{url}'>", "<iframe src='{url}'></iframe>", "<a rel=attachment href='{url}'>x</a>",
    "<style>@font-face{{font-family:x;src:url('{url}')}} p{{font-family:x}}</style>",
    "<base href='{url}'><img src='x.png'>",
    SVG.format("<image href='{url}' width='9' height='9'/>"), SVG.format("<use xlink:href='{url}#a'/>"),
    "<ul><li style=\"list-style-image:url('{url}')\">x</ul>", "<p style=\"content:url('{url}')\">x</p>",
    "<style>@page{{background:url('{url}')}}</style>", "<meta http-equiv=refresh content='0;url={url}'>",
]  # fmt: skip
PAYLOADS = [(frame, url) for number, frame in enumerate(FRAMES) for url in URLS[number % 3 :: 3]]


@pytest.mark.parametrize(("frame", "url"), PAYLOADS)
def test_a_layout_loads_nothing(web, watched, canary, frame, url):
    payload = frame.format(url=url.format(canary=canary.as_uri()))
    made = None
    with suppress(RenderError):
        made = web(replace(BARE, html=f"<html lang=en><title>t</title>{payload}<p>Hello</p>"))
    if made is not None:
        read = PdfReader(io.BytesIO(made.content))
        assert not read.attachments
        assert "Hello" in pages(made)[0]
        assert "CANARY" not in pages(made)[0]
    assert watched == []


def test_there_are_payloads_enough():
    assert len(PAYLOADS) >= 60


def test_a_picture_within_the_page_is_shown(web):
    def shown(picture):
        return (
            PdfReader(io.BytesIO(web(replace(BARE, html=f"<html lang=en><p>Hello{picture}")).content)).pages[0].images
        )

    assert len(shown(f"<img alt='' src='data:image/png;base64,{PIXEL}'>")) == 1
    assert len(shown("")) == 0


@pytest.mark.parametrize(
    "evil",
    [
        "<link rel=attachment href=file:///etc/passwd>", "<img src=http://169.254.169.254/>",
        "</td></table><h1>Paid</h1>",
        '#read("/etc/passwd")', '#import "@preview/x:0.1.0"', '#include "letter.typ"', "*bold* _it_ = Head $x^2$ `raw`",
        "#sys.inputs.letter", "]#panic()[", "\\u{1F600} // comment /* x */", "{{ 7*7 }} {% raw %}",
        "@reference <label>",
        '"#eval("1+1")"', "https://example.invalid/x",
    ],
)  # fmt: skip
def test_what_the_books_say_is_only_text(press, watched, monkeypatch, evil):
    monkeypatch.setitem(CUSTOMERS, "en", replace(CUSTOMERS["en"], name=evil))
    made = press(specimen("en", "notice", 1))
    assert "".join(evil.split()) in "".join(pages(made)[0].split())
    assert watched == []
    assert not PdfReader(io.BytesIO(made.content)).attachments


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="pdftoppm, which draws pages, is not installed")
@pytest.mark.parametrize("language", ["ro", "es", "pl", "hu"])
def test_payment_codes_can_be_scanned_from_the_page(press, tmp_path, language):
    import zxingcpp
    from PIL import Image

    document = specimen(language, "demand", 6)
    (tmp_path / "letter.pdf").write_bytes(press(document).content)
    command = ["pdftoppm", "-r", "150", "-png", "-q", "letter.pdf", "page"]
    subprocess.run(command, check=True, cwd=tmp_path)  # noqa: S603 - our own file
    found = [code.text for path in sorted(tmp_path.glob("*.png")) for code in zxingcpp.read_barcodes(Image.open(path))]
    assert document.codes
    assert sorted(found) == sorted(code.payload for code in document.codes)


@pytest.mark.parametrize("language", CREDITORS)
@pytest.mark.parametrize("level", ["courtesy", "demand", "final_demand"])
def test_what_stands_under_a_payment_code_stays_on_its_page(web, language, level):
    document = specimen(language, level, 6)
    words = document.data["words"]
    caption, label = ("".join(words[name].split()) for name in ("payment_code", "payment"))
    printed = ["".join(page.split()) for page in pages(web(document))]
    for page in printed:
        boxes = [f"{label}({section['currency']})" in page for section in document.data["sections"] if section["code"]]
        assert page.count(caption) == sum(boxes)
    assert caption in "".join(printed)
