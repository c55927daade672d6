import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Pagination from '@cloudscape-design/components/pagination';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import { type ReactNode, useMemo, useRef } from 'react';

import { useQueries } from '../app/navigation';
import { usePolled } from '../aws/usePolled';
import { ErrorBox } from './ErrorBox';
import { type Filter, Filters } from './Filters';

export interface Column<T> {
  id: string;
  header: string;
  cell: (item: T) => ReactNode;
  sort?: string; // what the API calls this order, where it has one
  width?: number;
}

export interface PageOf<T> {
  items: T[];
  next?: string; // the API's token
}

export interface Ask {
  token?: string;
  filters: Record<string, string>;
  sort: string;
  descending: boolean;
  signal: AbortSignal;
}

interface Props<T> {
  title: string; // "Training jobs"
  describe?: ReactNode;
  columns: Column<T>[];
  id: (item: T) => string;
  // One page from the API: it never asks for more rows than are shown.
  load: (ask: Ask) => Promise<PageOf<T>>;
  filters?: Filter[];
  sort?: string; // the order to begin with, newest first
  empty: ReactNode; // what to say, and do, when there is nothing at all
  actions?: ReactNode;
  every?: number;
  keys?: readonly unknown[]; // what `load` depends on beside the filters
  variant?: TableProps.Variant;
  selected?: T[];
  select?: (items: T[]) => void;
  // Before the names of what it keeps in the address, for pages with more than one table.
  prefix?: string;
}

// Pages are reached one after another, since the API hands out a token for the next one only. The
// tokens seen so far are kept for the way back; after a reload they are asked for again.
function usePages<T>(load: Props<T>['load']) {
  const seen = useRef<{ key: string; tokens: (string | undefined)[] }>({ key: '', tokens: [] });
  return async (key: string, page: number, ask: Omit<Ask, 'token'>): Promise<PageOf<T> & { pages: number }> => {
    if (seen.current.key !== key) seen.current = { key, tokens: [undefined] };
    const { tokens } = seen.current;
    let answer: PageOf<T> | undefined;
    while (tokens.length < page) {
      answer = await load({ ...ask, token: tokens[tokens.length - 1] });
      if (!answer.next) break;
      tokens.push(answer.next);
      answer = undefined;
    }
    const at = Math.min(page, tokens.length);
    answer ??= await load({ ...ask, token: tokens[at - 1] });
    if (answer.next) tokens[at] = answer.next;
    else tokens.length = at;
    return { ...answer, pages: tokens.length };
  };
}

function Awaited({ title, main, describe }: { title: string; main: boolean; describe?: ReactNode }) {
  return (
    <SpaceBetween size="m">
      <Header variant={main ? 'h1' : 'h2'} description={describe}>
        {title}
      </Header>
      <StatusIndicator type="loading">Loading {title.toLowerCase()}</StatusIndicator>
    </SpaceBetween>
  );
}

export function ResourceTable<T>(props: Props<T>) {
  const { columns, filters = [], prefix = '', sort: firstSort = '' } = props;
  const names = useMemo(
    () => [...filters.map(one => one.name), 'sort', 'order', 'page'].map(name => prefix + name),
    // eslint-disable-next-line react-hooks/exhaustive-deps -- filters are constant by their names
    [prefix, filters.map(one => one.name).join()]
  );
  const [query, change] = useQueries(names);
  const value = (name: string) => query[prefix + name] ?? '';
  const wanted = Object.fromEntries(filters.map(one => [one.name, value(one.name)]));
  const sort = value('sort') || firstSort;
  const descending = value('order') ? value('order') !== 'ascending' : true;
  const page = Math.max(1, Number(value('page')) || 1);
  const filtered = Object.values(wanted).some(Boolean);
  const key = JSON.stringify([wanted, sort, descending, ...(props.keys ?? [])]);
  const pageOf = usePages(props.load);
  const shown = usePolled(signal => pageOf(key, page, { filters: wanted, sort, descending, signal }), [key, page], {
    every: props.every ?? 5000,
  });
  // While another page or filter is asked for, the rows before it stay in sight.
  const last = useRef(shown.data);
  if (shown.data) last.current = shown.data;
  const data = shown.data ?? (shown.error === undefined ? last.current : undefined);
  const clear = () => change(Object.fromEntries([...filters.map(one => [prefix + one.name, '']), [prefix + 'page', '']]));
  const sorting = columns.find(column => column.sort === sort);
  // A table costs more than anything else here: it is drawn when there is something to draw in it,
  // and stays from then on, since somebody may be typing into its filter.
  const drawn = useRef(false);
  if (!shown.loading) drawn.current = true;
  if (!drawn.current) return <Awaited title={props.title} main={props.variant === undefined} describe={props.describe} />;

  return (
    <Table<T>
      variant={props.variant ?? 'full-page'}
      stickyHeader={props.variant === undefined}
      items={data?.items ?? []}
      trackBy={props.id}
      columnDefinitions={columns.map((column, index) => ({ ...column, sortingField: column.sort, isRowHeader: index === 0 }))}
      sortingColumn={sorting ? { sortingField: sorting.sort } : undefined}
      sortingDescending={descending}
      onSortingChange={({ detail }) =>
        change({
          [prefix + 'sort']: detail.sortingColumn.sortingField ?? '',
          [prefix + 'order']: detail.isDescending ? '' : 'ascending',
          [prefix + 'page']: '',
        })
      }
      selectionType={props.select ? 'multi' : undefined}
      selectedItems={props.selected}
      onSelectionChange={({ detail }) => props.select?.(detail.selectedItems)}
      loading={shown.loading && !data}
      loadingText={`Loading ${props.title.toLowerCase()}`}
      wrapLines
      ariaLabels={{ tableLabel: props.title, selectionGroupLabel: 'Selection', allItemsSelectionLabel: () => 'Select all', itemSelectionLabel: (_, item) => `Select ${props.id(item)}` }}
      header={
        <Header
          variant={props.variant === undefined ? 'h1' : 'h2'}
          description={props.describe}
          actions={
            <SpaceBetween direction="horizontal" size="xs">
              <Button iconName="refresh" ariaLabel="Refresh" onClick={() => void shown.refresh()} />
              {props.actions}
            </SpaceBetween>
          }
        >
          {props.title}
        </Header>
      }
      filter={
        filters.length > 0 ? (
          <Filters
            filters={filters}
            values={wanted}
            change={(name, next) => change({ [prefix + name]: next, [prefix + 'page']: '' })}
          />
        ) : undefined
      }
      pagination={
        <Pagination
          currentPageIndex={page}
          pagesCount={Math.max(data?.pages ?? 1, page)}
          openEnd={Boolean(data?.next)}
          onChange={({ detail }) => change({ [prefix + 'page']: detail.currentPageIndex === 1 ? '' : String(detail.currentPageIndex) })}
          ariaLabels={{ nextPageLabel: 'Next page', previousPageLabel: 'Previous page', pageLabel: number => `Page ${number}` }}
        />
      }
      empty={
        shown.error !== undefined ? (
          <Box textAlign="left" padding="s">
            <ErrorBox error={shown.error} retry={() => void shown.refresh()} />
          </Box>
        ) : filtered ? (
          <SpaceBetween size="s" alignItems="center">
            <Box>Nothing is like that.</Box>
            <Button onClick={clear}>Clear the filters</Button>
          </SpaceBetween>
        ) : (
          props.empty
        )
      }
    />
  );
}
