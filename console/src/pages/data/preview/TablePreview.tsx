import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Pagination from '@cloudscape-design/components/pagination';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table from '@cloudscape-design/components/table';
import { useState } from 'react';

import { byteText } from '../../../parts/numbers';
import { counted } from '../../../parts/words';
import { type Column, shown } from './columns';
import { Histogram } from './Histogram';
import type { Table as Rows } from './tables';

const PAGE = 20;
const WIDE = 30; // columns side by side in the rows

function Columns({ table }: { table: Rows }) {
  const [page, setPage] = useState(1);
  const pages = Math.ceil(table.columns.length / PAGE);
  return (
    <Table<Column>
      items={table.columns.slice((page - 1) * PAGE, page * PAGE)}
      trackBy="name"
      variant="embedded"
      ariaLabels={{ tableLabel: 'Columns' }}
      header={<Header variant="h2" counter={`(${table.columns.length})`} description={`Told from the ${counted(table.rows.length, 'row')} that were read.`}>Columns</Header>}
      pagination={pages > 1 ? <Pagination currentPageIndex={page} pagesCount={pages} onChange={({ detail }) => setPage(detail.currentPageIndex)} ariaLabels={{ nextPageLabel: 'More columns', previousPageLabel: 'Columns before', pageLabel: number => `Columns, page ${number}` }} /> : undefined}
      columnDefinitions={[
        { id: 'name', header: 'Column', isRowHeader: true, cell: column => column.name },
        { id: 'type', header: 'Type', cell: column => (column.stored ? `${column.kind} (${column.stored})` : column.kind) },
        { id: 'missing', header: 'Missing', cell: column => (column.missing ? column.missing.toLocaleString('en') : '–') },
        { id: 'distinct', header: 'Distinct', cell: column => column.distinct.toLocaleString('en') },
        { id: 'range', header: 'Least to most', cell: column => (column.least === undefined ? '–' : `${column.least} to ${column.most}`) },
        { id: 'mean', header: 'Mean', cell: column => (column.mean === undefined ? '–' : String(Number(column.mean.toPrecision(5)))) },
        { id: 'histogram', header: 'Histogram', cell: column => <Histogram column={column} /> },
      ]}
    />
  );
}

function FirstRows({ table }: { table: Rows }) {
  const [page, setPage] = useState(1);
  const names = table.columns.slice(0, WIDE);
  const pages = Math.ceil(table.rows.length / PAGE);
  const begin = (page - 1) * PAGE;
  return (
    <Table<{ number: number; row: unknown[] }>
      items={table.rows.slice(begin, begin + PAGE).map((row, index) => ({ number: begin + index + 1, row }))}
      trackBy={item => String(item.number)}
      variant="embedded"
      ariaLabels={{ tableLabel: 'Rows' }}
      header={<Header variant="h2" description={table.columns.length > WIDE ? `The first ${WIDE} columns of ${table.columns.length}` : undefined}>Rows</Header>}
      pagination={<Pagination currentPageIndex={page} pagesCount={pages} onChange={({ detail }) => setPage(detail.currentPageIndex)} ariaLabels={{ nextPageLabel: 'Next rows', previousPageLabel: 'Rows before', pageLabel: number => `Rows, page ${number}` }} />}
      columnDefinitions={[
        { id: 'number', header: 'Row', isRowHeader: true, cell: item => item.number },
        ...names.map((column, index) => ({ id: `c${index}`, header: column.name, cell: (item: { row: unknown[] }) => shown(item.row[index]).slice(0, 200) })),
      ]}
    />
  );
}

export function TablePreview({ table, read, size }: { table: Rows; read: number; size: number }) {
  const part = table.complete
    ? `All of its ${counted(table.rows.length, 'row')}.`
    : `The first ${counted(table.rows.length, 'row')}${table.total === undefined ? '' : ` of ${table.total.toLocaleString('en')}`}, from ${byteText(Math.min(read, size))} of ${byteText(size)}.`;
  return (
    <SpaceBetween size="l">
      <Box color="text-body-secondary">
        {table.format}. {part}
      </Box>
      <Columns table={table} />
      <FirstRows table={table} />
    </SpaceBetween>
  );
}
