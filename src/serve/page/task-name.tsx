import type { SweepView } from '../api.js'

/** A task's label, with its id as the tooltip; its id where the config gives no label. */
export function TaskName({ labels, task }: { labels: SweepView['labels']; task: string }) {
  const label = labels[task]
  return label === undefined ? <>{task}</> : <span title={task}>{label}</span>
}

/** A warning begins with the id of the task that it is about. */
export function labelled(labels: SweepView['labels'], warning: string): string {
  const [task = '', ...rest] = warning.split(': ')
  return [labels[task] ?? task, ...rest].join(': ')
}
