import 'uplot/dist/uPlot.min.css';
import './chart.css';

import { useEffect, useRef, useState } from 'react';
import uPlot from 'uplot';

import { useStore } from '../app/store';
import { darkMode } from '../app/theme';
import { type Series, thinned } from './chartData';
import { shortNumber } from './numbers';

export type { Series } from './chartData';

const COLORS = ['#688ae8', '#c33d69', '#2ea597', '#8456ce', '#e07941', '#3759ce', '#962249', '#096f64', '#6237a7', '#a84401'];

export function colorOf(index: number): string {
  return COLORS[index % COLORS.length]!;
}

interface Props {
  series: Series[];
  label: string; // what the chart shows, for those who do not see it
  time?: boolean; // x is seconds since 1970 (else steps)
  unit?: string;
  height?: number;
  zero?: boolean; // the y axis begins at 0
  // Text for those who cannot see the chart; without one: the last value of each series.
  summary?: string;
}

interface Range {
  from: number;
  to: number;
}

function extent(series: Series[]): Range {
  let from = Infinity;
  let to = -Infinity;
  for (const { x } of series) {
    if (x.length === 0) continue;
    from = Math.min(from, x[0]!);
    to = Math.max(to, x[x.length - 1]!);
  }
  if (!Number.isFinite(from)) return { from: 0, to: 1 };
  return from === to ? { from: from - 1, to: to + 1 } : { from, to };
}

function tables(series: Series[], range: Range, columns: number): uPlot.AlignedData {
  const parts = series.map(one => thinned(one, range.from, range.to, columns));
  if (parts.length === 0) return [[]];
  if (parts.length === 1) return [parts[0]!.x, parts[0]!.y];
  return uPlot.join(parts.map(part => [part.x, part.y] as uPlot.AlignedData));
}

const MANY = 2000; // points

function options(props: Props, width: number, dark: boolean, move: (range: Range) => void): uPlot.Options {
  const text = dark ? '#d1d5db' : '#414d5c';
  const grid = { stroke: dark ? '#414d5c' : '#e9ebed', width: 1 };
  const axis: uPlot.Axis = { stroke: text, grid, ticks: grid, font: '12px "Open Sans", sans-serif' };
  return {
    width,
    height: props.height ?? 240,
    scales: { x: { time: props.time ?? false, auto: false }, y: props.zero ? { range: (_, __, high) => [0, high > 0 ? high * 1.05 : 1] } : {} },
    axes: [axis, { ...axis, size: 64, values: (_, splits) => splits.map(value => (value === null ? '' : shortNumber(value) + (props.unit ?? ''))) }],
    series: [
      { label: props.time ? 'Time' : 'Step' },
      ...props.series.map((one, index): uPlot.Series => ({
        label: one.label,
        stroke: colorOf(index),
        // Thicker lines of thousands of points take ten times as long to draw.
        width: one.x.length > MANY ? 1 : 1.5,
        spanGaps: true,
        points: { show: one.x.length <= 60, size: 5 },
        value: (_, value) => (value === null || value === undefined ? '–' : shortNumber(value) + (props.unit ?? '')),
      })),
    ],
    cursor: { drag: { x: true, y: false, setScale: false }, focus: { prox: 24 } },
    legend: { live: true },
    hooks: {
      setSelect: [
        chart => {
          if (chart.select.width < 4) return;
          const from = chart.posToVal(chart.select.left, 'x');
          const to = chart.posToVal(chart.select.left + chart.select.width, 'x');
          chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          move({ from, to });
        },
      ],
    },
  };
}

// Lines over steps or time, as many points as there are: drag to zoom in, turn the wheel to zoom,
// Shift and wheel, or arrow keys, to move; double click or Home shows everything.
export function LineChart(props: Props) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(null);
  const latest = useRef(props);
  latest.current = props;
  const view = useRef<Range | undefined>(undefined); // undefined: everything, also what comes later
  const frame = useRef(0);
  const dark = useStore(darkMode);
  const [width, setWidth] = useState(0);
  const labels = props.series.map(one => one.label).join('\u0000');

  const draw = () => {
    window.cancelAnimationFrame(frame.current);
    frame.current = window.requestAnimationFrame(() => {
      const now = chart.current;
      if (!now) return;
      const range = view.current ?? extent(latest.current.series);
      now.batch(() => {
        now.setData(tables(latest.current.series, range, Math.max(50, Math.floor(now.bbox.width / devicePixelRatio))), false);
        now.setScale('x', { min: range.from, max: range.to });
      });
    });
  };
  const move = (range: Range | undefined) => {
    const all = extent(latest.current.series);
    if (range) {
      const span = Math.min(range.to - range.from, all.to - all.from);
      const from = Math.min(Math.max(range.from, all.from), all.to - span);
      view.current = span >= all.to - all.from ? undefined : { from, to: from + span };
    } else {
      view.current = undefined;
    }
    draw();
  };
  const zoom = (factor: number, shift: number, center = 0.5) => {
    const now = view.current ?? extent(latest.current.series);
    const span = now.to - now.from;
    const from = now.from + span * center * (1 - factor) + span * shift;
    move({ from, to: from + span * factor });
  };

  useEffect(() => {
    const observer = new ResizeObserver(entries => setWidth(Math.floor(entries[0]!.contentRect.width)));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    if (width === 0) return;
    const element = place.current!;
    const made = new uPlot(options(latest.current, width, dark, move), [[]], element);
    chart.current = made;
    const wheel = (event: WheelEvent) => {
      // A page that scrolls must not stop at each chart on the way.
      if (!event.ctrlKey && !event.shiftKey && !element.contains(document.activeElement)) return;
      event.preventDefault();
      const box = made.over.getBoundingClientRect();
      if (event.shiftKey) zoom(1, ((event.deltaX || event.deltaY) / box.width) * 0.5);
      else zoom(event.deltaY > 0 ? 1.25 : 0.8, 0, (event.clientX - box.left) / box.width);
    };
    const reset = () => move(undefined);
    made.over.addEventListener('wheel', wheel, { passive: false });
    made.over.addEventListener('dblclick', reset);
    draw();
    return () => {
      made.destroy();
      chart.current = null;
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- the rest is read when it is drawn
  }, [width, dark, labels, props.time, props.unit, props.height, props.zero]);

  useEffect(draw, [props.series]);

  const key = (event: React.KeyboardEvent) => {
    const acts: Record<string, () => void> = {
      ArrowLeft: () => zoom(1, -0.1),
      ArrowRight: () => zoom(1, 0.1),
      '+': () => zoom(0.8, 0),
      '-': () => zoom(1.25, 0),
      Home: () => move(undefined),
    };
    const act = acts[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };
  const summary =
    props.summary ??
    props.series
      .map(one => {
        const last = one.y[one.y.length - 1];
        return `${one.label}: ${one.y.length} points${last === null || last === undefined ? '' : `, the last ${shortNumber(last)}${props.unit ?? ''}`}`;
      })
      .join('; ');
  return (
    <div
      ref={place}
      className={dark ? 'clary-chart dark' : 'clary-chart'}
      style={{ minHeight: (props.height ?? 240) + 32 }}
      tabIndex={0}
      role="application"
      aria-roledescription="chart"
      aria-label={`${props.label}. ${summary}. Arrow keys move, plus and minus zoom, Home shows everything.`}
      onKeyDown={key}
    />
  );
}
