import CopyToClipboard from '@cloudscape-design/components/copy-to-clipboard';
import { useMemo } from 'react';

import './code.css';
import './json.css';

// Lines of a document, counted from 1.
export interface Lines {
  from: number;
  to: number;
}

type Token = [kind: '' | 'key' | 'text' | 'value', text: string];

const TOKENS = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

function tokensOf(line: string): Token[] {
  const tokens: Token[] = [];
  let end = 0;
  for (const found of line.matchAll(TOKENS)) {
    if (found.index > end) tokens.push(['', line.slice(end, found.index)]);
    if (found[1] !== undefined) {
      tokens.push([found[2] === undefined ? 'text' : 'key', found[1]]);
      if (found[2] !== undefined) tokens.push(['', found[2]]);
    } else {
      tokens.push(['value', found[0]]);
    }
    end = found.index + found[0].length;
  }
  if (end < line.length) tokens.push(['', line.slice(end)]);
  return tokens;
}

// Indented for reading; a text that is no JSON as it is.
export function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

// A document as it was written, in colours, with line numbers; `marked` lines stand out.
export function JsonView({ text, label, marked = [] }: { text: string; label: string; marked?: Lines[] }) {
  const lines = useMemo(() => text.split('\n').map(tokensOf), [text]);
  return (
    <div style={{ position: 'relative' }}>
      <div style={{ position: 'absolute', right: 20, top: 6 }}>
        <CopyToClipboard variant="icon" textToCopy={text} copyButtonAriaLabel={`Copy: ${label}`} copySuccessText="Copied" copyErrorText="The browser did not allow it" />
      </div>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- so that it scrolls by keyboard */}
      <div className="clary-json" tabIndex={0} role="region" aria-label={label}>
        {lines.map((tokens, index) => {
          const number = index + 1;
          const stands = marked.some(one => number >= one.from && number <= one.to);
          return (
            <div key={number} className={stands ? 'row marked' : 'row'}>
              <span className="number" aria-hidden="true">
                {number}
              </span>
              <span>
                {tokens.map(([kind, part], at) => (
                  <span key={at} className={kind || undefined}>
                    {part}
                  </span>
                ))}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
