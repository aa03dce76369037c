"""A browser without scripts, for tests: it keeps cookies, follows answers, and posts the forms that are on the page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx


@dataclass
class PageForm:
    """A form as it stands on a page."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[PageForm] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self._area: str | None = None
        self._begun = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert values["method"] == "post"
            self.forms.append(PageForm(values["action"]))
        elif tag == "a":
            self.links.append(values["href"])
        elif tag == "input" and self.forms:
            self.forms[-1].fields[values["name"]] = values.get("value", "")
        elif tag == "textarea":
            self._area, self._begun = values["name"], False
            self.forms[-1].fields[self._area] = ""
        elif tag == "button" and "name" in values:
            self.forms[-1].buttons.append((values["name"], values["value"]))

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self._area = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            # As browsers do: the first line end in a textarea is not part of its text.
            text = data if self._begun else data.removeprefix("\n")
            self._begun = True
            self.forms[-1].fields[self._area] += text
        else:
            self.words.append(data)


class Page:
    """An answer, read as a person would."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.status = response.status_code
        self.html = response.text
        reader = _Reader()
        reader.feed(self.html)
        self.forms, self.links = reader.forms, reader.links
        self.text = " ".join(" ".join(reader.words).split())

    def form(self, action: str) -> PageForm:
        """The one form that posts to this path."""
        [found] = [form for form in self.forms if urlsplit(form.action).path == action]
        return found

    @property
    def normalised(self) -> str:
        """The bytes without what is random on every page: CSRF tokens, ids of forms and of meldingen."""
        html = re.sub(r'name="(csrf|formulier)" value="[^"]*"', r'name="\1"', self.html)
        return re.sub(r"/inbox/melding/[0-9a-f]{32}", "/inbox/melding/ID", html)


class Browser:
    """One person's browser."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client

    async def get(self, path: str = "/inbox/") -> Page:
        return Page(await self.client.get(path))

    async def post(self, path: str, data: dict[str, str]) -> Page:
        return Page(await self.client.post(path, data=data))

    async def send(self, page: Page, action: str, **typed: str) -> Page:
        """Fill in a form of the page and press its button."""
        form = page.form(action)
        unknown = set(typed) - set(form.fields) - {name for name, _ in form.buttons}
        assert not unknown, f"the page has no field for {unknown}"
        return await self.post(form.action, {**form.fields, **typed})

    async def log_in(self, username: str, password: str) -> Page:
        return await self.send(await self.get(), "/inbox/inloggen", inlognaam=username, wachtwoord=password)
