// Charts: the throughput over time, and a sparkline for a row of a table.
import uPlot from './lib/uplot.js';
import {svg} from './lib/lit-html.js';

/** Keeps a chart in the element; returns how to give it new data. `series`: {label, colour} each. */
export function chart(element, series, signal) {
  const style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue('--quiet');
  const grid = {stroke: style.getPropertyValue('--line'), width: 1};
  const plot = new uPlot({
    width: element.clientWidth - 16,
    height: 220,
    cursor: {drag: {x: false, y: false}},
    scales: {y: {range: (u, least, most) => [0, Math.max(1, most ?? 1) * 1.1]}},
    axes: [{stroke: ink, grid}, {stroke: ink, grid, size: 60}],
    series: [{}, ...series.map(({label, colour}) => ({label, stroke: style.getPropertyValue(colour), width: 2, points: {show: false}}))],
  }, series.map(() => []).concat([[]]), element);
  const resize = () => plot.setSize({width: element.clientWidth - 16, height: 220});
  addEventListener('resize', resize, {signal});
  signal.addEventListener('abort', () => plot.destroy());
  return data => plot.setData(data);
}

/** The numbers as a line, for the eye; what it tells is in the text beside it. */
export function sparkline(numbers) {
  const most = Math.max(1, ...numbers);
  const points = numbers.map((n, i) => `${(i * 100) / Math.max(1, numbers.length - 1)},${19 - (n * 18) / most}`).join(' ');
  return svg`<svg class="spark" viewBox="0 0 100 20" preserveAspectRatio="none" aria-hidden="true"><polyline points=${points} fill="none" stroke="currentColor" stroke-width="1.5" vector-effect="non-scaling-stroke"></polyline></svg>`;
}
