"""Wording of the port page: (English, Chinese) by key."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    "web.port.lead": (
        "How long do ships wait, what is short, and what would more berths or cranes do?",
        "船舶要等多久、哪里最紧、增加泊位或设备会怎样？",
    ),
    "web.port.now": ("The port today", "今日港口"),
    "web.port.changed": ("The port with your change", "调整后的港口"),
    "web.port.compared": ("Today beside your change", "今日与调整后对比"),
    "web.port.is.now": ("today", "今日"),
    "web.port.is.changed": ("your change", "调整后"),
    "web.port.flow": ("Throughput", "吞吐量"),
    "web.port.calls": ("Calls a year", "年到港船次"),
    "web.port.stay": ("Mean time in port", "平均在港时间"),
    "web.port.binds": ("Most waited for", "等待最多的环节"),
    "web.port.interval": (
        "95 % interval {low} to {high}, from {count} simulated years. Berths, cranes and their rates are assumed.",
        "95%区间{low}至{high}，模拟{count}个年度。泊位、设备及其效率为假定值。",
    ),
    "web.port.limits": (
        "A simulation is given a few seconds; its interval says how sure it is.",
        "模拟限时数秒，区间宽度反映其精度。",
    ),
    "web.port.no_month": (
        "How long ships wait in the busiest month could not be told within the seconds given: near its limit a port settles slowly.",
        "最繁忙月份的等待时间未能在限时内算出：接近极限的港口收敛很慢。",
    ),
    "web.port.what_if": ("What if?", "假如……"),
    "web.port.tonnes": ("Tonnes a year, in and out", "年吞吐量（吨，进出合计）"),
    "web.port.berths": ("Berths", "泊位"),
    "web.port.cranes": ("Cranes", "起重机"),
    "web.port.today": ("today {value}", "现有{value}"),
    "web.port.run": ("Simulate", "模拟"),
    "web.port.reset": ("Back to today", "恢复现状"),
    "web.port.idle": ("{count} stages where nobody waits", "无需等待的{count}个环节"),
    "web.port.before": ("Wait today", "现状等待"),
    "web.port.play": ("Play", "播放"),
    "web.port.pause": ("Pause", "暂停"),
    "web.port.back": ("One hour back", "后退一小时"),
    "web.port.on": ("One hour on", "前进一小时"),
    "web.port.hour": ("Hour of the week", "本周第几小时"),
    "web.port.show": ("Show this hour", "查看该时刻"),
    "web.port.told": (
        "Day {day}, {hour}:00 – {berths} of {all} berths in use, {anchored} at anchor, {arriving} on their way in.",
        "第{day}天{hour}时：{all}个泊位中{berths}个在用，锚地{anchored}艘，即将到港{arriving}艘。",
    ),
    "web.port.arriving": ("coming within {hours} h", "{hours}小时内到港"),
    "web.port.bar": ("length of the bar", "条形长度"),
    "web.port.no_week": (
        "An overloaded port has no week to show: its queues have no end.",
        "超负荷的港口没有可供演示的一周：队列会无限增长。",
    ),
    "web.port.day.berthed": ("Vessels that berth", "靠泊船次"),
    "web.port.day.in_use": ("Berths in use, mean", "平均在用泊位"),
    "web.port.day.waiting": ("At anchor at once, most", "锚地最多船数"),
    "web.port.fault.tonnes": ("Write tonnes from {low} to {high}.", "请填写{low}至{high}之间的吨数。"),
    "web.port.fault.whole": ("Write a whole number.", "请填写整数。"),
    "web.port.fault.berths": ("From 1 to {berths} berths.", "泊位数须为1至{berths}。"),
    "web.port.fault.cranes": ("From 1 to {cranes} cranes.", "起重机数须为1至{cranes}。"),
    "web.port.fault.all": ("At most {most} berths in all.", "泊位合计最多{most}个。"),
}
