"""The explorer at `/`, in a real browser that reaches nobody but the server."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, Route, async_playwright

from deeplinks.server import pages
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from ide.build import FILES
from tests.npm import explorer
from tests.server.asked import Tables, new

CHROMIUM = Path("/usr/bin/chromium")
QUIET = ("--no-sandbox", "--disable-background-networking", "--disable-component-update", "--no-first-run")
ANSWER = ".graphiql-response"
RUN = ".graphiql-execute-button"

needs_browser = pytest.mark.skipif(
    not CHROMIUM.exists() and not os.environ.get("CI"), reason="there is no /usr/bin/chromium"
)


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    """The explorer's files."""
    explorer()


@pytest.fixture
def outside() -> list[str]:
    """What the page asked of others than its server."""
    return []


@asynccontextmanager
async def shown(endpoint: str, outside: list[str]) -> AsyncIterator[Page]:
    """The page at the endpoint's server. Nobody else is reached, and an error in its scripts is a failure."""
    home, errors = endpoint.removesuffix("v1/graphql"), list[str]()

    async def guard(route: Route) -> None:
        if route.request.url.startswith(home):
            await route.continue_()
        else:
            outside.append(route.request.url)
            await route.abort()

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        page = await browser.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        await page.route("**/*", guard)
        await page.goto(home)
        await page.locator(RUN).wait_for()
        yield page
        await browser.close()
    assert not errors


@needs_browser
async def test_it_loads_without_an_internet_and_shows_the_answer_to_a_query(tables: Tables, outside: list[str]) -> None:
    (text,) = await tables.data("strings", "seen in a browser")
    async with shown(tables.address, outside) as page:
        await page.locator(RUN).click()
        await page.locator(ANSWER).get_by_text("seen in a browser").wait_for()
        assert text in (await page.locator(ANSWER).inner_text())

    assert outside == []


@needs_browser
async def test_it_knows_the_schema(tables: Tables, outside: list[str]) -> None:
    async with shown(tables.address, outside) as page:
        await page.get_by_label("Show Documentation Explorer").click()
        await page.get_by_text("query_root", exact=True).first.wait_for()


@needs_browser
async def test_a_subscription_goes_on_until_it_is_stopped(tables: Tables, outside: list[str]) -> None:
    async with shown(tables.address, outside) as page:
        await page.get_by_role("tab", name="Live").click()
        await page.locator(RUN).click()
        await page.locator(ANSWER).get_by_text("created_at").first.wait_for()
        (link,) = await tables.links(count=1)
        await page.locator(ANSWER).get_by_text(link).wait_for()
        await page.get_by_label("Stop query").click()
        await page.get_by_label("Execute query").wait_for()


@needs_browser
async def test_the_secret_is_written_under_headers_and_is_enough(database_url: str, outside: list[str]) -> None:
    settings = Settings(database_url=database_url, port=0, development=True, admin_secret="right")
    async with running(settings) as address, shown(address, outside) as page:
        await page.locator(RUN).click()
        await page.locator(ANSWER).get_by_text("Write the admin secret").wait_for()
        await page.locator(".graphiql-editor-tool .graphiql-editor:not(.hidden) .CodeMirror").click()
        await page.keyboard.press("Control+A")
        await page.keyboard.insert_text('{"x-hasura-admin-secret": "right"}')
        await page.locator(RUN).click()
        await page.locator(ANSWER).get_by_text("deep_links").wait_for()
        await page.get_by_role("tab", name="Live").click()


async def test_where_its_files_are_missing_the_page_says_what_to_run(
    address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pages, "BUILT", tmp_path)
    async with httpx.AsyncClient() as client:
        answer = await client.get(address.replace("/v1/graphql", "/"))

    assert "python ide/build.py" in answer.text
    assert "//" not in answer.text.replace("http-equiv", "")


async def test_it_gives_its_files_and_no_others(address: str) -> None:
    home = address.replace("/v1/graphql", "/ide/")
    async with httpx.AsyncClient() as client:
        given = {name: (await client.get(home + name)).status_code for name in (*FILES, "page.js", "LICENSES.txt")}
        others = [(await client.get(home + name)).status_code for name in ("..%2fpages.py", "index.html", new(), "")]

    assert set(given.values()) == {200}
    assert set(others) == {404}


async def test_in_production_there_is_none(endpoint: str) -> None:
    async with httpx.AsyncClient() as client:
        answers = [await client.get(endpoint.replace("v1/graphql", path)) for path in ("", "ide/page.js")]

    assert [answer.status_code for answer in answers] == [404, 404]
