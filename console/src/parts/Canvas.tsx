import { useEffect, useRef, useState } from 'react';

import { useStore } from '../app/store';
import { darkMode } from '../app/theme';

export interface Ink {
  text: string;
  grid: string;
  line: string; // of what is usual
  mark: string; // of what stands out
}

const LIGHT: Ink = { text: '#414d5c', grid: '#d5dbdb', line: '#688ae8', mark: '#c33d69' };
const DARK: Ink = { text: '#d1d5db', grid: '#414d5c', line: '#89a4ff', mark: '#ff7a9e' };

interface Props {
  label: string; // for those who do not see it
  height: number;
  draw: (pen: CanvasRenderingContext2D, width: number, height: number, ink: Ink) => void;
  point?: (x: number, y: number, width: number, height: number) => void;
  leave?: () => void;
}

// A picture as wide as its place, drawn anew when that, the appearance or `draw` changes.
export function Canvas({ label, height, draw, point, leave }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [width, setWidth] = useState(0);
  const dark = useStore(darkMode);

  useEffect(() => {
    const observer = new ResizeObserver(entries => setWidth(Math.floor(entries[0]!.contentRect.width)));
    observer.observe(canvas.current!.parentElement!);
    return () => observer.disconnect();
  }, []);

  useEffect(() => {
    const pen = canvas.current?.getContext('2d');
    if (!pen || width === 0) return;
    const dots = window.devicePixelRatio || 1;
    canvas.current!.width = width * dots;
    canvas.current!.height = height * dots;
    pen.scale(dots, dots);
    pen.font = '12px "Open Sans", sans-serif';
    draw(pen, width, height, dark ? DARK : LIGHT);
  }, [width, height, draw, dark]);

  return (
    <div style={{ height, overflow: 'hidden' }}>
      <canvas
        ref={canvas}
        role="img"
        aria-label={label}
        style={{ width: '100%', height, display: 'block' }}
        onPointerMove={event => point?.(event.nativeEvent.offsetX, event.nativeEvent.offsetY, width, height)}
        onPointerLeave={() => leave?.()}
      />
    </div>
  );
}

export function fitted(pen: CanvasRenderingContext2D, text: string, width: number): string {
  if (pen.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && pen.measureText(text.slice(0, end) + '…').width > width) --end;
  return text.slice(0, end) + '…';
}
