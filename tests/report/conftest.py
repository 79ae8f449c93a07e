"""A plan's answer made by hand, and a district that is only a mapping."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from qujiang.plan.result import Binder, LandmarkAnswer, MeasureAnswer, PlanResult

T = "tonnes_per_year"


class FakeDistrict(dict[str, pl.DataFrame]):
    """What the report reads of a district."""

    def __init__(self, tables: dict[str, pl.DataFrame], assumed: pl.DataFrame, folder: Path | None = None) -> None:
        super().__init__(tables)
        self.assumed = assumed
        self.folder = folder

    def assumptions(self) -> pl.DataFrame:
        return self.assumed


def a_measure(
    id: str, name_zh: str, name_en: str, unit: str, today=None, target=None, median=None, **options
) -> MeasureAnswer:
    values = {
        "bound": ">=",
        "counts": True,
        "today_status": "documented" if today is not None else None,
        "target_year": 2027 if target is not None else None,
        "target_status": "documented" if target is not None else None,
        "target_year_status": "assumed" if target is not None else None,
        "basis": "latest published growth carried on" if median is not None else "",
        "basis_zh": "按最近公布的增速延续" if median is not None else "",
        "status": "off_track",
        "reason": "",
        "reason_zh": "",
        "required_growth_percent_per_year": None,
        "assumed": median is not None,
        "source": "PLAN",
    }
    return MeasureAnswer(
        id=id,
        name_zh=name_zh,
        name_en=name_en,
        unit=unit,
        today=today,
        target=target,
        median=median,
        **(values | options),
    )


LIMITS = (
    Binder("demand that chooses the port", "选择本港的货运需求", "demand", 1_620_000.0, T, 5_380_000.0),
    Binder("documented berth capacity", "泊位核定能力", "berth_documented", 0.0, T, 7_000_000.0, assumed=False),
    Binder("berths by the design code", "泊位（设计规范）", "berth_design_code", 0.0, T, 8_350_000.0),
    Binder("berths at wait/service 0.1", "泊位（等待/服务比 0.1）", "berth_service_level", 0.0, T, 10_900_000.0),
    Binder("Fuchunjiang lock", "富春江船闸", "lock_physical", 0.0, T, 21_400_000.0),
    Binder("gate lanes", "闸口车道", "gate", 0.0, T, None),
)

NONE_TODAY = {"status": "untestable", "reason": "no figure of today", "reason_zh": "没有今日数据"}
GROWTH = (
    Binder("growth: one percentage point a year more", "增速: 每年多一个百分点", "growth", 2.4e8, "yuan_per_year", 3.5),
)
COST = (
    Binder("empty running", "空驶", "cost", 1.8, "yuan_per_t", 5.0),
    Binder("hours in port", "在港时间", "cost", 1.1, "yuan_per_t", 12.0),
)

MEASURES = {
    1: (
        a_measure("m11", "港区年吞吐量", "throughput of the Qujiang port area", T, 4.2e6, 1e7, 5.38e6, binds=LIMITS,
                  low=4.4e6, high=6.1e6, required_growth_percent_per_year=33.5),
        a_measure("m12", "与龙游港区吞吐量之比", "throughput of Qujiang over Longyou", "ratio", 0.88, 1.0, 0.91, today_status="assumed"),
        a_measure("m13", "集装箱量", "containers", "teu_per_year", 15_000.0, 40_000.0, 19_200.0, target_status="assumed"),
        a_measure("m14", "每吨航运费", "water freight", "yuan_per_t", 17.0, 17.0, 16.4, bound="<=", status="met", binds=COST),
        a_measure("m15", "百亿贸易", "port trade", "yuan_per_year", None, 1e10, counts=False, **NONE_TODAY),
    ),
    2: (
        a_measure("m21", "楼宇入驻企业", "tenants in office buildings", "companies", 500.0, 650.0, 500.0),
        a_measure("m22", "每家企业建筑面积", "gross floor area per tenant", "m2_per_company", 2000.0, 1600.0, 2000.0, bound="<="),
        a_measure("m23", "入驻率", "occupancy", "percent", counts=False, **NONE_TODAY),
        a_measure("m24", "单位面积税收", "tax per m2", "yuan_per_m2_year", counts=False, **NONE_TODAY),
    ),
    3: (
        a_measure("m31", "社会消费品零售总额", "retail sales", "yuan_per_year", 1.17e10, 1.29e10, 1.253e10, binds=GROWTH),
        a_measure("m32", "占全市比重", "share of the city in retail sales", "percent", 12.0, 13.0, 12.0),
        a_measure("m33", "每元补贴的增量消费", "extra spending per yuan of subsidy", "yuan_per_yuan", 4.4, 3.0, 4.4, status="met"),
    ),
    4: (
        a_measure("m41", "短剧年拍摄数", "dramas shot per year", "dramas_per_year", 343.0, 1000.0, 343.0),
        a_measure("m42", "短剧年营收", "short-drama revenue per year", "yuan_per_year", 5.1e8, 2e9, 5.1e8),
        a_measure("m43", "短剧年人流量", "visits by short drama per year", "person_visits_per_year", 86_000.0, 350_000.0, 86_000.0),
    ),
    5: (
        a_measure("m51", "高品质演出", "quality performances per year", "performances_per_year", 240.0, 300.0, 310.0, status="on_track"),
        a_measure("m52", "体育馆赛事", "gymnasium events per year", "events_per_year", 15.0, 20.0, 21.0, status="on_track"),
        a_measure("m54", "过夜人次", "nights spent", "nights_per_year", counts=False, **NONE_TODAY),
    ),
    6: (
        a_measure("m62", "办结时长", "working hours to close a request", "working_hours", None, 8.0, bound="<=", **NONE_TODAY),
        a_measure("m63", "船舶过闸申报时长", "lock declaration", "minutes", None, 1.0, bound="<=", **NONE_TODAY),
    ),
}  # fmt: skip

LANDMARKS = tuple(
    LandmarkAnswer(number, zh, en, status, "missed in the base future: x", "基准情形下达不到：x", MEASURES[number])
    for number, zh, en, status in (
        (1, "四省边际最大内河枢纽港", "largest inland hub port on the four-province border", "off_track"),
        (2, "浙西楼宇经济集群新标杆", "new benchmark of the west-Zhejiang office-building economy", "off_track"),
        (3, "区域品质消费高地", "regional height of quality consumption", "off_track"),
        (4, "长三角最具影响力短剧产业基地", "most influential short-drama base of the Yangtze delta", "off_track"),
        (
            5,
            "四省边际知名康养旅游目的地",
            "known wellness and tourism destination of the four-province border",
            "on_track",
        ),
        (
            6,
            "四省边际服务业营商环境最优区",
            "best service-business environment of the four-province border",
            "untestable",
        ),
    )
)

PLACES = (
    ("qj_port", "衢江港区", "Qujiang port area", "hub", 118.94, 28.978),
    ("kecheng", "柯城区 (衢州城区)", "Kecheng (Quzhou city)", "hinterland", 118.86861, 28.95944),
    ("jiangshan", "江山市", "Jiangshan", "hinterland", 118.627, 28.737),
    ("longyou_port", "龙游港区桥头江", "Longyou port (Qiaotoujiang)", "water_port", 119.2918, 29.06451),
    ("lanxi", "兰溪 (马公滩)", "Lanxi (Magongtan)", "water_port", 119.458, 29.205),
    ("meicheng", "建德梅城", "Meicheng (Jiande)", "junction", 119.49907, 29.54289),
    ("hangzhou", "杭州市", "Hangzhou", "water_city", 120.16142, 30.29365),
    ("jiaxing", "嘉兴市", "Jiaxing", "water_city", 120.75, 30.7522),
    ("shanghai", "上海市", "Shanghai", "water_city", 121.45806, 31.22222),
    ("ningbo", "宁波市", "Ningbo", "water_city", 121.54945, 29.87819),
    ("jinhua", "金华市", "Jinhua", "water_city", 119.64421, 29.10678),
    ("nowhere", "无处", "Nowhere", "hinterland", None, None),
)

LINKS = (
    ("water", "qj_port", "longyou_port", 2.1e6), ("water", "longyou_port", "qj_port", 2.0e6),
    ("water", "longyou_port", "lanxi", 2.0e6), ("water", "lanxi", "meicheng", 1.9e6), ("water", "meicheng", "hangzhou", 1.8e6),
    ("water", "hangzhou", "jiaxing", 1.2e6), ("water", "jiaxing", "shanghai", 6e5), ("road", "kecheng", "qj_port", 9e5),
    ("road", "jiangshan", "qj_port", 4e5), ("rail", "kecheng", "jinhua", 7e5), ("rail", "jinhua", "ningbo", 6e5),
    ("road", "jinhua", "ningbo", 1.0), ("road", "nowhere", "qj_port", 5.0),
)  # fmt: skip


@pytest.fixture
def result() -> PlanResult:
    """A plan's answer with every kind of state in it."""
    links = pl.DataFrame(LINKS, schema=["mode", "from_place", "to_place", "flow_t_per_year"], orient="row")
    return PlanResult(
        district={"id": "qujiang", "name_zh": "衢江区", "name_en": "Qujiang", "base_year": 2024, "target_year": 2027, "hash": "abc"},
        scenario=None,
        landmarks=LANDMARKS,
        limits=LIMITS,
        residuals=(
            {"fact": "throughput", "name_en": "throughput of the port", "use": "fit", "unit": T, "fact_value": 4.2e6,
             "low": 3.99e6, "high": 4.41e6, "model_value": 4.19e6, "met": True, "note": "year inferred (2024)"},
            {"fact": "freight_now", "name_en": "water freight now", "use": "check", "unit": "yuan_per_t", "fact_value": 17.0,
             "low": 14.0, "high": 20.0, "model_value": 27.3, "met": False, "note": "never an input"},
            {"fact": "box_saving", "name_en": "saving against truck", "use": "hold_out", "unit": "yuan_per_teu", "fact_value": 400.0,
             "low": 300.0, "high": 500.0, "model_value": None, "met": None, "note": ""},
        ),
        calibration=({"name": "logit_scale", "before": 0.2, "low": 0.05, "high": 0.6, "after": 0.31},),
        modal_constants=(
            {"mode": "water", "yuan_per_t": 3.2, "explained": True},
            {"mode": "rail", "yuan_per_t": -14.6, "explained": False},
        ),
        locks=(
            {"lock": "fuchunjiang", "name_zh": "富春江船闸", "name_en": "Fuchunjiang lock", "lon_deg": 119.646, "lat_deg": 29.713,
             "own_t": 4.1e6, "own_vessels": 6000.0, "background_vessels": 41_000.0, "capacity_vessels": 45_000.0,
             "capacity_t": 3.8e7, "nominal_t": 2.9e7, "load_share": 1.04, "refuted": False},
            {"lock": "tadi", "name_zh": "塔底船闸", "name_en": "Tadi lock", "lon_deg": 118.9, "lat_deg": 28.96, "own_t": 0.0,
             "own_vessels": 0.0, "background_vessels": 0.0, "capacity_vessels": 70_000.0, "capacity_t": 0.0, "nominal_t": 1.6e7,
             "load_share": None, "refuted": True},
        ),
        figures={"throughput_today_t_per_year": 4.2e6, "mean_haul_km": 412.3, "water+rail_t_per_year": 1.2e5},
        tables={"freight/links": links, "port/calls": pl.DataFrame({"terminal": ["qj1"], "classes": [["v500", "v800"]]})},
        run={"version": "0.1.0", "packages": {"polars": "2"}, "input_hash": "abc", "seed": None},
    )  # fmt: skip


@pytest.fixture
def district() -> FakeDistrict:
    """A district of tables only."""
    schema = ["id", "name_zh", "name_en", "kind", "lon_deg", "lat_deg"]
    places = pl.DataFrame(PLACES, schema=schema, orient="row").with_columns(coord_source=pl.lit(["G1"]))
    assumed = pl.DataFrame(
        {
            "table": ["rates"] * 55,
            "row_id": [f"r{i}" for i in range(55)],
            "column": ["rate_value"] * 55,
            "value": [0.32] * 55,
            "low": [0.28] * 55,
            "high": [0.5] * 55,
            "unit": ["yuan_per_t_km"] * 55,
            "source": ["ASSUME"] * 55,
        }
    )
    tables = {
        "places": places,
        "measures": pl.DataFrame({"id": ["m11", "m12"], "note": ["value documented, year assumed", None]}),
        "sources": pl.DataFrame({"id": ["G1"], "title": ["GeoNames gazetteer (CC BY 4.0)"]}),
    }
    return FakeDistrict(tables, assumed)


HOSTILE = '<img src="http://x.example/a" onerror=alert(1)>&"\''


@pytest.fixture
def hostile(result: PlanResult, district: FakeDistrict) -> tuple[PlanResult, FakeDistrict, str]:
    """The same with markup wherever a user can write."""
    measure = replace(MEASURES[1][0], name_en=HOSTILE, name_zh=HOSTILE, reason=HOSTILE, basis=HOSTILE,
                      binds=(Binder(HOSTILE, HOSTILE, HOSTILE, 1.0, HOSTILE),))  # fmt: skip
    landmark = replace(LANDMARKS[0], name_en=HOSTILE, name_zh=HOSTILE, reason=HOSTILE, measures=(measure,))
    lock = {**result.locks[0], "name_en": HOSTILE, "name_zh": HOSTILE}
    residual = {**result.residuals[1], "name_en": HOSTILE, "note": HOSTILE, "use": HOSTILE, "unit": HOSTILE}
    hostile_result = replace(
        result,
        district={**result.district, "name_en": HOSTILE, "name_zh": HOSTILE},
        scenario={"name": HOSTILE, "name_zh": HOSTILE, "name_en": HOSTILE, "reason": HOSTILE},
        landmarks=(landmark, *LANDMARKS[1:]),
        limits=(Binder(HOSTILE, HOSTILE, HOSTILE, 2.0, T, 3.0),),
        residuals=(residual,),
        calibration=({**result.calibration[0], "name": HOSTILE},),
        modal_constants=({"mode": HOSTILE, "yuan_per_t": 20.0, "explained": False},),
        locks=(lock,),
        figures={HOSTILE: 1.0},
        run={HOSTILE: HOSTILE},
    )
    names = district["places"].with_columns(
        name_en=pl.lit(HOSTILE), name_zh=pl.lit(HOSTILE), coord_source=pl.lit([HOSTILE])
    )
    notes = pl.DataFrame({"id": ["m11"], "note": [HOSTILE]})
    assumed = district.assumed.with_columns(
        pl.col("table", "row_id", "column", "unit", "source").str.replace(".*", HOSTILE, literal=False)
    )
    tables = {"places": names, "measures": notes, "sources": district["sources"]}
    return hostile_result, FakeDistrict(tables, assumed), HOSTILE
