"""The wording that a firm uses: the stock templates, and over them its own."""

from __future__ import annotations

from dunning_adapters.qr import drawable
from dunning_adapters.settings import Settings
from dunning_core.errors import TemplateError
from dunning_core.render import Templates


def templates(settings: Settings) -> Templates:
    """The stock templates, and over them the files of the user's folder.

    Raises TemplateError, and MissingExtra where payment codes are wanted that cannot be drawn.
    """
    if settings.templates.payment_codes:
        drawable()
    folder = settings.templates.folder
    if folder is None:
        return Templates.stock()
    root = settings.folder / folder
    if not root.is_dir():
        what = f"there is no folder {str(folder)!r}"
        raise TemplateError(what, where="templates.folder", mend="it is looked for beside dunning.toml")
    texts = {}
    for path in sorted(path for path in root.rglob("*") if path.is_file() and path.suffix in {".j2", ".toml"}):
        name = path.relative_to(root).as_posix()
        try:
            texts[name] = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise TemplateError(f"byte {error.start} is not UTF-8", where=name, mend="save it as UTF-8") from None
        except OSError as error:
            raise TemplateError(f"cannot be read: {error.strerror}", where=name) from None
    return Templates.stock().overridden(texts)
