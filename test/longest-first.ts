import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * Files that take more than half a minute on two cores, the longest first. Without a cache of an earlier run Vitest starts with the
 * largest files, and one of these would run alone at the end.
 */
const longest = [
  ...['sweep/experiments', 'sweep/faults', 'sweep/backup', 'sweep/abandoned-sweeps', 'cli/tasks'],
  ...['cli/outside-faults', 'sweep/axes', 'sweep/bad-input', 'serve/page', 'sweep/large-tasks'],
  ...['package/package', 'networks/several-hosts', 'verify/verify', 'workflows/sweep', 'sweep/failures'],
  ...['export/vectors', 'sweep/whole-answers', 'sweep/processors', 'sweep/repositories', 'serve/api-doc'],
  ...['engine/public-code', 'report/page', 'report/write', 'store/hostile', 'engine/smollm2'],
]

/** The projects in their order, and in each the longest files first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const at = longest.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
      return at < 0 ? longest.length : at
    }
    return (await super.sort(files)).sort(
      (a, b) => a.project.name.localeCompare(b.project.name) || place(a) - place(b),
    )
  }
}
