import { useEffect, useLayoutEffect, useRef, useState } from 'react';

import './logview.css';
import type { Line } from './logs';

const HEIGHT = 18; // of a line, as logview.css has it
const BEYOND = 20; // lines above and below what is seen

interface Props {
  lines: Line[];
  label: string;
  follow: boolean; // stay at the end
  onLeaveEnd: () => void; // somebody scrolled up
  onReachEnd: () => void;
  onReachStart: () => void;
  height?: number;
}

function clock(time: number): string {
  return new Date(time).toISOString().slice(11, 23);
}

// Any number of lines; only those in sight are in the page.
export function VirtualLines({ lines, label, follow, onLeaveEnd, onReachEnd, onReachStart, height = 420 }: Props) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const before = useRef({ first: lines[0]?.key, count: lines.length });

  useLayoutEffect(() => {
    const element = box.current!;
    const was = before.current;
    // Older lines came in above: what is read stays where it is.
    if (was.first !== undefined && lines[0]?.key !== was.first && lines.length > was.count) {
      element.scrollTop += (lines.length - was.count) * HEIGHT;
    }
    before.current = { first: lines[0]?.key, count: lines.length };
    if (follow) element.scrollTop = element.scrollHeight;
  }, [lines, follow]);

  useEffect(() => {
    const element = box.current!;
    let last = element.scrollTop;
    const scrolled = () => {
      const now = element.scrollTop;
      setTop(now);
      const atEnd = now + element.clientHeight >= element.scrollHeight - HEIGHT;
      if (atEnd) onReachEnd();
      else if (now < last - 1) onLeaveEnd();
      if (now < HEIGHT * 5 && now < last) onReachStart();
      last = now;
    };
    element.addEventListener('scroll', scrolled, { passive: true });
    return () => element.removeEventListener('scroll', scrolled);
  }, [onLeaveEnd, onReachEnd, onReachStart]);

  const begin = Math.max(0, Math.floor(top / HEIGHT) - BEYOND);
  const end = Math.min(lines.length, Math.ceil((top + height) / HEIGHT) + BEYOND);
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it scrolls by keyboard
    <div className="clary-lines" ref={box} style={{ height }} tabIndex={0} role="log" aria-label={label} aria-live="off">
      <div style={{ height: lines.length * HEIGHT, position: 'relative' }}>
        <div style={{ transform: `translateY(${begin * HEIGHT}px)` }}>
          {lines.slice(begin, end).map(line => (
            <div key={line.key} className="line">
              <span className="time">{clock(line.time)}</span>
              {line.text}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}
