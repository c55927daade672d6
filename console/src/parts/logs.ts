import {
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  type OutputLogEvent,
} from '@aws-sdk/client-cloudwatch-logs';

import { logs } from '../aws/logs';

// Lines of a log stream as the page keeps them: loaded from the end backwards, followed forwards.

export interface Line {
  key: string;
  time: number;
  text: string;
}

export interface Place {
  group: string;
  stream: string;
}

const PAGE = 1000;
const KEPT = 200_000; // lines in memory; older ones go

function linesOf(events: OutputLogEvent[] | undefined, mark: string): Line[] {
  return (events ?? []).map((event, index) => ({
    key: `${mark}.${index}`,
    time: event.timestamp ?? 0,
    // A tab of a training log arrives as one; carriage returns of progress bars would hide lines.
    text: (event.message ?? '').replace(/\r/g, ''),
  }));
}

function isMissing(thrown: unknown): boolean {
  return (thrown as { name?: string }).name === 'ResourceNotFoundException';
}

export async function streamsOf(group: string, prefix: string, signal?: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  let nextToken: string | undefined;
  try {
    do {
      const answer = await logs().send(
        new DescribeLogStreamsCommand({ logGroupName: group, logStreamNamePrefix: prefix || undefined, nextToken }),
        { abortSignal: signal }
      );
      for (const stream of answer.logStreams ?? []) found.push(stream.logStreamName!);
      nextToken = answer.nextToken;
    } while (nextToken && found.length < 500);
  } catch (thrown) {
    if (!isMissing(thrown)) throw thrown; // nothing was logged yet
  }
  return found;
}

// What has been read of one stream so far. Not shared: each view has its own.
export class LogTail {
  lines: Line[] = [];
  atStart = false; // no older line is left to ask for
  private forward?: string;
  private backward?: string;
  private count = 0;

  constructor(readonly place: Place) {}

  private async page(token: string | undefined, fromHead: boolean, signal?: AbortSignal) {
    return logs().send(
      new GetLogEventsCommand({
        logGroupName: this.place.group,
        logStreamName: this.place.stream,
        nextToken: token,
        startFromHead: fromHead,
        limit: PAGE,
      }),
      { abortSignal: signal }
    );
  }

  // The newest lines, at first; then whatever came since. True when there was something new.
  async follow(signal?: AbortSignal): Promise<boolean> {
    let grown = false;
    for (;;) {
      const first = this.forward === undefined;
      const answer = await this.page(this.forward, !first, signal);
      const fresh = linesOf(answer.events, `f${++this.count}`);
      if (first) this.backward = answer.nextBackwardToken;
      const same = answer.nextForwardToken === this.forward;
      this.forward = answer.nextForwardToken ?? this.forward;
      if (fresh.length > 0) {
        this.lines = this.lines.concat(fresh).slice(-KEPT);
        grown = true;
      }
      if (first || same || fresh.length < PAGE) return grown;
    }
  }

  async older(signal?: AbortSignal): Promise<boolean> {
    if (this.atStart || !this.backward) return false;
    const answer = await this.page(this.backward, false, signal);
    const old = linesOf(answer.events, `b${++this.count}`);
    this.atStart = old.length === 0 || answer.nextBackwardToken === this.backward;
    this.backward = answer.nextBackwardToken ?? this.backward;
    this.lines = old.concat(this.lines);
    return old.length > 0;
  }
}

// Lines that contain `text`, as the server finds them, oldest first; at most `limit`.
export async function search(place: Place, text: string, limit: number, signal?: AbortSignal): Promise<{ lines: Line[]; more: boolean }> {
  const lines: Line[] = [];
  let nextToken: string | undefined;
  do {
    const answer = await logs().send(
      new FilterLogEventsCommand({
        logGroupName: place.group,
        logStreamNames: [place.stream],
        filterPattern: `"${text.replace(/["\\]/g, match => `\\${match}`)}"`,
        nextToken,
      }),
      { abortSignal: signal }
    );
    lines.push(...linesOf(answer.events, `s${lines.length}`));
    nextToken = answer.nextToken;
  } while (nextToken && lines.length < limit);
  return { lines: lines.slice(0, limit), more: Boolean(nextToken) || lines.length > limit };
}

// The whole stream as a text file, page by page; `progress` is told how many lines there are so far.
export async function download(place: Place, progress: (lines: number) => void, signal: AbortSignal): Promise<Blob> {
  const parts: string[] = [];
  let token: string | undefined;
  let count = 0;
  for (;;) {
    const answer = await logs().send(
      new GetLogEventsCommand({ logGroupName: place.group, logStreamName: place.stream, startFromHead: true, nextToken: token, limit: 10_000 }),
      { abortSignal: signal }
    );
    const events = answer.events ?? [];
    parts.push(events.map(event => `${new Date(event.timestamp ?? 0).toISOString()} ${event.message ?? ''}\n`).join(''));
    count += events.length;
    progress(count);
    if (events.length === 0 || answer.nextForwardToken === token) break;
    token = answer.nextForwardToken;
  }
  return new Blob(parts, { type: 'text/plain' });
}

export function save(blob: Blob, name: string) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
