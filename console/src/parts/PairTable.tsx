import Box from '@cloudscape-design/components/box';
import Header from '@cloudscape-design/components/header';
import Table from '@cloudscape-design/components/table';

// Names with their values: hyperparameters, environment variables, last values of metrics.
export function PairTable({ title, pairs, empty = 'None.' }: { title: string; pairs: [string, string][]; empty?: string }) {
  return (
    <Table
      header={<Header variant="h2">{title}</Header>}
      items={[...pairs].sort((a, b) => a[0].localeCompare(b[0]))}
      trackBy={pair => pair[0]}
      columnDefinitions={[
        { id: 'name', header: 'Name', isRowHeader: true, cell: pair => pair[0] },
        { id: 'value', header: 'Value', cell: pair => <Box variant="code">{pair[1]}</Box> },
      ]}
      wrapLines
      ariaLabels={{ tableLabel: title }}
      empty={<Box color="text-body-secondary">{empty}</Box>}
    />
  );
}
