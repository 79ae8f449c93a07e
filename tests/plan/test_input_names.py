"""What is drawn is named in both languages, whatever its kind; the English name is the one that the input carries."""

from __future__ import annotations

import re

import pytest

from qujiang.district import District
from qujiang.freight.rates import NEEDED
from qujiang.plan.delays import Delay, Delays
from qujiang.plan.draws import EQUIPMENT, HELD, Input, triangular
from qujiang.plan.effects import read_effects
from qujiang.plan.futures import build_model
from qujiang.plan.input_names import ALONE, OF_ROW, SPECIAL, input_name, row_names, with_names
from qujiang.plan.port import answer_port, target_year
from qujiang.words import Both

CHINESE = re.compile(r"[\u4e00-\u9fff]")
#: English names of these come from the district's own table, or from the code of the item.
OWN_ENGLISH = ("rates", "port_equipment", "factor")


@pytest.fixture(scope="module")
def items(district: District) -> dict[str, Input]:
    """Every input of the bundled district's futures, the delay of a project beside them."""
    port = answer_port(district, district, target_year(district["measures"], district.info.base_year))
    model = build_model(district, district, port)
    assert model.target is not None and model.base is not None
    late = Delays((Delay("p1", "七里通道", "Qili passage", 2027.0, 0.0, 3.0, 24.0, True, False),), (), {}, {})
    every = (*model.target.inputs.items, *model.base.inputs.items, *model.foresight.items, *late.inputs.items)
    return {item.key: item for item in every}


def test_every_input_has_a_chinese_name_that_holds_no_english_code(items) -> None:
    nameless = [item.key for item in items.values() if not CHINESE.search(item.name_zh)]
    assert nameless == []
    assert [item.name_zh for item in items.values() if re.search(r"[a-z]_[a-z]|\{", item.name_zh)] == []


def test_every_kind_that_is_known_is_drawn_or_belongs_to_a_room_of_its_own(items, district) -> None:
    drawn = {key.partition(":")[0] for key in items}
    assert read_effects(district, ["k08"]).items[0].key.partition(":")[0] == "project"  # of projects that are open
    assert drawn - {"economy"} == {*ALONE, *OF_ROW, *SPECIAL} - {"economy", "project"}


def test_the_english_words_are_those_that_the_input_carries(items, district) -> None:
    names = row_names(district.frames) | {("projects", "p1"): Both("Qili passage", "七里通道")}
    names |= {("areas", name): Both(area.name_en or name, name) for name, area in (district.info.areas or {}).items()}
    compared = [item for item in items.values() if item.key.partition(":")[0] not in OWN_ENGLISH]
    assert len(compared) > 60
    for item in compared:
        told = input_name(item.key, names)
        assert told is not None and told.en == item.name_en, item.key


def test_rates_and_equipment_that_may_be_drawn_have_words() -> None:
    keys = [f"rates:{name}" for name in (*NEEDED, "truck_payload") if name not in HELD]
    keys += [f"port_equipment:{name}" for name in EQUIPMENT]
    for key in keys:
        told = input_name(key, {})
        assert told is not None and CHINESE.search(told.zh), key


def test_names_come_from_the_rows() -> None:
    names = {("locks", "anren"): Both("Anren lock", "安仁船闸"), ("peer_ports", "yuhang"): Both("Yuhang", "余杭港区")}
    assert input_name("rates:lock_wait_h.anren", names) == Both("wait at Anren lock", "安仁船闸等待时间")
    assert input_name("peer:yuhang:2024", names) == Both("throughput of Yuhang in 2024", "余杭港区2024年吞吐量")
    assert input_name("economy:衢江区:retail_sales", {}) == Both(
        "growth of retail sales of 衢江区", "衢江区社会消费品零售总额增速"
    )
    landmark = input_name("factor:landmark 3", {})
    assert landmark is not None and landmark.zh == "标志性成果3：共同变动部分"


def test_a_name_of_its_own_stays_and_an_unknown_kind_keeps_none() -> None:
    own = Input("growth:coal", "growth of coal", 0, 0.5, 1, "uniform", name_zh="煤")
    other = triangular("rain:may", "rain in May", 0, 1, 2)
    assert other is not None and input_name("rain:may", {}) is None
    assert [item.name_zh for item in with_names((own, other), {})] == ["煤", ""]
