"""Every number of the plan's pages says on hover and on focus what it rests on, and says it to readers of the screen as well."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.live.browser.conftest import MAP, SCENARIO, Site, serving

PAGES = (
    "/",
    f"/?scenario={SCENARIO}",
    "/landmarks/1",
    "/landmarks/4",
    f"/difference?scenario={SCENARIO}",
    "/freight?from=常山&to=苏州&cargo=plate&tonnes=500",
    "/port?tonnes=7000000",
    "/projects",
    "/outlook",
    "/outlook/gdp/衢江区",
)
#: Texts with a digit that no figure holds. Left out are dates and years, names (heads, headings, headers of tables), forms,
#: axes of pictures, what says of itself that it is no figure (``data-plain``: counts of the rows of the page, scales of a
#: legend, settings of a method), and rows that show status and source in cells of their own (``data-sourced``).
BARE = r"""() => {
  const outside = ".figure, [data-plain], [data-sourced], svg, canvas, form, nav, h1, h2, h3, h4, summary, dt, thead, th[scope=row], .head, .crumbs, .map, .badge, code, pre, script, style, .hidden, [hidden], #running, figcaption";
  const dated = /\d{4}[-–]\d{2}([-–]\d{2})?|\b(19|20)\d\d(\s*[-–]\s*(19|20)?\d\d)?\b|(19|20)\d\d年(\d+月(\d+日)?)?|CO2|CO₂|\[[A-Z]+\d+\]/g;
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT), bare = [];
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.replace(dated, "");
    if (/\d/.test(text) && !walker.currentNode.parentElement.closest(outside)) bare.push(walker.currentNode.textContent.trim().slice(0, 120));
  }
  return bare;
}"""
#: Every figure: its words, the words of the tip that describes its button, whether the button can be focused.
FIGURES = """() => [...document.querySelectorAll("main .figure")].map((figure) => {
  const button = figure.querySelector(":scope > button"), tips = document.querySelectorAll(`[id="${button.getAttribute("aria-describedby")}"]`);
  return { text: figure.innerText, tip: tips.length === 1 ? tips[0].textContent : `${tips.length} tips`, own: tips[0]?.parentNode === figure, role: tips[0]?.getAttribute("role"), focus: button.tabIndex };
})"""
STATUS = {"en": ("documented", "derived", "assumed"), "zh": ("有据可查", "推算", "假定")}
#: What stands in a tip besides the status: its source, or how the number came about.
LEAST_LETTERS = {"en": 20, "zh": 8}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, planned_template: Path) -> Iterator[Site]:
    """A server that keeps the plan."""
    with serving(tmp_path_factory.mktemp("figures"), planned_template, study_futures=128) as (_, made):
        yield made


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("path", PAGES)
def test_every_number_has_its_source_and_status(visit, path: str, language: str) -> None:
    page: Page = visit(quote(path, safe="/?=&"), language=language, meant=MAP)
    if path.startswith("/port"):
        expect(page.locator("#running")).to_have_count(0, timeout=60_000)
    bare = page.evaluate(BARE)
    assert not bare, bare
    figures = page.evaluate(FIGURES)
    assert len(figures) >= 5
    for figure in figures:
        assert figure["own"] and figure["role"] == "tooltip" and figure["focus"] == 0, figure
        typed = path.startswith("/port") and ("typed" in figure["tip"] or "填写" in figure["tip"])
        assert typed or any(figure["tip"].startswith(word) for word in STATUS[language]), figure
        assert len(figure["tip"]) >= LEAST_LETTERS[language], figure
    for row in page.locator("main tr[data-sourced]").all():
        cells = [cell.strip() for cell in row.locator("td").all_text_contents()]
        assert any(cell in STATUS[language] for cell in cells) and len(cells[-1]) > 3, cells


@pytest.mark.parametrize("path", ["/", "/port", "/projects", "/outlook"])
@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_a_tip_stands_on_the_screen_wherever_its_figure_is(visit, path: str, size: str) -> None:
    page: Page = visit(path, size=size, meant=MAP)
    expect(page.locator("#running")).to_have_count(0, timeout=60_000)  # the page is not loaded anew any more
    shown = [figure for figure in page.locator("main .figure > button").all() if figure.is_visible()]
    assert len(shown) > 10
    for button in (shown[0], shown[len(shown) // 3], shown[2 * len(shown) // 3], shown[-1]):
        button.focus()
        tip = page.locator(f"[id='{button.get_attribute('aria-describedby')}']")
        expect(tip).to_be_visible()
        inside = tip.evaluate(
            "tip => { const at = tip.getBoundingClientRect(); const top = document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2);"
            " return at.left >= 0 && at.top >= 0 && at.right <= innerWidth && at.bottom <= innerHeight && tip.contains(top); }"
        )
        assert inside, tip.inner_text()
        page.keyboard.press("Escape")
        expect(tip).to_be_hidden()
