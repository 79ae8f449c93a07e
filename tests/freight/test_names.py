"""Names are found as people write them."""

from __future__ import annotations

import pytest

from qujiang.errors import ScenarioError
from qujiang.freight.names import index_names

PLACES = index_names(
    "place",
    [
        ("qujiang", "衢江区 (樟潭)", "Qujiang district", ["衢江", "Qujiang"]),
        ("changshan", "常山县", "Changshan", ["常山", "Changshan county seat"]),
        ("suzhou", "苏州市", "Suzhou", ["苏州"]),
        ("taizhou_js", "泰州市 (高港)", "Taizhou (Gaogang)", ["泰州", "高港"]),
        ("taizhou_zj", "台州市", "Taizhou (Zhejiang)", ["台州"]),
        ("changshu", "常熟", "Changshu", []),
    ],
)


@pytest.mark.parametrize(
    ("text", "id_"),
    [
        ("suzhou", "suzhou"), ("苏州市", "suzhou"), ("苏州", "suzhou"), ("Suzhou", "suzhou"), (" SUZHOU ", "suzhou"),
        ("常山县", "changshan"), ("常山", "changshan"), ("changshan county seat", "changshan"), ("衢江区", "qujiang"),
        ("qujiang district", "qujiang"), ("changshu", "changshu"), ("changsha", "changshan"), ("苏州县", "suzhou"),
    ],
)  # fmt: skip
def test_found(text, id_):
    assert PLACES.ids[PLACES.find(text)] == id_


def test_an_ambiguous_name_lists_its_candidates():
    with pytest.raises(ScenarioError, match=r"taizhou_js .*taizhou_zj") as told:
        PLACES.find("Taizhou")
    assert "several places" in str(told.value)


def test_an_ambiguous_prefix_lists_its_candidates():
    with pytest.raises(ScenarioError, match=r"changshan .*changshu"):
        PLACES.find("chang")


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(ScenarioError, match="did you mean suzhou"):
        PLACES.find("Suzhuo")


def test_nothing_at_all():
    with pytest.raises(ScenarioError, match="must be named"):
        PLACES.find("  ")
    with pytest.raises(ScenarioError, match="no place is called Atlantis"):
        PLACES.find("Atlantis")
