/** The tool map in force, as the API tells it (spec/http.md N-49). */
import { type Static, Type } from 'typebox';
import { type ArgPath, EFFECTS, type Entry, KINDS, LABELS, TRUSTS, UNLISTED } from '../facet/map.ts';
import type { Law } from '../law/law.ts';

const closed = { additionalProperties: false };
const texts = Type.Array(Type.String());

export const ToolsAnswer = Type.Object(
  {
    constitution: Type.Integer({ minimum: 0, description: 'The version' }),
    unlisted: Type.Enum([...UNLISTED], { description: 'What a tool counts as that is not listed' }),
    tools: Type.Array(
      Type.Object(
        {
          tool: Type.String(),
          server: Type.Union([Type.String(), Type.Null()], { description: 'null: whatever the server' }),
          effect: Type.Enum([...EFFECTS]),
          egress: Type.Boolean(),
          args: Type.Array(Type.Object({ path: Type.String({ description: 'segments joined by dots' }), kind: Type.Enum([...KINDS]) }, closed)),
          facets: Type.Array(Type.String(), { description: 'Groups of facets that its arguments show' }),
          intent: texts,
          about: texts,
          result: Type.Enum([...TRUSTS]),
          reads: Type.Array(Type.Enum([...LABELS])),
          metadata: texts,
        },
        closed,
      ),
    ),
  },
  { ...closed, $id: 'ToolsAnswer' },
);
export type ToolsAnswer = Static<typeof ToolsAnswer>;
export type ToolView = ToolsAnswer['tools'][number];

const GROUPS = ['money', 'mail', 'http', 'fs', 'shell', 'sql'] as const;
const pathText = (path: ArgPath): string => path.join('.');

export function toolView(entry: Entry): ToolView {
  const { tool, server, effect, egress, args, intent, about, result, reads, metadata } = entry;
  return {
    tool,
    server,
    effect,
    egress,
    args: args.map(({ path, kind }) => ({ path: pathText(path), kind })),
    facets: GROUPS.filter((group) => entry[group] !== null),
    intent: [...intent],
    about: [...about],
    result,
    reads: [...reads],
    metadata: [...metadata],
  };
}

/** N-49 */
export const toolsView = ({ version, tools }: Law): ToolsAnswer => ({
  constitution: version,
  unlisted: tools.map.unlisted,
  tools: tools.map.entries.map(toolView),
});
