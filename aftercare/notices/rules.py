"""The texts that customers receive, and where a webhook may go."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping

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


def write_text(template: str, language: str, values: Mapping[str, str]) -> str:
    """Fill a template; customers' own words never go into one (A5)."""
    zh, en = TEXTS[template]
    return (en if language.startswith("en") else zh).format(**values)


def is_public(addresses: Iterable[str]) -> bool:
    """Say whether every address a name resolved to is a public one (A13)."""
    found = [ipaddress.ip_address(address) for address in addresses]
    return bool(found) and all(address.is_global and not address.is_multicast for address in found)


def wants(events: Iterable[str], name: str) -> bool:
    """Say whether a subscription (`work_order.completed`, `work_order.*`, `*`) covers a fact."""
    return any(
        event in ("*", name) or (event.endswith(".*") and name.startswith(event[:-1])) for event in events
    )
