/** What is told to the node of a tool's result (spec/gateway.md MG-25): all text that the client gets to read. */
import { isObject, type Params } from './message.ts';
import { canonicalJson } from './value-digest.ts';

/** One text stays a text, several are a list; structured content is added where no text says the same. */
export function told(result: Params): unknown {
  const content = Array.isArray(result.content) ? (result.content as unknown[]) : [];
  const parts: unknown[] = content.map(partOf);
  const { structuredContent } = result;
  if (structuredContent !== undefined && !parts.some((part) => saysSame(part, structuredContent))) parts.push(structuredContent);
  return parts.length === 1 ? parts[0] : parts;
}

/** A content block: its text, or what it is of; data that is no text is named by its type. */
function partOf(block: unknown): unknown {
  if (!isObject(block)) return null;
  if (typeof block.text === 'string') return block.text;
  const { type, mimeType, resource, uri, name, title, description } = block;
  if (isObject(resource)) return typeof resource.text === 'string' ? resource.text : { uri: resource.uri ?? null, type: resource.mimeType ?? null };
  return { type: type ?? null, mimeType, uri, name, title, description };
}

function saysSame(part: unknown, structured: unknown): boolean {
  if (typeof part !== 'string') return false;
  const members = isObject(structured) ? Object.values(structured) : [];
  if (members.length === 1 && members[0] === part) return true;
  const first = part.trimStart()[0];
  if (first !== '{' && first !== '[') return false;
  try {
    return canonicalJson(JSON.parse(part)) === canonicalJson(structured);
  } catch {
    return false;
  }
}
