import Box from '@cloudscape-design/components/box';
import { useCallback, useMemo, useState } from 'react';

import { Canvas, fitted, type Ink } from './Canvas';
import { shortNumber } from './numbers';

export interface Dot {
  id: string;
  x: number; // 0 to 1
  y: number;
  marked?: boolean;
}

interface Props {
  label: string; // under the picture: what x is
  ticks: { at: number; text: string }[];
  dots: Dot[];
  unit: string; // what y is
  told: (id: string) => string; // of the dot under the pointer
  height?: number;
}

const LEFT = 60;
const RIGHT = 12;
const TOP = 10;
const BOTTOM = 24;

function extent(dots: Dot[]) {
  let low = Infinity;
  let high = -Infinity;
  for (const { y } of dots) {
    low = Math.min(low, y);
    high = Math.max(high, y);
  }
  if (!Number.isFinite(low)) return { low: 0, high: 1 };
  const margin = (high - low || Math.abs(high) || 1) * 0.05;
  return { low: low - margin, high: high + margin };
}

function frame(pen: CanvasRenderingContext2D, width: number, height: number, ink: Ink, ticks: Props['ticks'], low: number, high: number) {
  pen.strokeStyle = ink.grid;
  pen.fillStyle = ink.text;
  pen.lineWidth = 1;
  const inner = width - LEFT - RIGHT;
  const room = inner / ticks.length - 4;
  ticks.forEach(tick => {
    const x = LEFT + tick.at * inner;
    pen.textAlign = tick.at <= 0 ? 'left' : tick.at >= 1 ? 'right' : 'center';
    pen.fillText(fitted(pen, tick.text, room), x, height - 6);
    pen.beginPath();
    pen.moveTo(x + 0.5, TOP);
    pen.lineTo(x + 0.5, height - BOTTOM);
    pen.stroke();
  });
  pen.textAlign = 'right';
  for (const at of [0, 0.5, 1]) {
    const y = TOP + (1 - at) * (height - TOP - BOTTOM);
    pen.fillText(shortNumber(low + at * (high - low)), LEFT - 6, y + 4);
    pen.beginPath();
    pen.moveTo(LEFT, Math.round(y) + 0.5);
    pen.lineTo(width - RIGHT, Math.round(y) + 0.5);
    pen.stroke();
  }
}

// Points over one axis; the one under the pointer is told in words.
export function ScatterPlot({ label, ticks, dots, unit, told, height = 180 }: Props) {
  const [near, setNear] = useState('');
  const { low, high } = useMemo(() => extent(dots), [dots]);
  const place = useCallback(
    (dot: Dot, width: number, tall: number) => ({
      x: LEFT + dot.x * (width - LEFT - RIGHT),
      y: TOP + (1 - (dot.y - low) / (high - low)) * (tall - TOP - BOTTOM),
    }),
    [low, high]
  );
  const draw = useCallback(
    (pen: CanvasRenderingContext2D, width: number, tall: number, ink: Ink) => {
      frame(pen, width, tall, ink, ticks, low, high);
      const ordered = [...dots].sort((a, b) => Number(a.marked ?? false) - Number(b.marked ?? false));
      for (const dot of ordered) {
        const at = place(dot, width, tall);
        pen.globalAlpha = dot.marked || dot.id === near ? 1 : 0.6;
        pen.fillStyle = dot.marked ? ink.mark : ink.line;
        pen.beginPath();
        pen.arc(at.x, at.y, dot.marked || dot.id === near ? 5 : 3.5, 0, 2 * Math.PI);
        pen.fill();
      }
      pen.globalAlpha = 1;
    },
    [dots, ticks, low, high, place, near]
  );
  const point = (x: number, y: number, width: number, tall: number) => {
    let found = '';
    let least = 16 ** 2;
    for (const dot of dots) {
      const at = place(dot, width, tall);
      const away = (at.x - x) ** 2 + (at.y - y) ** 2;
      if (away < least) [least, found] = [away, dot.id];
    }
    setNear(found);
  };
  return (
    <div>
      <Canvas label={`${unit} over ${label}: ${dots.length} training jobs`} height={height} draw={draw} point={point} leave={() => setNear('')} />
      <Box textAlign="center" fontSize="body-s" color="text-body-secondary">
        {near ? told(near) : label}
      </Box>
    </div>
  );
}
