import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';

const TYPES: Record<string, StatusIndicatorProps.Type> = {
  Completed: 'success', InService: 'success', Active: 'success', ACTIVE: 'success', Succeeded: 'success', Enabled: 'success',
  Failed: 'error', OutOfService: 'error', UpdateRollbackFailed: 'error', RollbackFailed: 'error',
  Stopped: 'stopped', Inactive: 'stopped', Disabled: 'stopped',
  Stopping: 'in-progress', InProgress: 'in-progress', Creating: 'in-progress', Updating: 'in-progress', Deleting: 'in-progress', RollingBack: 'in-progress', SystemUpdating: 'in-progress',
  Starting: 'in-progress', Downloading: 'in-progress', Training: 'in-progress', Uploading: 'in-progress',
  Pending: 'pending', Waiting: 'pending', PendingManualApproval: 'pending', PendingDeletion: 'warning',
};

// "InProgress" -> "In progress"
export function spaced(status: string): string {
  const words = status.replace(/([a-z0-9])([A-Z])/g, '$1 $2').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function StatusBadge({ status, detail }: { status?: string; detail?: string }) {
  if (!status) return <>–</>;
  return (
    <StatusIndicator type={TYPES[status] ?? 'info'}>
      {spaced(status)}
      {detail ? ` (${detail})` : ''}
    </StatusIndicator>
  );
}
