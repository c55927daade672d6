"""The web console as a person uses it: a browser window, signing in, looking, axe."""

import contextlib
import json
from pathlib import Path

from playwright.sync_api import TimeoutError as PlaywrightTimeout
from playwright.sync_api import expect

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 400, "height": 800}
# What a browser says about an answer that the page itself deals with.
EXPECTED = ("Failed to load resource",)
# How long something may take to be seen: CI runs several browsers and servers on two cores.
expect.set_options(timeout=30_000)
# The same of what waits for a job or an endpoint.
WORK_MS = 180_000


def look_past_announcers(page):
    """What a screen reader is told stands in hidden elements a moment after it was shown: the page's
    text is found once, however late a test looks."""
    find, shown = page.get_by_text, page.locator(':not([class*="awsui_announcer"])')
    page.get_by_text = lambda text, **options: find(text, **options).and_(shown)


class Console:
    """A window of its own: no cookies of others. Errors of the page fail the test that has it."""

    def __init__(self, server, browser, screenshots=None):
        self.server = server
        self.screenshots = Path(screenshots) if screenshots else None
        self.context = browser.new_context(viewport=WIDE, locale="en-GB", timezone_id="UTC",
                                           reduced_motion="reduce", color_scheme="light")
        self.context.set_default_timeout(30_000)
        self.page = self.context.new_page()
        look_past_announcers(self.page)
        self.faults, self.foreign = [], []
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.faults.append(f"uncaught: {error}"))
        self.page.on("request", self._asked)
        self.page.on("requestfailed", self._broke)

    def _heard(self, message):
        if message.type == "error" and not message.text.startswith(EXPECTED):
            self.faults.append(message.text)

    def _broke(self, request):
        # What a page that goes away was still waiting for is no fault.
        # Nor is what other programs do to the machine's network, or a test to the server.
        harmless = ("net::ERR_ABORTED", "net::ERR_NETWORK_CHANGED", "net::ERR_CONNECTION_REFUSED",
                    "net::ERR_CONNECTION_RESET", "net::ERR_EMPTY_RESPONSE")
        if request.failure not in harmless and "/_console/assets/" in request.url:
            self.faults.append(f"{request.url}: {request.failure}")

    def _asked(self, request):
        if not request.url.startswith((self.server.url + "/", "data:", "blob:")):
            self.foreign.append(request.url)

    def check_quiet(self):
        """No error in the page, nothing that its policy refused, no request to another host."""
        assert not self.faults, self.faults
        assert not self.foreign, self.foreign

    def close(self):
        self.context.close()

    def open(self, path="/"):
        self.page.goto(f"{self.server.url}/_console{path}")
        return self.page

    def sign_in_with_key(self, key=None, secret=None, path="/"):
        exported = self.server.exported
        page = self.open(path)
        self.fill_key(key or exported["AWS_ACCESS_KEY_ID"],
                      secret or exported["AWS_SECRET_ACCESS_KEY"])
        expect(page.get_by_role("navigation", name="Areas")).to_be_visible()
        return page

    def fill_key(self, key, secret):
        """The sign-in page, which is shown, with an access key."""
        self.page.get_by_role("radio", name="Access key").check()
        self.page.get_by_label("Access key ID").fill(key)
        self.page.get_by_label("Secret access key").fill(secret)
        self.page.get_by_role("button", name="Sign in").click()

    def sign_in(self, user, password, account=""):
        page = self.open()
        page.get_by_label("Account").fill(account)
        page.get_by_role("textbox", name="User name").fill(user)
        page.get_by_label("Password", exact=True).fill(password)
        page.get_by_role("button", name="Sign in").click()
        return page

    def go(self, area):
        """To one of the areas that every page has links to."""
        areas = self.page.get_by_role("navigation", name="Areas")
        areas.get_by_role("link", name=area, exact=True).click()

    def theme(self, name):
        """"light" or "dark", as a person who prefers it has the browser say."""
        self.page.emulate_media(color_scheme=name)
        expect(self.page.locator("body.awsui-dark-mode")).to_have_count(int(name == "dark"))

    def check(self, name):
        """axe finds nothing in light and in dark; with --screenshots, a picture of each."""
        for theme in ("light", "dark"):
            self.theme(theme)
            self._axe(f"{name}, {theme}")
            self._shoot(f"{name}-{theme}")
        self.theme("light")

    def check_narrow(self, name):
        """The page on a phone: nothing sticks out, axe finds nothing."""
        self.page.set_viewport_size(NARROW)
        # What scripts lay out (navigation, charts) follows a moment later.
        with contextlib.suppress(PlaywrightTimeout):
            self.page.wait_for_function("most => document.scrollingElement.scrollWidth <= most",
                                        arg=NARROW["width"])
        wide = self.page.evaluate("document.scrollingElement.scrollWidth")
        assert wide <= NARROW["width"], f"{name} is {wide} pixels wide on a narrow screen"
        self._axe(f"{name}, narrow")
        self._shoot(f"{name}-narrow")
        self.page.set_viewport_size(WIDE)

    def _axe(self, what):
        if not self.page.evaluate("typeof window.axe === 'object'"):
            # As an extension would: the page's own policy has no word in it.
            self.page.evaluate(AXE.read_text())
        found = self.page.evaluate("""() => axe.run(document, {
            resultTypes: ['violations'],
            // Colours that a transition is still changing are not the page's.
            runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
        })""")
        problems = [{"rule": one["id"], "help": one["help"],
                     "where": [node["html"][:300] for node in one["nodes"]][:4]}
                    for one in found["violations"]]
        assert not problems, f"{what}:\n{json.dumps(problems, indent=1)}"

    def _shoot(self, name):
        if not self.screenshots:
            return
        self.screenshots.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=self.screenshots / f"{name}.png", animations="disabled")
