// A series with its bands as a chart that can be read with the pointer and zoomed; the page's own picture stays for paper and
// for readers without scripts, and the table beside it holds every number.
"use strict";
(() => {
  const language = document.body.dataset.language === "zh" ? "zh-CN" : "en-GB";
  const short = new Intl.NumberFormat(language, { notation: "compact", maximumSignificantDigits: 4 });
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  const points = (told) => ({
    whole: told.published.filter((row) => row.whole_year).map((row) => [String(row.year), row.value]),
    part: told.published.filter((row) => !row.whole_year).map((row) => [String(row.year), row.value, row.period]),
    ahead: told.forecast || [],
  });

  // A band is two stacked lines: its lower end unseen, its width filled.
  const band = (level, ahead, start, name, order) => {
    const at = (row, value) => [String(row.year), value];
    const low = [...start, ...ahead.map((row) => at(row, row.low[level]))];
    const width = [...start.map(([year]) => [year, 0]), ...ahead.map((row) => at(row, row.high[level] - row.low[level]))];
    const shared = { type: "line", stack: level, symbol: "none", silent: true, lineStyle: { opacity: 0 }, z: order };
    return [
      { ...shared, name: `${name} low`, data: low },
      { ...shared, name, data: width, areaStyle: { color: colour("accent"), opacity: 0.1 + 0.06 * order } },
    ];
  };

  const options = (told, words) => {
    const { whole, part, ahead } = points(told);
    const start = whole.length ? [whole[whole.length - 1]] : [];
    const years = [...new Set([...whole, ...part].map(([year]) => year).concat(ahead.map((row) => String(row.year))))].sort();
    const levels = ahead.length ? Object.keys(ahead[0].low).sort((a, b) => b - a) : [];
    const bands = levels.flatMap((level, order) => band(level, ahead, start, level, order));
    const ink = { color: colour("ink") }, soft = { color: colour("soft") };
    const tell = (year) => {
      const lines = [year];
      for (const [at, value, period] of [...whole, ...part]) {
        if (at === year) lines.push(`${words.seen}${period ? ` (${period})` : ""}: ${short.format(value)}`);
      }
      for (const row of ahead) {
        if (String(row.year) !== year) continue;
        lines.push(`${words.median}: ${short.format(row.median)}`);
        for (const level of levels) {
          lines.push(`${Math.round(level * 100)} %: ${short.format(row.low[level])} – ${short.format(row.high[level])}`);
        }
      }
      return lines.join("\n");
    };
    return {
      animation: !window.matchMedia("(prefers-reduced-motion: reduce)").matches,
      textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
      grid: { left: 8, right: 16, top: 16, bottom: years.length > 12 ? 56 : 8, containLabel: true },
      xAxis: { type: "category", data: years, axisLabel: soft, axisLine: { lineStyle: { color: colour("line") } } },
      yAxis: {
        type: "value", axisLabel: { ...soft, formatter: (value) => short.format(value) }, splitLine: { lineStyle: { color: colour("line") } },
      },
      dataZoom: years.length > 12 ? [{ type: "slider", bottom: 8, height: 22, textStyle: soft }, { type: "inside" }] : [],
      tooltip: {
        trigger: "axis", renderMode: "richText", backgroundColor: colour("card"), borderColor: colour("line"), textStyle: ink,
        formatter: (shown) => tell(shown[0].axisValue),
      },
      series: [
        ...bands,
        { name: words.seen, type: "line", data: whole, symbolSize: 8, lineStyle: { color: colour("accent") }, itemStyle: { color: colour("accent") }, z: 9 },
        { name: words.part, type: "scatter", symbol: "diamond", symbolSize: 11, data: part, itemStyle: { color: colour("card"), borderColor: colour("accent"), borderWidth: 2 }, z: 9 },
        {
          name: words.median, type: "line", data: [...start, ...ahead.map((row) => [String(row.year), row.median])], symbolSize: 8, z: 9,
          lineStyle: { color: colour("accent"), type: "dashed" }, itemStyle: { color: colour("accent") }, symbol: "emptyCircle",
        },
      ],
    };
  };

  const draw = async (place) => {
    const answer = await fetch(place.dataset.source);
    if (!answer.ok) return;
    const told = await answer.json();
    place.hidden = false;
    let chart;
    const show = () => {
      chart?.dispose();
      chart = echarts.init(place, null, { renderer: "canvas" });
      chart.setOption(options(told, place.dataset));
    };
    show();
    document.getElementById(place.dataset.instead)?.classList.add("drawn-live");
    place.dataset.drawn = String(told.published.length);
    new ResizeObserver(() => chart.resize()).observe(place);
    dark.addEventListener("change", show);
  };
  for (const place of document.querySelectorAll("[data-chart]")) draw(place);
})();
