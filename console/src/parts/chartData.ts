// What a chart draws of a series: never more points than the screen can show.

export interface Series {
  label: string;
  x: ArrayLike<number>; // ascending: seconds since 1970, or steps
  y: ArrayLike<number | null>;
}

// The first index whose x is not less than `value`.
export function lowerBound(x: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (x[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Of the points within [from, to], with one more at each side so that lines reach the edges: for each
// of `columns` stripes its lowest and its highest. What is drawn looks as if all were.
export function thinned(series: Series, from: number, to: number, columns: number): { x: number[]; y: (number | null)[] } {
  const { x, y } = series;
  const begin = Math.max(0, lowerBound(x, from) - 1);
  const end = Math.min(x.length, lowerBound(x, to) + 1);
  const outX: number[] = [];
  const outY: (number | null)[] = [];
  const put = (at: number) => {
    outX.push(x[at]!);
    outY.push(y[at]!);
  };
  if (end - begin <= columns * 2) {
    for (let at = begin; at < end; ++at) put(at);
    return { x: outX, y: outY };
  }
  const stripe = (end - begin) / columns;
  for (let column = 0; column < columns; ++column) {
    const first = begin + Math.floor(column * stripe);
    const last = begin + Math.floor((column + 1) * stripe) - 1;
    let low = first;
    let high = first;
    for (let at = first + 1; at <= last; ++at) {
      if (y[at]! < y[low]!) low = at;
      else if (y[at]! > y[high]!) high = at;
    }
    put(Math.min(low, high));
    if (low !== high) put(Math.max(low, high));
  }
  return { x: outX, y: outY };
}
