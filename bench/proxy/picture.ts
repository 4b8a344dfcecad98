import { spread } from '../statistics.ts';
import { figures, type Result } from './measure.ts';

const rowHeight = 30;
const barHeight = 18;
const top = 58;
const barLeft = 330;
const barWidthMax = 400;
const width = 860;
const colours = { ours: '#1f6f8b', others: '#b6bec5', text: '#1c2328', quiet: '#5d6a73', back: '#ffffff' };

/** Bars of the CPU time per request, medians, with a line from the lowest to the highest round. SVG. */
export function picture(result: Result, machine: string): string {
  const bars = [...result.rounds].map(([{ key, name }, rounds]) => ({
    name,
    isOurs: key.startsWith('sluice'),
    us: spread(figures(rounds, 'cpuUsEach')),
  }));
  const scale = barWidthMax / Math.max(...bars.map(({ us }) => us.high));
  const height = top + bars.length * rowHeight + 20;
  const rows = bars.map(({ name, isOurs, us }, index) => {
    const y = top + index * rowHeight;
    const middle = y + barHeight / 2;
    const at = (value: number): string => (barLeft + value * scale).toFixed(1);
    return [
      text({ x: barLeft - 10, y: middle + 4, anchor: 'end', fill: colours.text, size: 13 }, name),
      `<rect x="${barLeft}" y="${y}" width="${(us.median * scale).toFixed(1)}" height="${barHeight}" fill="${isOurs ? colours.ours : colours.others}"/>`,
      `<path d="M${at(us.low)} ${middle}H${at(us.high)}M${at(us.low)} ${middle - 4}v8M${at(us.high)} ${middle - 4}v8" stroke="${colours.text}"/>`,
      text(
        { x: barLeft + us.high * scale + 8, y: middle + 4, anchor: 'start', fill: colours.text, size: 13 },
        us.median.toFixed(1),
      ),
    ].join('\n');
  });
  const title = `CPU µs per request, ${result.load.name}, one core: less is better`;
  const under = `medians, lowest to highest round; ${machine}`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="${colours.back}"/>`,
    text({ x: 20, y: 26, anchor: 'start', fill: colours.text, size: 16 }, title),
    text({ x: 20, y: 44, anchor: 'start', fill: colours.quiet, size: 12 }, under),
    ...rows,
    '</svg>\n',
  ].join('\n');
}

function text(
  how: {
    readonly x: number;
    readonly y: number;
    readonly anchor: 'start' | 'end';
    readonly fill: string;
    readonly size: number;
  },
  words: string,
): string {
  const { x, y, anchor, fill, size } = how;
  return `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}" fill="${fill}" font-size="${size}">${escaped(words)}</text>`;
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
