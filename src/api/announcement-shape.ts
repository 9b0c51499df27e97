/** Shapes of announcements (spec/http.md N-70 to N-72). */
import { type Static, Type } from 'typebox';
import { LABEL_BYTES_MAX } from '../base/limit.ts';

const closed = { additionalProperties: false } as const;
const label = (description: string) => Type.String({ minLength: 1, maxLength: LABEL_BYTES_MAX, description });
const session = Type.String({ pattern: '^[0-9a-f]{32}$', description: 'The session of the call' });
const digest = Type.String({ pattern: '^[0-9a-f]{64}$', description: 'SHA-256 of the canonical CBOR of [name, args]' });
const server = label('The server that has the tool');
const name = label('The name of the tool');

export const AnnouncementRequest = Type.Object({ session, server, name, digest }, { ...closed, $id: 'AnnouncementRequest' });
export const AnnouncementAnswer = Type.Object(
  { claim_ms: Type.Integer({ minimum: 0, description: 'How long it may be claimed' }) },
  { ...closed, $id: 'AnnouncementAnswer' },
);
export const ClaimRequest = Type.Object({ server, name, digest }, { ...closed, $id: 'ClaimRequest' });
export const ClaimAnswer = Type.Object({ session: Type.Union([session, Type.Null()]) }, { ...closed, $id: 'ClaimAnswer' });

export type AnnouncementRequest = Static<typeof AnnouncementRequest>;
export type ClaimRequest = Static<typeof ClaimRequest>;
