import BreadcrumbGroup from '@cloudscape-design/components/breadcrumb-group';

import { href, useFollow } from '../../app/navigation';
import { folderPath } from '../../parts/s3';

// The folders that a prefix goes through.
export function Trail({ bucket, prefix, last }: { bucket: string; prefix: string; last?: string }) {
  const follow = useFollow();
  const parts = prefix.split('/').slice(0, -1);
  const items = [
    { text: bucket, href: href(folderPath(bucket)) },
    ...parts.map((part, index) => ({ text: part || '(no name)', href: href(folderPath(bucket, parts.slice(0, index + 1).join('/') + '/')) })),
    ...(last ? [{ text: last, href: '' }] : []),
  ];
  return <BreadcrumbGroup items={items} onFollow={follow} ariaLabel="Folders" />;
}
