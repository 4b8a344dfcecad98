import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { checkHome } from './commands/check.ts';
import { runCounters } from './commands/counters.ts';
import { runDemo, type DemoOptions } from './commands/demo.ts';
import { importExports } from './commands/import.ts';
import { runStart, type StartOptions } from './commands/start.ts';
import { exitCodes } from './exit-codes.ts';
import { machineEnvironment } from './machine.ts';

/** Runs one command; resolves to the exit code. Results go to stdout, words for people to stderr. */
export async function main(args: readonly string[]): Promise<number> {
  let code: number = exitCodes.done;
  const program = commands(async (running) => {
    code = await running;
  });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
  return code;
}

type Finish = (running: Promise<number>) => Promise<void>;

function commands(finish: Finish): Command {
  const program = new Command('sluice')
    .description('An API gateway whose rate limits hold exactly for a whole cluster.')
    .exitOverride()
    .showHelpAfterError('(sluice --help lists the commands, sluice COMMAND --help its options)')
    .configureHelp({ showGlobalOptions: true });
  addStart(program, finish);
  addCheck(program, finish);
  addImport(program, finish);
  addDemo(program, finish);
  addCounters(program, finish);
  return program;
}

function homeOption(): Option {
  return new Option('--home <dir>', 'folder with deployment.toml, apis/, policies/, applications/')
    .env('SLUICE_HOME')
    .default(process.cwd(), 'the working directory');
}

function addStart(program: Command, finish: Finish): void {
  program
    .command('start')
    .description('run one gateway until SIGTERM or SIGINT, then drain; SIGHUP reads the files again')
    .addOption(homeOption())
    .option('--port <n>', 'port for clients', wholeNumber(0, 65_535))
    .option('--admin-port <n>', 'port of the admin listener', wholeNumber(0, 65_535))
    .option('--gateway-id <id>', "this gateway's name")
    .option(
      '--store <url>',
      'where the counters are: local, unix:/path (sluice counters), redis://host:port/db',
    )
    .option('--threads <n>', 'threads that serve: 1 to 64, or auto, one for each core', threadCount)
    .option('--no-watch', 'read the files again only when told to, not when they have changed')
    .option('--to <url>', 'without any file: the backend')
    .option('--limit <limit>', 'with --to: such as 100/min or 10/s')
    .option('--by <subject>', 'with --to: one counter for each ip, or for each value of header:NAME')
    .action((options: StartOptions) => finish(runStart(options)));
}

function addCheck(program: Command, finish: Finish): void {
  program
    .command('check')
    .description('read every file of a home and print every problem with file, line and column')
    .addOption(homeOption())
    .option('--online', 'also connect to the Redis that the files name, and look whether it can be relied on')
    .option('--json', 'print the findings as JSON')
    .action(({ home, json = false, online = false }: { home: string; json?: boolean; online?: boolean }) => {
      const environment = machineEnvironment(home);
      const { stdout, stderr } = process;
      return finish(checkHome({ homePath: home, json, online, stdout, stderr, environment }));
    });
}

interface ImportFlags {
  readonly from: string;
  readonly to: string;
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

function addImport(program: Command, finish: Finish): void {
  program
    .command('import')
    .description("take over a tree of WSO2's exports into a home, and say of every file what became of it")
    .requiredOption(
      '--from <dir>',
      'exported policies, API projects, applications, deny policies, deployment.toml',
    )
    .requiredOption('--to <home>', 'the home to fill; it need not exist')
    .option('--overwrite', 'replace what the home has already')
    .option('--dry-run', 'write nothing')
    .option('--json', 'print the lists as JSON')
    .action(({ from, to, overwrite = false, dryRun = false, json = false }: ImportFlags) => {
      const { stdout, stderr } = process;
      const environment = machineEnvironment(to);
      return finish(importExports({ from, to, overwrite, dryRun, json, stdout, stderr, environment }));
    });
}

function addDemo(program: Command, finish: Finish): void {
  program
    .command('demo')
    .description(
      'run a cluster on this machine, send traffic, and compare what it admitted with what the backend counted',
    )
    .option('--gateways <n>', 'gateway processes', wholeNumber(1, 16), 3)
    .option('--redis <url>', 'count in this Redis instead of a process of the demo')
    .option('--stay', 'no traffic: serve the example until Ctrl-C, with lines to try')
    .option('--first-port <n>', "with --stay: the first gateway's port", wholeNumber(1, 60_000), 8280)
    .option('--json', 'print the result as JSON')
    .action((options: DemoOptions) => finish(runDemo(options)));
}

function addCounters(program: Command, finish: Finish): void {
  program
    .command('counters')
    .description('hold the counters for all gateways of this machine (sluice start --store unix:PATH)')
    .requiredOption('--socket <path>', 'where to listen')
    .action(({ socket }: { socket: string }) => finish(runCounters(socket)));
}

function threadCount(text: string): number | 'auto' {
  return text === 'auto' ? text : wholeNumber(1, 64)(text);
}

function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= from && number <= to) return number;
    throw new InvalidArgumentError(`expected a whole number from ${from} to ${to}`);
  };
}
