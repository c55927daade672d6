import { type ComponentType, lazy, useState } from 'react';

type Fetch<P> = () => Promise<{ default: ComponentType<P> }>;

export interface Loadable<P> {
  (props: P): React.ReactElement;
  load: () => Promise<void>;
  isLoaded: () => boolean;
}

// A part of the console that is fetched when it is shown, or ahead by load(). With React's lazy()
// alone also what was fetched ahead is waited for: a spinner is drawn first, and React takes one away
// only after it was there for 300 ms.
export function loadable<P extends object>(fetch: Fetch<P>): Loadable<P> {
  let known: ComponentType<P> | undefined;
  const keep = async () => {
    const module = await fetch();
    known = module.default;
    return module;
  };
  const Later = lazy(keep);
  const Part = (props: P) => {
    // Chosen once: another type would be another component, without the state of this one.
    const [Shown] = useState<ComponentType<P>>(() => known ?? Later);
    return <Shown {...props} />;
  };
  const load = async () => {
    if (!known) await keep();
  };
  return Object.assign(Part, { load, isLoaded: () => known !== undefined });
}
