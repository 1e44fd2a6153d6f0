"""Who may look and who may change: keys, forms of other sites, names that are not ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import commonplace
from clock import Clock
from commonplace import Memory
from commonplace.inspector.screens import CHANGES, SCREENS
from commonplace.service.access import Gate
from commonplace.service.app import application
from commonplace.service.inspecting import add_inspector
from commonplace.service.keys import Keys
from commonplace.service.own_inspector import own_inspector
from commonplace.testing import HashingEmbedder, InMemoryStore
from commonplace.values.scope import Scope
from http_api import engine_on, stored
from inspected import fill, fill_states

BASE = "http://127.0.0.1:8710"


class Site:
    """A server with two people's memories, and keys that are kept in a directory."""

    def __init__(self, directory: Path) -> None:
        self.store, self.keys = InMemoryStore(), Keys(directory)
        self.engine = engine_on(self.store)
        memory = Memory(self.engine, Scope())
        fill(memory, Clock()())
        fill_states(memory.scope("user", "nia"))
        self.app = application(Gate(self.engine, self.keys.grant, embeds=True))
        add_inspector(self.app, self.keys, ["memory.example"])

    def browser(self, key: str = "", **options: Any) -> TestClient:
        browser = TestClient(
            self.app, **{"base_url": BASE, "raise_server_exceptions": False, **options}
        )
        if key:
            assert browser.post("/ui/enter", data={"key": key}).status_code == 200
        return browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Give one site for all tests: to make its application costs more than to ask it."""
    return Site(tmp_path_factory.mktemp("site"))


@pytest.fixture
def tomas(site: Site) -> TestClient:
    """Give a browser with the key of one scope."""
    return site.browser(site.keys.add(Scope.parse("user/tomas")))


def token(browser: TestClient) -> str:
    found = re.search(r'name="token" value="([^"]+)"', browser.get("/ui/health").text)
    assert found
    return found[1]


def test_the_way_in_keeps_the_scheme_and_port_of_a_proxy(site: Site) -> None:
    answer = site.browser().get("/ui", headers={"host": "memory.example"}, follow_redirects=False)

    assert (answer.status_code, answer.headers["location"]) == (307, "/ui/")


def test_without_a_key_there_is_a_form_and_nothing_else(site: Site) -> None:
    before, browser = stored(site.store), site.browser()

    for screen in SCREENS:
        page = browser.get(f"/ui/{screen}", follow_redirects=False)
        json = browser.get(f"/ui/{screen}?format=json", follow_redirects=False)
        assert (page.status_code, page.headers["location"]) == (303, "/ui/enter")
        assert json.status_code == 401
    for form in CHANGES:
        assert browser.post(f"/ui/{form}", data={"id": "x"}, follow_redirects=False).is_redirect
    assert browser.get("/ui/static/inspector.css").status_code == 200
    assert stored(site.store) == before


def test_a_wrong_key_opens_nothing_and_is_told_so(site: Site) -> None:
    answer = site.browser().post("/ui/enter", data={"key": "cp_123_wrong"})

    assert answer.status_code == 401
    assert "no such key" in answer.text
    assert not answer.cookies


def test_a_key_sees_its_scope_and_nothing_of_others(site: Site, tomas: TestClient) -> None:
    before = [one for one in stored(site.store) if one[0].scope != Scope.parse("user/tomas")]
    [theirs] = [one for one, _ in before if one.text == "Lives in Bergen"]

    for screen in SCREENS:
        own = tomas.get(f"/ui/{screen}?q=harbour&id={theirs.id}&hash=1")
        outside = tomas.get(f"/ui/{screen}?scope=user/nia&q=Bergen&id={theirs.id}&hash=1")
        assert "Bergen" not in own.text.replace('value="Bergen"', ""), screen
        assert "user/nia" not in own.text, screen
        assert outside.status_code in {403, 404, 200}, screen
        assert "Lives in" not in outside.text, screen
    for form in CHANGES:
        sent = {"token": token(tomas), "scope": "user/nia", "id": theirs.id, "text": "Moved",
                "reason": "none", "confirm": "user/nia"}  # fmt: skip
        assert tomas.post(f"/ui/{form}", data=sent).status_code == 403, form
        assert tomas.post(f"/ui/{form}", data={**sent, "scope": ""}).status_code in {404, 422}, form
    after = [one for one in stored(site.store) if one[0].scope != Scope.parse("user/tomas")]
    assert after == before
    health = tomas.get("/ui/health?format=json").json()
    assert (health["keys"], health["findings"], health["directory"]) == (None, None, None)


def test_a_key_that_is_revoked_opens_nothing_from_then_on(site: Site) -> None:
    key = site.keys.add(Scope.parse("user/tomas"))
    browser = site.browser(key)
    assert browser.get("/ui/records").status_code == 200
    site.keys.revoke(key.split("_")[1])

    answer = browser.get("/ui/records")

    assert answer.status_code == 403
    assert "coffee" not in answer.text


def test_the_key_of_all_lists_the_keys_and_shows_no_secret(site: Site) -> None:
    key = site.keys.add(Scope())
    site.keys.add(Scope.parse("user/nia"), max_records=10)

    health = site.browser(key).get("/ui/health?format=json").json()

    assert {"", "user/nia"} <= {one["scope"] for one in health["keys"]}
    assert all("hash" not in one for one in health["keys"])
    assert key not in str(health)


def test_a_program_shows_its_key_in_a_header(site: Site) -> None:
    key = site.keys.add(Scope.parse("user/tomas"))
    program = TestClient(site.app, base_url=BASE, headers={"authorization": f"Bearer {key}"})
    [one] = [one for one in program.get("/ui/records?format=json").json()["records"] if one["key"]]

    done = program.post("/ui/forget?format=json", data={"scope": one["scope"], "id": one["id"]})

    assert done.json()["removed"] == 1
    assert program.get("/ui/", headers={"authorization": "Bearer wrong"}).status_code == 403


FOREIGN: dict[str, dict[str, str]] = {
    "another site": {"origin": "http://evil.example"},
    "a page without an origin": {"origin": "null"},
    "another port": {"origin": "http://127.0.0.1:9999"},
    "as the browser says": {"sec-fetch-site": "cross-site"},
    "a neighbour of the same site": {"sec-fetch-site": "same-site"},
}


@pytest.mark.parametrize("headers", FOREIGN.values(), ids=FOREIGN)
def test_a_form_of_another_site_changes_nothing(
    headers: dict[str, str], site: Site, tomas: TestClient
) -> None:
    before = stored(site.store)
    form = {"scope": "user/tomas", "reason": "none", "confirm": "user/tomas"}

    sent = tomas.post("/ui/erase", data={**form, "token": token(tomas)}, headers=headers)
    entered = site.browser().post(
        "/ui/enter", data={"key": site.keys.add(Scope())}, headers=headers
    )

    assert (sent.status_code, entered.status_code) == (403, 403)
    assert stored(site.store) == before


def test_a_password_that_a_browser_sends_by_itself_stands_for_no_token(
    site: Site, tomas: TestClient
) -> None:
    before = stored(site.store)

    answer = tomas.post(
        "/ui/erase",
        data={"scope": "user/tomas", "reason": "none", "confirm": "user/tomas"},
        headers={"authorization": "Basic dTpw"},
    )

    assert answer.status_code == 403
    assert stored(site.store) == before


@pytest.mark.parametrize("given", ["", "wrong", "of another visit"])
def test_a_form_without_the_token_of_the_visit_changes_nothing(
    given: str, site: Site, tomas: TestClient
) -> None:
    before = stored(site.store)
    other = site.browser(site.keys.add(Scope()))
    sent = token(other) if given == "of another visit" else given

    answer = tomas.post(
        "/ui/erase",
        data={"scope": "user/tomas", "reason": "none", "confirm": "user/tomas", "token": sent},
    )

    assert answer.status_code == 403
    assert "nothing was changed" in answer.text
    assert stored(site.store) == before


def test_a_page_that_is_asked_for_changes_nothing(site: Site, tomas: TestClient) -> None:
    before = stored(site.store)
    for form in CHANGES:
        answer = tomas.get(f"/ui/{form}?scope=user/tomas&reason=x&confirm=user/tomas")
        assert answer.status_code in {200, 404, 405}
    assert stored(site.store) == before


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8710", 200), ("[::1]:8710", 200), ("192.168.1.7", 200), ("localhost", 200),
        ("LOCALHOST:1", 200), ("memory.example", 200), ("Memory.Example:443", 200),
        ("evil.example", 421), ("evil.example:8710", 421), ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421), ("", 421),
    ],
)  # fmt: skip
def test_only_names_of_ours_are_answered(host: str, status: int, site: Site) -> None:
    answer = site.browser().get("/ui/enter", headers={"host": host})

    assert answer.status_code == status
    assert ("Show a key" in answer.text) == (status == 200)


def test_the_cookie_is_for_this_site_alone(site: Site) -> None:
    key = site.keys.add(Scope())

    plain = site.browser().post("/ui/enter", data={"key": key}, follow_redirects=False)
    secure = site.browser(base_url="https://127.0.0.1").post(
        "/ui/enter", data={"key": key}, follow_redirects=False
    )

    said = plain.headers["set-cookie"].lower()
    assert {"httponly", "samesite=strict", "path=/ui"} <= {one.strip() for one in said.split(";")}
    assert key.lower() not in said
    assert "secure" not in said
    assert "secure" in secure.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    ("said", "is_secure"),
    [("https", True), ("HTTPS, http", True), ("http", False), ("", False)],
)
def test_behind_a_proxy_with_tls_the_cookie_is_sent_over_tls_alone(
    said: str, *, is_secure: bool, site: Site
) -> None:
    answer = site.browser().post(
        "/ui/enter",
        data={"key": site.keys.add(Scope())},
        headers={"X-Forwarded-Proto": said},
        follow_redirects=False,
    )

    assert ("secure" in answer.headers["set-cookie"].lower()) == is_secure


def test_who_leaves_has_to_show_the_key_again(tomas: TestClient) -> None:
    cookie = dict(tomas.cookies)
    left = tomas.post("/ui/leave", data={"token": token(tomas)}, follow_redirects=False)
    tomas.cookies.update(cookie)

    assert left.headers["location"] == "/ui/enter"
    assert tomas.get("/ui/records", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("body", [b"\xff\xfe", b"a=" + b"x" * 5_000_000, b"&".join([b"a=1"] * 99)])
def test_a_form_that_is_none_is_refused(body: bytes, tomas: TestClient) -> None:
    answer = tomas.post("/ui/forget", content=body)

    assert answer.status_code == 422


@pytest.fixture
def alone() -> Iterator[Memory]:
    with commonplace.open(":memory:", embedder=HashingEmbedder()) as memory:
        yield memory


def test_the_inspector_of_a_directory_is_opened_by_its_own_key(alone: Memory) -> None:
    browser = TestClient(own_inspector(alone, "right"), base_url="http://127.0.0.1:8711")

    assert browser.get("/").url.path == "/ui/enter"
    assert browser.post("/ui/enter", data={"key": "wrong"}).status_code == 401
    assert browser.post("/ui/enter", data={"key": "right"}).url.path == "/ui/"


def test_a_store_that_is_closed_meanwhile_is_a_page_that_says_so(alone: Memory) -> None:
    browser = TestClient(own_inspector(alone, "right"), base_url="http://127.0.0.1:8711")
    browser.post("/ui/enter", data={"key": "right"})
    alone.close()

    answer = browser.get("/ui/records")

    assert answer.status_code == 503
    assert "closed" in answer.text
