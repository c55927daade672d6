import Box from '@cloudscape-design/components/box';
import ColumnLayout from '@cloudscape-design/components/column-layout';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useMemo } from 'react';

import { to, useQuery } from '../../app/navigation';
import { shortNumber } from '../../parts/numbers';
import { PageLink } from '../../parts/PageLink';
import { ParallelPlot } from '../../parts/ParallelPlot';
import { ScatterPlot } from '../../parts/ScatterPlot';
import { type Axis, axesOf, course, type Search, type Trial } from './trials';

interface Judged {
  trial: Trial;
  value: number;
  quality: number; // by rank: 1 the best, 0 the worst
}

// Those with a value, the best first.
function judged(trials: Trial[], search: Search): Judged[] {
  const own = search.name ? trials.filter(trial => trial.TrainingJobDefinitionName === search.name) : trials;
  const points = course(own, search.maximize).sort((a, b) => (search.maximize ? b.value - a.value : a.value - b.value));
  return points.map((point, rank) => ({ trial: point.trial, value: point.value, quality: points.length === 1 ? 1 : 1 - rank / (points.length - 1) }));
}

function objectiveAxis(list: Judged[], search: Search): Axis {
  const values = list.map(one => one.value);
  const low = values.reduce((a, b) => Math.min(a, b), Infinity);
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  const span = high - low || 1;
  return {
    name: search.metric,
    ticks: [0, 0.5, 1].map(at => ({ at, text: shortNumber(low + at * span) })),
    place: text => (text === undefined ? undefined : (Number(text) - low) / span),
  };
}

function chosen(trial: Trial): string {
  return Object.entries(trial.TunedHyperParameters ?? {})
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function Pictures({ list, search }: { list: Judged[]; search: Search }) {
  const axes = useMemo(() => axesOf(search.ranges), [search]);
  const byName = useMemo(() => new Map(list.map(one => [one.trial.TrainingJobName!, one])), [list]);
  const told = (id: string) => {
    const one = byName.get(id);
    return one ? `${id}: ${shortNumber(one.value)} with ${chosen(one.trial)}` : id;
  };
  const scatters = useMemo(
    () =>
      axes.map(axis => ({
        axis,
        dots: list.flatMap(({ trial, value }, rank) => {
          const x = axis.place(trial.TunedHyperParameters?.[axis.name]);
          return x === undefined ? [] : [{ id: trial.TrainingJobName!, x, y: value, marked: rank === 0 }];
        }),
      })),
    [axes, list]
  );
  const parallel = useMemo(() => {
    const last = objectiveAxis(list, search);
    return {
      axes: [...axes, last],
      lines: list.map(({ trial, value, quality }, rank) => ({
        id: trial.TrainingJobName!,
        at: [...axes.map(axis => axis.place(trial.TunedHyperParameters?.[axis.name])), last.place(String(value))],
        quality,
        marked: rank === 0,
      })),
    };
  }, [axes, list, search]);
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2" description={`${search.metric} over each of them; the best stands out.`}>Each hyperparameter</Header>}>
        <ColumnLayout columns={2} minColumnWidth={280}>
          {scatters.map(({ axis, dots }) => (
            <ScatterPlot key={axis.name} label={axis.name} ticks={axis.ticks} dots={dots} unit={search.metric} told={told} />
          ))}
        </ColumnLayout>
      </Container>
      <Container header={<Header variant="h2" description="One line for each training job: the better it did, the stronger.">All together</Header>}>
        <ParallelPlot label={`${list.length} training jobs by hyperparameters and ${search.metric}; the best of them are in the table below`} axes={parallel.axes} lines={parallel.lines} told={told} />
      </Container>
    </SpaceBetween>
  );
}

function BestOnes({ list, search }: { list: Judged[]; search: Search }) {
  const names = useMemo(() => axesOf(search.ranges).map(axis => axis.name), [search]);
  return (
    <Table
      variant="container"
      header={<Header variant="h2" description="All of them are in the tab Training jobs.">The ten best</Header>}
      items={list.slice(0, 10)}
      trackBy={one => one.trial.TrainingJobName!}
      ariaLabels={{ tableLabel: 'The ten best' }}
      columnDefinitions={[
        { id: 'name', header: 'Training job', isRowHeader: true, cell: one => <PageLink to={to('training', one.trial.TrainingJobName!)}>{one.trial.TrainingJobName}</PageLink> },
        { id: 'value', header: search.metric, cell: one => shortNumber(one.value) },
        ...names.map(name => ({ id: `h-${name}`, header: name, cell: (one: Judged) => one.trial.TunedHyperParameters?.[name] ?? '–' })),
      ]}
    />
  );
}

export function Hyperparameters({ trials, searches, loading }: { trials: Trial[]; searches: Search[]; loading: boolean }) {
  const [wanted, setWanted] = useQuery('definition');
  const search = searches.find(one => one.name === wanted) ?? searches[0]!;
  const list = useMemo(() => judged(trials, search), [trials, search]);
  const options = searches.map(one => ({ value: one.name, label: one.name }));
  return (
    <SpaceBetween size="l">
      {searches.length > 1 && (
        <Select
          ariaLabel="Training job definition"
          selectedOption={options.find(one => one.value === search.name) ?? null}
          options={options}
          onChange={({ detail }) => setWanted(detail.selectedOption.value ?? '')}
        />
      )}
      {list.length === 0 ? (
        <Box color="text-body-secondary">{loading ? 'Loading training jobs' : 'No training job has given a value yet.'}</Box>
      ) : (
        <SpaceBetween size="l">
          <Pictures list={list} search={search} />
          <BestOnes list={list} search={search} />
        </SpaceBetween>
      )}
    </SpaceBetween>
  );
}
