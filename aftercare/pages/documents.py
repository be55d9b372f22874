"""Forms as PDF, made on the server from the same pages that print: A4, fonts embedded, nothing fetched from anywhere."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.contrib.staticfiles import finders
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from aftercare.refusals import Conflict


def pdf_of(
    template: str, values: dict[str, Any], *, name: str, pictures: dict[str, bytes], request: Any
) -> HttpResponse:
    """Give a page that prints as a PDF to be kept. `pictures` are the images it shows, by the address it names them with.

    Refuses where the Pango library is not there, saying what to install.
    """
    html = render_to_string(template, values, request=request)
    written = _html(html, pictures).write_pdf(stylesheets=[_style()], font_config=_fonts())
    answer = HttpResponse(written, content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    return answer


def can_make_pdf() -> bool:
    """Say whether this machine has what PDFs need."""
    try:
        _weasyprint()
    except Conflict:
        return False
    return True


def _html(html: str, pictures: dict[str, bytes]) -> Any:
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class Known(URLFetcher):  # type: ignore[misc]
        """Gives what the caller named and nothing else: no network, no files. The sheet is given apart."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            if url.startswith("data:"):
                return super().fetch(url, headers)
            found = pictures.get(f"/{url.removeprefix('form:').lstrip('/')}")
            kind = "image/png" if found else "text/css"
            return URLFetcherResponse(url, found or b"", {"Content-Type": kind})

    return _weasyprint().HTML(string=html, base_url="form:/", url_fetcher=Known(), media_type="print")


@lru_cache(maxsize=1)
def _style() -> Any:
    """Read the product's own sheet once; that of the base look is not needed on paper."""
    path = finders.find("css/aftercare.css")
    return _weasyprint().CSS(filename=str(path), font_config=_fonts(), media_type="print")


@lru_cache(maxsize=1)
def _fonts() -> Any:
    from weasyprint.text.fonts import FontConfiguration

    return FontConfiguration()


def _weasyprint() -> Any:
    try:
        import weasyprint
    except OSError as error:
        raise Conflict(
            _("this server can't make PDFs: the Pango library is not installed"),
            code="no_pango",
            expected="apt-get install libpango-1.0-0 libpangoft2-1.0-0 fonts-noto-cjk",
        ) from error
    return weasyprint
