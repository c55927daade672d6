import Box from '@cloudscape-design/components/box';
import { useCallback, useState } from 'react';

import { Canvas, fitted, type Ink } from './Canvas';

export interface ParallelAxis {
  name: string;
  ticks: { at: number; text: string }[];
}

export interface ParallelLine {
  id: string;
  at: (number | undefined)[]; // on each axis, 0 to 1
  quality: number; // 0 to 1: the better, the stronger its colour
  marked?: boolean;
}

interface Props {
  label: string;
  axes: ParallelAxis[];
  lines: ParallelLine[];
  told: (id: string) => string;
  height?: number;
}

const SIDE = 48;
const TOP = 28;
const BOTTOM = 14;

function across(index: number, count: number, width: number): number {
  return count === 1 ? width / 2 : SIDE + (index * (width - 2 * SIDE)) / (count - 1);
}

function down(at: number, height: number): number {
  return TOP + (1 - at) * (height - TOP - BOTTOM);
}

function drawAxes(pen: CanvasRenderingContext2D, width: number, height: number, ink: Ink, axes: ParallelAxis[]) {
  const room = (width - 2 * SIDE) / Math.max(1, axes.length - 1) - 12;
  axes.forEach((axis, index) => {
    const x = across(index, axes.length, width);
    const last = index === axes.length - 1 && index > 0;
    pen.strokeStyle = ink.text;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(x, TOP);
    pen.lineTo(x, height - BOTTOM);
    pen.stroke();
    pen.fillStyle = ink.text;
    pen.textAlign = index === 0 ? 'left' : last ? 'right' : 'center';
    pen.font = 'bold 12px "Open Sans", sans-serif';
    pen.fillText(fitted(pen, axis.name, room), index === 0 ? 4 : last ? width - 4 : x, 14);
    pen.font = '11px "Open Sans", sans-serif';
    pen.textAlign = last ? 'left' : 'right';
    for (const tick of axis.ticks) pen.fillText(fitted(pen, tick.text, SIDE - 6), last ? x + 4 : x - 4, down(tick.at, height) + 4);
  });
}

function trace(pen: CanvasRenderingContext2D, line: ParallelLine, width: number, height: number) {
  pen.beginPath();
  let open = false;
  line.at.forEach((at, index) => {
    if (at === undefined) {
      open = false;
      return;
    }
    const x = across(index, line.at.length, width);
    if (open) pen.lineTo(x, down(at, height));
    else pen.moveTo(x, down(at, height));
    open = true;
  });
  pen.stroke();
}

// How far a line is from a point, up and down.
function distance(line: ParallelLine, x: number, y: number, width: number, height: number): number {
  const count = line.at.length;
  for (let index = 1; index < count; ++index) {
    const left = across(index - 1, count, width);
    const right = across(index, count, width);
    if (x < left || x > right) continue;
    const [a, b] = [line.at[index - 1], line.at[index]];
    if (a === undefined || b === undefined) return Infinity;
    return Math.abs(down(a + ((b - a) * (x - left)) / (right - left), height) - y);
  }
  return Infinity;
}

// One line for each thing through all of its values: where good ones come together is where to look.
export function ParallelPlot({ label, axes, lines, told, height = 320 }: Props) {
  const [near, setNear] = useState('');
  const draw = useCallback(
    (pen: CanvasRenderingContext2D, width: number, tall: number, ink: Ink) => {
      const ordered = [...lines].sort((a, b) => a.quality - b.quality);
      for (const line of ordered) {
        pen.globalAlpha = 0.1 + 0.6 * line.quality ** 2;
        pen.strokeStyle = ink.line;
        pen.lineWidth = 1 + line.quality;
        trace(pen, line, width, tall);
      }
      pen.globalAlpha = 1;
      for (const line of ordered.filter(one => one.marked || one.id === near)) {
        pen.strokeStyle = line.marked ? ink.mark : ink.text;
        pen.lineWidth = 2.5;
        trace(pen, line, width, tall);
      }
      drawAxes(pen, width, tall, ink, axes);
    },
    [axes, lines, near]
  );
  const point = (x: number, y: number, width: number, tall: number) => {
    let found = '';
    let least = 12;
    for (const line of lines) {
      const away = distance(line, x, y, width, tall);
      if (away < least) [least, found] = [away, line.id];
    }
    setNear(found);
  };
  return (
    <div>
      <Canvas label={label} height={height} draw={draw} point={point} leave={() => setNear('')} />
      <Box textAlign="center" fontSize="body-s" color="text-body-secondary">
        {near ? told(near) : 'Point at a line to read it.'}
      </Box>
    </div>
  );
}
