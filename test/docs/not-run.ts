/** Commands of the docs that these tests do not run, by the reason. A command with arguments of its own stands for its bare name. */
export const notRun: Readonly<Record<string, readonly string[]>> = {
  'runs these tests themselves, or sets them up': [
    'npm test',
    'npm test -- test/tasks/scoring.test.ts',
    'npx vitest run test/architectures/families.test.ts -t NAME',
    'npx vitest run test/architectures/models-doc.test.ts -u',
    'npx vitest run test/networks',
    'npx vitest run test/report -u',
    'npm ci',
    'npm run build',
  ],
  'minutes to hours of compute': [
    'npm start', // test/cli/start.test.ts
    'taskvec bench --model MODEL --no-plain --no-two-cores',
    'taskvec bench --model gemma3-270m-q4 --no-plain --no-two-cores',
    'taskvec bench --model smollm2-135m-q4 --no-plain --no-two-cores --python PATH',
    'taskvec run circuits.yaml',
    'taskvec run configs/held-out.yaml',
    'taskvec run configs/pretrained.yaml',
  ],
  'minutes to hours of compute; test/faults and test/fuzz run a few of their cases': [
    'npm run faults',
    'npm run faults -- --cases',
    'npm run faults -- --rounds 100 --seed 1 --out FILE',
    'npm run faults -- --rounds N --seed S --out FILE',
    'npm run fuzz',
    'npm run fuzz -- 100000 1 TARGET',
    'npm run fuzz -- [cases] [seed] [target]',
    'npx tsx bench/large-database.ts',
    'npx tsx bench/loads.ts',
    'npx tsx bench/results-speed.ts',
    'npx tsx bench/scale.ts MODELS',
  ],
  'fetches what these tests have no terms, no hub or no time for; test/models pulls from a hub of its own': [
    'taskvec models pull OWNER/NAME@REVISION',
    'taskvec models pull gemma3-270m-q4',
    'taskvec models pull smollm2-135m',
  ],
  'installs or removes packages of this machine; test/package installs the packed one elsewhere': [
    'ONNXRUNTIME_NODE_INSTALL=skip npm install --global --allow-scripts=better-sqlite3 ./taskvec-*.tgz',
    'cd an/empty/folder',
    'export npm_package_config_node_gyp_nodedir=/usr',
    'npm ci --omit=dev',
    'npm pack',
    'npm uninstall --global taskvec',
  ],
  'needs Docker; test/docs/containers.test.ts checks the files and the arguments': [
    'docker build --tag taskvec .',
    'docker build --target worker --tag taskvec-worker .',
    'docker compose run --rm sweep results',
    'docker compose run --rm sweep run quickstart --elsewhere all',
    'docker compose up --detach --scale worker=4',
    'docker run --rm --volume "$PWD:/data" --user "$(id -u)" taskvec run quickstart',
  ],
  'needs Python packages or an emulator, and reference models': [
    'export MALLOC_MMAP_THRESHOLD_=1000000000 MALLOC_TRIM_THRESHOLD_=1000000000',
    'npm run processors -- --models f16,gpt2 --arm64 NODE --sysroot FOLDER',
    'npm run random-models -- --python PYTHON NAME',
    'pip install -r training/requirements.txt',
    'python docs/python/patch_theta.py .taskvec/taskvec.db thetas.safetensors miniatures/llama-mini-m', // test/export/python.test.ts
    'python test/golden/make_families.py NAME',
    'python training/evaluate.py miniatures/pythia-mini-s',
    'python training/publish.py pythia-mini-s',
    'python training/train.py pythia-mini-s --seed 1 --out miniatures/pythia-mini-s',
  ],
  "writes the project's own files, which other tests compare with their sources": [
    'npm run data:generate',
    'npm run data:review',
    'npm run migrations:generate -- --custom --name my_scores_view',
    'npm run migrations:generate -- --name my_scores',
    'npm run migrations:generate -- --name what_it_does',
    'npm run pictures -- pretrained',
  ],
  "asks the registry about this day's packages": ['npm audit', 'npm audit --omit=dev', 'npm update'],
  'a clone of the whole history': ["git log -1 --grep 'Add GLM-4.5'"],
  'a process of its own to kill: test/faults and test/sweep/faults.test.ts': ['kill -9'],
  'the same as "taskvec COMMAND --help"': ['taskvec 命令 --help'],
  'another of several forms, of which the tests beside it run': [
    'taskvec cancel', // test/sweep/failures.test.ts
    'taskvec models check', // test/cli/models.test.ts
    'taskvec predict --task', // with a task: README's
    'taskvec report GROUP', // with --by: docs/settings.md's
    'taskvec worker --models mine=PATH', // test/networks
  ],
}
