/** What the shapes of schema.ts are put together from. */
import { Type } from 'typebox';
import { LABEL_BYTES_MAX } from '../base/limit.ts';

export const closed = { additionalProperties: false } as const;
export const label = (description: string) =>
  Type.String({ minLength: 1, maxLength: LABEL_BYTES_MAX, description: `${description}; at most ${LABEL_BYTES_MAX} bytes` });
export const count = (description?: string) =>
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, ...(description !== undefined && { description }) });
export const hash = (description?: string) => Type.String({ pattern: '^[0-9a-f]{64}$', ...(description !== undefined && { description }) });
export const hexOf = (description: string) => Type.String({ pattern: '^([0-9a-f]{2})*$', description });
export const id = (description: string) => Type.String({ pattern: '^[0-9a-f]{32}$', description });
/** Ids in requests are any text: one of another form is unknown, not malformed. */
export const reference = (description: string) => Type.String({ maxLength: 256, description });
export const object = (description: string) => Type.Object({}, { additionalProperties: true, description });
export const receiptId = Type.String({
  pattern: '^[0-9]+\\.[0-9]+\\.[0-9a-f]{12}$',
  description: 'height, index in the block, first 12 hex digits of the tx_id',
});
