import type { ReloadReport } from '../admin/reload.ts';

/** What became of a reload, in lines for people; its findings were printed before. */
export function linesOfReload(report: ReloadReport): readonly string[] {
  switch (report.outcome) {
    case 'in-force':
      return [
        ...report.restartNeeded.map((what) => `${what}: takes a restart, stays as it was`),
        `serving ${report.apis} APIs by the files as they are now`,
      ];
    case 'refused':
      return ['the files are refused, the configuration before stays in force'];
    case 'failed':
      return ['the files could not be taken over, the configuration before stays in force'];
    case 'no-files':
      return ['nothing to read again, this gateway was started without files'];
    case 'unchanged':
      return [];
    default:
      return report satisfies never;
  }
}
