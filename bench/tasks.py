"""The twenty things agents, dispatchers and managers do most: clicks, keys, fields and the machine's seconds for each, in a browser after a demo day.

A click or a key is one press (a chord counts once), a field is one thing typed. The seconds are those of the machine (what a person reads and types
comes on top), with the processor slowed to a quarter as on an old office computer. Keys: tasks, worst_clicks, worst_s, intake_s, dispatch_clicks,
where_s (answer "where is my engineer").
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import finish

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tests.live import Installation

PASSWORD = "demo-aftercare-2026"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


class Hands:
    """One person at one browser: everything done is counted."""

    def __init__(self, browser: Any, url: str, number: str) -> None:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="zh-CN")
        context.add_cookies([{"name": "language", "value": "zh-hans", "url": url}])
        context.add_init_script("localStorage.setItem('hints', 'off')")
        context.set_default_timeout(10_000)
        self.page, self.url = context.new_page(), url
        self.page.goto(f"{url}/accounts/login/")
        self.page.fill("#id_login", number)
        self.page.fill("#id_password", PASSWORD)
        self.page.click("button.btn-primary")
        self.page.wait_for_load_state()
        context.new_cdp_session(self.page).send("Emulation.setCPUThrottlingRate", {"rate": 4})
        self.start("/")

    def start(self, path: str) -> None:
        """Begin a task on a page; getting there is not part of it."""
        self.page.goto(self.url + path)
        self.page.wait_for_function("document.documentElement.dataset.ready === '1'")
        self.clicks = self.keys = self.fields = 0

    def click(self, what: str) -> None:
        self.page.locator(what).first.click()
        self.clicks += 1

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)
            self.keys += 1

    def type(self, what: str, text: str) -> None:
        self.page.locator(what).first.fill(text)
        self.fields += 1

    def write(self, text: str) -> None:
        self.page.keyboard.type(text)
        self.fields += 1

    def see(self, what: str) -> None:
        self.page.locator(what).first.wait_for()


def tasks(
    agent: Hands, dispatcher: Hands, leader: Hands, numbers: dict[str, str]
) -> dict[str, tuple[Hands, str, Callable[[], None]]]:
    """Give each task: whose hands, on which page they are when it begins, and what they do until they see that it is done."""
    case = f"/requests/{numbers['open']}"

    def take() -> None:
        agent.press("n")
        agent.page.wait_for_url("**/intake")
        for field, text in (
            ("phone", "13900008888"),
            ("name", "孙立"),
            ("address", "南屿市澄湖区槐荫街18号"),
            ("model", "KFR-35GW"),
        ):
            agent.type(f"#{field}", text)
        agent.type("#description", "空调开了半天不出冷风，外机一直嗡嗡响，重启过")
        agent.page.select_option("#unit", index=1)
        agent.fields += 1
        agent.press("Control+Enter")
        agent.page.wait_for_url(re.compile("/requests/CR"))

    def where() -> None:
        agent.press("Control+k")
        agent.write(numbers["order"])
        agent.see(f"#palette a[href*='{numbers['order']}']")
        agent.press("Enter")
        agent.see("aside.right h3")

    def find_phone() -> None:
        agent.press("Control+k")
        agent.write(numbers["tail"])
        agent.see("#palette a.opt[href*='/requests/CR']")
        agent.press("Enter")
        agent.see("aside.right h3")

    def open_due() -> None:
        agent.press("j", "Enter")
        agent.see("section.read h2")

    def note() -> None:
        agent.press("r")
        agent.write("客户方便时间改到明天下午")
        agent.click("label:has(input[value=internal])")
        agent.press("Control+Enter")
        agent.see(".note")

    def tell() -> None:
        agent.press("r")
        agent.write("师傅已经在路上，大约二十分钟到")
        agent.press("Control+Enter")
        agent.see(".say.out:has-text('二十分钟到')")

    def canned() -> None:
        agent.press("r")
        agent.write("/稍等")
        agent.see(".pick-t .opt")
        agent.press("Enter", "Control+Enter")
        agent.see(".say.out:has-text('正在安排')")

    def call_colleague() -> None:
        agent.press("r")
        agent.write("@ZG2024001")
        agent.see(".pick-t .opt")
        agent.press("Enter")
        agent.write("请看一下")
        agent.press("Control+Enter")
        agent.see(".note:has-text('请看一下')")

    def urgency() -> None:
        agent.press("p")
        agent.click("form[action$='/urgency'] label:has(input[value=urgent])")
        agent.type("form[action$='/urgency'] input[name=because]", "家里有老人")
        agent.click("form[action$='/urgency'] button")
        agent.see(".messages")

    def follow() -> None:
        agent.press("w")
        agent.see("text=已关注")

    def confirm() -> None:
        agent.press("y")
        agent.see(".messages, aside.right")

    def link() -> None:
        agent.click("text=客户链接")
        agent.see(".why-box")

    def reveal() -> None:
        agent.click("summary:has-text('显示明文')")
        agent.type("#why", "回电")
        agent.click("form[action$='/reveal'] button")
        agent.see("dd.num")

    def answers() -> None:
        agent.press("g", "k")
        agent.see("[data-fetch]")
        agent.type("[data-fetch]", "冰箱不凉")
        agent.page.wait_for_timeout(50)
        agent.see(".know-l a")

    def view() -> None:
        agent.page.select_option("select[name=urgency]", "critical")
        agent.fields += 1
        agent.page.wait_for_url(re.compile("urgency=critical"))
        agent.press("v")
        agent.type("#view-name", "特急")
        agent.press("Enter")
        agent.page.wait_for_url(re.compile(r"view=\d+"))

    def hand() -> None:
        agent.press("j", "x", "j", "x")
        agent.type("#to", "ZG2024001")
        agent.click("text=查看移交结果")
        agent.click("button:has-text('移交')")
        agent.see(".toast-a")

    def dispatch() -> None:
        dispatcher.click("section.qrow form[action$='/assign'] >> xpath=.. >> summary")
        dispatcher.type("section.qrow details[open] input[name=number]", "GY2024001")
        dispatcher.type("section.qrow details[open] input[name=because]", "离得最近")
        dispatcher.click("section.qrow details[open] form[action$='/assign'] button")
        dispatcher.see(".messages")

    def overdue() -> None:
        leader.press("g", "d")
        leader.see(".ladder")
        leader.click(".ladder a.od")
        leader.see("aside.right h3")

    def stores() -> None:
        leader.press("g", "d")
        leader.see(".ladder")
        leader.press("g", "m")
        leader.see(".spot")

    def report() -> None:
        leader.click("a[href='/report']")
        leader.see("table.da")

    return {
        "take a phone request": (agent, "/", take), "where is my engineer": (agent, "/", where), "find by the last four digits": (agent, "/", find_phone),
        "open what is due next": (agent, "/", open_due), "internal note": (agent, case, note), "tell the customer": (agent, case, tell),
        "a canned text": (agent, case, canned), "call a colleague": (agent, case, call_colleague), "change the urgency": (agent, case, urgency),
        "follow a case": (agent, case, follow), "confirm what was read": (agent, case, confirm), "a link for the customer": (agent, case, link),
        "see the phone in clear": (agent, case, reveal), "find an answer": (agent, "/", answers), "keep a view": (agent, "/requests", view),
        "hand two cases over": (agent, "/requests", hand), "dispatch an order": (dispatcher, "/dispatch", dispatch),
        "the worst overdue case": (leader, "/", overdue), "stores on the map": (leader, "/", stores), "this month's report": (leader, "/", report),
    }  # fmt: skip


def main() -> None:
    from playwright.sync_api import Error, sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", help="write every figure to this file")
    chosen = parser.parse_args()
    made = Installation(Path(tempfile.mkdtemp(prefix="aftercare-tasks-")))
    made.run("demo", "--once")
    made.start()
    figures: dict[str, Any] = {}
    rows: list[tuple[str, int, int, int, float]] = []
    failed = 0
    try:
        with sync_playwright() as player:
            browser = player.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            agent, dispatcher, leader = (
                Hands(browser, made.url, n) for n in ("KF2024001", "PD2024001", "ZG2024001")
            )
            agent.start("/texts")
            agent.type("#t-title", "稍等")
            agent.type("#t-text", "请稍等，编号 {number} 正在安排")
            agent.click("button:has-text('保存常用语')")
            agent.start("/requests?owner=me")
            mine = re.search(r"/requests/(CR[\d-]+)", agent.page.content())
            agent.start("/requests")
            order = re.search(
                r"/work-orders/(WO[\d-]+)", (agent.start("/work-orders"), agent.page.content())[1]
            )
            agent.start("/requests")
            first = re.search(r"/requests/(CR[\d-]+)", agent.page.content())
            number = (mine or first)[1]
            agent.start(f"/requests/{number}")
            tail = re.search(r"\*\*\*\*(\d{4})", agent.page.content())
            numbers = {"open": number, "order": order[1], "tail": tail[1] if tail else ""}
            for name, (hands, page, act) in tasks(agent, dispatcher, leader, numbers).items():
                try:
                    hands.start(page)
                    began = time.perf_counter()
                    act()
                    took = time.perf_counter() - began
                except Error as error:
                    failed += 1
                    print(f"  {name}: {str(error).splitlines()[0]}")
                    continue
                rows.append((name, hands.clicks, hands.keys, hands.fields, took))
                print(
                    f"  {name:<32} clicks {hands.clicks}  keys {hands.keys:>2}  fields {hands.fields}  {took:5.2f} s"
                )
            browser.close()
    finally:
        made.stop()
        shutil.rmtree(made.home, ignore_errors=True)
    seconds = {name: took for name, _c, _k, _f, took in rows}
    clicks = {name: c for name, c, _k, _f, _t in rows}
    figures = {
        "tasks": len(rows), "failed": failed, "worst_clicks": max(clicks.values()), "worst_s": max(seconds.values()),
        "intake_s": seconds.get("take a phone request", -1.0), "dispatch_clicks": clicks.get("dispatch an order", -1),
        "where_s": seconds.get("where is my engineer", -1.0),
    }  # fmt: skip
    finish("tasks", figures, chosen.json)


if __name__ == "__main__":
    main()
