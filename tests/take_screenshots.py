"""Takes the pictures of docs/inspector.md: each screen of a memory that was made for them.

    python tests/take_screenshots.py docs/images/inspector

With the default embedder, and the Chromium of this machine.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from threading import Thread

from playwright.sync_api import Browser, Page, sync_playwright

import commonplace
from commonplace import Memory
from commonplace.service.http_server import quiet_server
from commonplace.service.listening import tcp
from commonplace.service.own_inspector import own_inspector
from commonplace.values.records import now
from inspected import fill, fill_states

KEY = "the key of this run"


def addresses(memory: Memory) -> dict[str, str]:
    """Return the address of each screen to be taken."""
    nia = memory.scope("user/nia")
    [home] = [one for one in nia.records() if one.text == "Lives in Bergen"]
    place = f"scope=user/nia&id={home.id}"
    return {
        "scopes": "",
        "records": "records?scope=user/nia",
        "record": f"record?{place}",
        "recall": "recall?scope=user/nia&q=Where+did+she+move%3F&limit=4&max_tokens=120",
        "quarantine": "quarantine",
        "timeline": "timeline",
        "map": "map",
        "edit": f"edit?{place}",
        "erase": "erase?scope=user/tomas",
        "health": "health",
    }


def take(browser: Browser, address: str, memory: Memory, folder: Path) -> None:
    """Take every screen, some in the dark, and one on a phone."""
    page = entered(browser, address, "light", 1180, 700)
    for name, place in addresses(memory).items():
        taken(page, f"{address}/ui/{place}", folder / f"{name}.png", whole=name == "recall")
    page.goto(f"{address}/ui/erase?scope=user/yuki")
    page.get_by_label("Reason").fill("GDPR Art. 17, request 123")
    page.get_by_label("to confirm").fill("user/yuki")
    page.get_by_role("button", name="Erase").click()
    page.wait_for_url("**/receipt**")
    page.screenshot(path=folder / "receipt.png")
    taken(page, f"{address}/ui/audit", folder / "audit.png")
    dark = entered(browser, address, "dark", 1180, 640)
    taken(dark, f"{address}/ui/records?scope=user/nia&q=tea", folder / "dark.png")
    phone = entered(browser, address, "light", 390, 780)
    taken(phone, f"{address}/ui/records?scope=user/nia", folder / "phone.png")


def entered(browser: Browser, address: str, scheme: str, width: int, height: int) -> Page:
    """Return a page of a browser that was let in."""
    page = browser.new_page(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]  # one of the two
    )
    page.goto(f"{address}/ui/enter#{KEY}")
    page.wait_for_url("**/ui/")
    return page


def taken(page: Page, address: str, file: Path, *, whole: bool = False) -> None:
    """Take one picture, when the page has drawn all."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.screenshot(path=file, full_page=whole)


def main() -> None:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    listener = tcp("127.0.0.1", 0)
    with (
        tempfile.TemporaryDirectory() as place,
        commonplace.open(Path(place) / "memory") as memory,
        sync_playwright() as playing,
    ):
        fill(memory, now())
        fill_states(memory.scope("user", "nia"))
        server = quiet_server(own_inspector(memory, KEY))
        thread = Thread(target=server.run, kwargs={"sockets": [listener.socket]})
        thread.start()
        chromium = playing.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        take(chromium, listener.address, memory, folder)
        chromium.close()
        server.should_exit = True
        thread.join()


if __name__ == "__main__":
    main()
