import { type DragEvent, type ReactNode, useRef, useState } from 'react';

import './drop.css';
import { notify } from '../../../app/flashes';
import { filesOfDrop } from './dropped';

interface Props {
  prefix: string;
  send: (files: { key: string; file: File }[]) => void;
  children: ReactNode;
}

const hasFiles = (event: DragEvent) => event.dataTransfer.types.includes('Files');

// Whatever is dropped here goes below the prefix.
export function DropArea({ prefix, send, children }: Props) {
  const [over, setOver] = useState(false);
  const depth = useRef(0); // each element inside enters and leaves too
  const enter = (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth.current += 1;
    setOver(true);
  };
  const leave = () => {
    depth.current = Math.max(0, depth.current - 1);
    if (depth.current === 0) setOver(false);
  };
  const drop = (event: DragEvent) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    depth.current = 0;
    setOver(false);
    filesOfDrop(event.dataTransfer)
      .then(files => send(files.map(({ name, file }) => ({ key: prefix + name, file }))))
      .catch((error: unknown) => notify('error', `The files could not be read: ${String(error)}`));
  };
  return (
    <div
      className={over ? 'clary-drop over' : 'clary-drop'}
      data-testid="drop"
      onDragEnter={enter}
      onDragOver={event => {
        if (hasFiles(event)) event.preventDefault();
      }}
      onDragLeave={leave}
      onDrop={drop}
    >
      {children}
      {over && <div className="hint">Drop to upload</div>}
    </div>
  );
}
