"""The texts that customers receive: those of the product, and what a pack says instead (messages.toml)."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, model_validator

from .parts import Part, Text

TEXTS: dict[str, tuple[str, str]] = {
    "received": (
        "您的需求已受理，编号 {number}。{read_back}。查看进度：{link}",
        "Your request {number} is received. {read_back}. Progress: {link}",
    ),
    "slots": (
        "工程师已接单，请选择上门时间：{link}。不方便请来电。",
        "An engineer has accepted your order; please choose a time: {link}.",
    ),
    "other_times": (
        "很抱歉，原定 {window} 不能按时上门。请另选时间：{link}。不方便请来电。",
        "We are sorry: we can't come {window} as promised. Please choose another time: {link}.",
    ),
    "booked": (
        "预约已确认：{window} 上门，编号 {appointment}。{preparation}。{fee}查看或改期：{link}",
        "Booked: {window}, number {appointment}. {preparation}. {fee} See or change: {link}",
    ),
    "rescheduled": ("上门时间改为 {window}。查看：{link}", "Your visit moved to {window}. See: {link}"),
    "reminder": (
        "提醒：工程师将于 {window} 上门。{preparation}。",
        "Reminder: the engineer comes {window}. {preparation}.",
    ),
    "late": (
        "抱歉，工程师会晚到约 {minutes} 分钟。",
        "Sorry: the engineer will be about {minutes} minutes late.",
    ),
    "quote": (
        "检查已完成，有一项费用请您定：{amount} 元。查看并选择：{link}",
        "The check is done; there is a charge to decide: {amount} yuan. See and choose: {link}",
    ),
    "link": (
        "您要的链接：{link}。只能用来决定一次，请勿转发。",
        "The link you asked for: {link}. It decides once; please keep it to yourself.",
    ),
    "merged": (
        "您的需求 {number} 和 {into} 是同一件事，已并到一起处理，今后以 {into} 为准。查看：{link}",
        "Your requests {number} and {into} are about the same matter and are handled together as {into}. See: {link}",
    ),
    "unmerged": (
        "您的需求 {number} 已恢复单独处理，进度照旧跟进。查看：{link}",
        "Your request {number} is handled on its own again. See: {link}",
    ),
    "split": (
        "您的需求 {number} 里有几件事，已分开处理：{children}。每件都会单独通知您。查看：{link}",
        "Your request {number} holds several matters, handled separately now: {children}. You hear of each. See: {link}",
    ),
    "answered": (
        "您的需求 {number} 已有答复，查看：{link}",
        "Your request {number} is answered: {link}",
    ),
    "sign": (
        "{order} 已修好并测试，请您核对并签字：{link}",
        "{order} is repaired and tested; please check and sign: {link}",
    ),
    "pay": (
        "服务费 {amount} 元待支付：{link}。也可以付给工程师。",
        "There are {amount} yuan to pay for the service: {link}. You can also pay the engineer.",
    ),
    "paid": (
        "已收到您在线支付的 {amount} 元，单号 {payment}。查看：{link}",
        "We have received {amount} yuan, number {payment}. See: {link}",
    ),
    "survey": (
        "服务已完成，想听听您的感受：{link}。{care}",
        "The service is done; how was it? {link}. {care}",
    ),
}
TITLES: dict[str, tuple[str, str]] = {
    "received": ("受理", "received"),
    "slots": ("选择时间", "choose a time"),
    "other_times": ("另选时间", "another time"),
    "booked": ("预约确认", "booked"),
    "rescheduled": ("改期", "moved"),
    "reminder": ("上门前提醒", "reminder"),
    "late": ("晚到", "late"),
    "quote": ("报价", "quote"),
    "link": ("重发链接", "a fresh link"),
    "merged": ("合并", "merged"),
    "unmerged": ("恢复单独处理", "unmerged"),
    "split": ("拆分", "split"),
    "answered": ("已答复", "answered"),
    "sign": ("请签字", "please sign"),
    "pay": ("待支付", "to pay"),
    "paid": ("收款", "paid"),
    "survey": ("评价", "survey"),
}
WITHOUT_LINK = ("reminder", "late")
LONGEST = 300  # characters: what some gateways split into five messages is read by nobody
_HOLE = re.compile(r"\{(\w*)\}")


def holes_of(template: str) -> frozenset[str]:
    """Give what may be filled into a text: what the product's own uses, and the number of the request."""
    found = {hole for text in TEXTS[template] for hole in _HOLE.findall(text)} | {"number"}
    return frozenset(found if template in WITHOUT_LINK else found | {"link"})


class Messages(Part):
    """messages.toml: texts that take the place of the product's, by template; customers' own words never go into one (A5)."""

    texts: dict[str, Text] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, content: Any) -> Any:
        """Let a pack say one language only: the other stays the product's."""
        if not isinstance(content, dict) or not isinstance(content.get("texts"), dict):
            return content
        texts = {
            code: {"zh": TEXTS[code][0], "en": TEXTS[code][1], **text} if code in TEXTS and isinstance(text, dict) else text
            for code, text in content["texts"].items()
        }  # fmt: skip
        return {**content, "texts": texts}

    @model_validator(mode="after")
    def _known(self) -> Messages:
        for code, text in self.texts.items():
            if code not in TEXTS:
                raise ValueError(f"no text {code!r}; expected {', '.join(TEXTS)}")
            allowed = holes_of(code)
            for language, words in (("zh", text.zh), ("en", text.en)):
                named = set(_HOLE.findall(words))
                if (
                    named - allowed
                    or words.count("{") != len(_HOLE.findall(words))
                    or words.count("}") != len(_HOLE.findall(words))
                ):
                    raise ValueError(
                        f"texts.{code}.{language}: holes may be {', '.join(f'{{{hole}}}' for hole in sorted(allowed))}"
                    )
                if code not in WITHOUT_LINK and "link" not in named:
                    raise ValueError(
                        f"texts.{code}.{language}: {{link}} is missing: the customer could do nothing"
                    )
                if not 4 <= len(words.strip()) <= LONGEST:
                    raise ValueError(f"texts.{code}.{language}: expected 4 to {LONGEST} characters")
        return self

    def text(self, template: str, language: str) -> str:
        """Give the text of a template in a language, with its holes."""
        english = language.startswith("en")
        own = self.texts.get(template)
        if own is not None:
            return own.en if english else own.zh
        zh, en = TEXTS[template]
        return en if english else zh
