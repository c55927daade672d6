import FormField from '@cloudscape-design/components/form-field';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useEffect, useState } from 'react';

import { ErrorBox } from '../../parts/ErrorBox';
import { Suggest } from '../../parts/Suggest';
import { completedJobs, type Draft, draftOfJob } from './draft';

interface Props {
  job: string;
  change: (job: string) => void;
  fill: (draft: Draft) => void; // called when the job is known
}

// A completed training job, whose model it is to be.
export function FromJob({ job, change, fill }: Props) {
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    if (!job) return;
    const control = new AbortController();
    // A name may still be being typed.
    const timer = window.setTimeout(() => {
      setError(undefined);
      draftOfJob(job, control.signal).then(fill, (thrown: unknown) => {
        if (!control.signal.aborted) setError(thrown);
      });
    }, 300);
    return () => {
      window.clearTimeout(timer);
      control.abort();
    };
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each job
  }, [job]);
  return (
    <SpaceBetween size="m">
      <FormField label="Training job" description="Image, model data and role are taken from it.">
        <Suggest value={job} change={change} find={completedJobs} placeholder="A completed training job" empty="No completed training job is like that" />
      </FormField>
      {error !== undefined && <ErrorBox error={error} doing="Training job" />}
    </SpaceBetween>
  );
}
