import './preview.css';
import type { Column } from './columns';

// Ranges as bars side by side, values as lines with their share. Each bar says what it is on hover;
// the whole is described for those who do not see it.
export function Histogram({ column }: { column: Column }) {
  const { bars } = column;
  if (bars.length === 0) return <>–</>;
  const most = Math.max(...bars.map(bar => bar.count), 1);
  const said = bars.map(bar => `${bar.label}: ${bar.count}`).join('; ');
  if (!column.ranges) {
    const all = bars.reduce((sum, bar) => sum + bar.count, 0);
    return (
      <ul className="clary-values" aria-label={`The most frequent values of ${column.name}`}>
        {bars.map(bar => (
          <li key={bar.label} title={`${bar.label}: ${bar.count}`}>
            <span className="bar" style={{ width: `${(60 * bar.count) / most}px` }} />
            <span className="label">{bar.label}</span> {((100 * bar.count) / all).toFixed(0)} %
          </li>
        ))}
      </ul>
    );
  }
  return (
    <svg className="clary-histogram" viewBox={`0 0 ${bars.length * 8} 40`} preserveAspectRatio="none" role="img" aria-label={`Histogram of ${column.name}. ${said}`}>
      {bars.map((bar, index) => (
        <rect key={bar.label} x={index * 8 + 0.5} width={7} y={40 - (40 * bar.count) / most} height={(40 * bar.count) / most}>
          <title>{`${bar.label}: ${bar.count}`}</title>
        </rect>
      ))}
    </svg>
  );
}
