"""Names of the sections of GB/T 4754-2017."""

from __future__ import annotations

SECTOR_NAMES: dict[str, tuple[str, str]] = {
    "A": ("农、林、牧、渔业", "farming, forestry, fishing"),
    "B": ("采矿业", "mining"),
    "C": ("制造业", "manufacturing"),
    "D": ("电力、热力、燃气及水生产和供应业", "power, heat, gas, water"),
    "E": ("建筑业", "construction"),
    "F": ("批发和零售业", "wholesale and retail"),
    "G": ("交通运输、仓储和邮政业", "transport, storage, post"),
    "H": ("住宿和餐饮业", "lodging and catering"),
    "I": ("信息传输、软件和信息技术服务业", "information and software"),
    "J": ("金融业", "finance"),
    "K": ("房地产业", "real estate"),
    "L": ("租赁和商务服务业", "leasing and business services"),
    "M": ("科学研究和技术服务业", "research and technical services"),
    "N": ("水利、环境和公共设施管理业", "water, environment, public facilities"),
    "O": ("居民服务、修理和其他服务业", "household services and repair"),
    "P": ("教育", "education"),
    "Q": ("卫生和社会工作", "health and social work"),
    "R": ("文化、体育和娱乐业", "culture, sport, entertainment"),
    "S": ("公共管理、社会保障和社会组织", "public administration"),
    "T": ("国际组织", "international organisations"),
}
