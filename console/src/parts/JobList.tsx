import type { SortBy } from '@aws-sdk/client-sagemaker';
import Box from '@cloudscape-design/components/box';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useMemo } from 'react';

import { to } from '../app/navigation';
import { LinkButton } from './LinkButton';
import { PageLink } from './PageLink';
import { type Ask, type Column, type PageOf, ResourceTable } from './ResourceTable';
import { StatusBadge } from './StatusBadge';
import { duration, Time } from './Time';

// Jobs of one kind, whatever its summaries call their members.
export interface JobRow {
  name?: string;
  arn?: string;
  status?: string;
  created?: Date;
  ended?: Date;
  why?: string;
}

const FILTERS = [
  { name: 'name', label: 'Find by name' },
  { name: 'status', label: 'Status', options: ['InProgress', 'Completed', 'Failed', 'Stopping', 'Stopped'] },
];

// What every List...Jobs takes.
export function listInput<Status>({ token, filters, sort, descending }: Ask) {
  return {
    MaxResults: 25,
    NextToken: token,
    NameContains: filters.name || undefined,
    StatusEquals: (filters.status || undefined) as Status | undefined,
    SortBy: sort as SortBy,
    SortOrder: descending ? ('Descending' as const) : ('Ascending' as const),
  };
}

function columnsOf(path: string, reasons: boolean): Column<JobRow>[] {
  return [
    { id: 'name', header: 'Name', sort: 'Name', cell: job => <PageLink to={to(path, job.name!)}>{job.name}</PageLink> },
    { id: 'status', header: 'Status', sort: 'Status', cell: job => <StatusBadge status={job.status} /> },
    { id: 'created', header: 'Created', sort: 'CreationTime', cell: job => <Time at={job.created} /> },
    { id: 'took', header: 'Took', cell: job => (job.ended ? duration((job.ended.getTime() - job.created!.getTime()) / 1000) : '–') },
    ...(reasons ? [{ id: 'why', header: 'Reason', cell: (job: JobRow) => job.why ?? '–' }] : []),
  ];
}

interface Props {
  kind: string; // "training job"
  path: string;
  load: (ask: Ask) => Promise<PageOf<JobRow>>;
  what: string; // what such a job is, for who has none yet
  reasons?: boolean; // the summaries say why one failed
  creates?: boolean; // there is a form for a new one
}

export function JobList({ kind, path, load, what, reasons = false, creates = false }: Props) {
  const columns = useMemo(() => columnsOf(path, reasons), [path, reasons]);
  return (
    <ResourceTable
      title={`${kind.charAt(0).toUpperCase()}${kind.slice(1)}s`}
      columns={columns}
      id={job => job.arn!}
      load={load}
      filters={FILTERS}
      sort="CreationTime"
      empty={
        <SpaceBetween size="xxs" alignItems="center">
          <Box variant="strong">No {kind}s yet</Box>
          <Box color="text-body-secondary">{what}</Box>
        </SpaceBetween>
      }
      actions={
        creates && (
          <LinkButton to={`/${path}/~create`} variant="primary">
            Create a {kind}
          </LinkButton>
        )
      }
    />
  );
}
