/**
 * Requests checked against their shapes (spec/http.md N-20). The decision's check is written by hand, since it runs
 * for every decision; a test proves that it and the schema agree.
 */
import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { Fault } from '../base/fault.ts';
import { LABEL_BYTES_MAX } from '../base/limit.ts';
import { isName } from '../base/record.ts';
import { type Json, type JsonObject, step } from './json-value.ts';
import { BatchFrame, DecisionRequest, InputRequest, OutcomeRequest, SessionRequest } from './schema.ts';

const decision = Compile(DecisionRequest);
const REFERENCE_MAX = 256;

/** Checks one shape. @throws Fault request_shape with context.path */
export function checker<S extends TSchema>(shape: S): (value: Json, at?: string) => Static<S> {
  const validator = Compile(shape);
  return (value, at = '$') => {
    if (!validator.Check(value)) throw shapeFault(validator, value, at);
    return value as Static<S>;
  };
}

const session = checker(SessionRequest);
export const checkInput = checker(InputRequest);
export const checkBatch = checker(BatchFrame);
export const checkOutcome = checker(OutcomeRequest);

/** @throws Fault request_shape */
export function checkSession(value: Json): SessionRequest {
  const request = session(value);
  label(request.agent, '$.agent');
  return request;
}

/** @throws Fault request_shape; `at` is the path of the value */
export function checkDecision(value: Json, at = '$'): DecisionRequest {
  if (!isDecision(value)) throw shapeFault(decision, value, at);
  const { server, name } = value.action;
  label(name, `${at}.action.name`);
  if (server !== undefined) label(server, `${at}.action.server`);
  return value;
}

/** The bound of labels is in bytes, which a schema cannot say. */
function label(text: string, path: string): void {
  if (text.length * 3 > LABEL_BYTES_MAX && Buffer.byteLength(text) > LABEL_BYTES_MAX)
    throw new Fault('request_shape', `at most ${LABEL_BYTES_MAX} bytes of UTF-8 are expected at ${path}`, {
      path,
      expected: `at most ${LABEL_BYTES_MAX} bytes`,
    });
}

const isObject = (value: Json | undefined): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);
/** `maxLength` counts code points, of which there are at most as many as UTF-16 units. */
const isText = (value: Json | undefined, max: number): value is string => typeof value === 'string' && (value.length <= max || Array.from(value).length <= max);
const isLabel = (value: Json | undefined): boolean => isText(value, LABEL_BYTES_MAX) && value !== '';

/** What `DecisionRequest` says, by hand. */
export function isDecision(value: Json): value is DecisionRequest & JsonObject {
  if (!isObject(value)) return false;
  for (const key in value) {
    switch (key) {
      case 'session':
        if (!isText(value.session, REFERENCE_MAX)) return false;
        break;
      case 'action':
        if (!isAction(value.action)) return false;
        break;
      case 'context':
        if (!isObject(value.context)) return false;
        break;
      case 'permit':
        if (typeof value.permit !== 'boolean') return false;
        break;
      case 'announced':
        if (typeof value.announced !== 'boolean') return false;
        break;
      case 'approval':
        if (!isText(value.approval, REFERENCE_MAX)) return false;
        break;
      default:
        return false;
    }
  }
  return value.session !== undefined && value.action !== undefined;
}

function isAction(value: Json): boolean {
  if (!isObject(value)) return false;
  for (const key in value) {
    switch (key) {
      case 'kind':
        if (typeof value.kind !== 'string' || !(value.kind === 'tool.call' || isName(value.kind))) return false;
        break;
      case 'server':
        if (!isLabel(value.server)) return false;
        break;
      case 'name':
        if (!isLabel(value.name)) return false;
        break;
      case 'args':
        if (!isObject(value.args)) return false;
        break;
      default:
        return false;
    }
  }
  return value.kind !== undefined && value.name !== undefined && value.args !== undefined;
}

const EXPECTED_SHOWN_MAX = 200;

/** N-20: names the first place that is wrong, the outermost first, and what is expected there. */
function shapeFault(validator: Validator, value: Json, at: string): Fault {
  // typebox adds `schema is false` for each unknown field: the error of the object that holds it says more
  const errors = validator.Errors(value).filter((error) => error.keyword !== 'boolean');
  const error = errors[0];
  if (error === undefined) return new Fault('request_shape', `the value at ${at} has a wrong shape`, { path: at });
  let path = at;
  for (const segment of error.instancePath.split('/').slice(1)) {
    const key = segment.replaceAll('~1', '/').replaceAll('~0', '~');
    path += step(/^[0-9]+$/.test(key) ? Number(key) : key);
  }
  if (error.keyword === 'additionalProperties') {
    path += step(error.params.additionalProperties[0]);
    return new Fault('request_shape', `there is no field ${path}`, { path, expected: 'nothing' });
  }
  if (error.keyword === 'required') {
    path += step(error.params.requiredProperties[0]);
    return new Fault('request_shape', `the field ${path} is missing`, { path, expected: 'a value' });
  }
  const expected = error.message.replace(/^must /, '').slice(0, EXPECTED_SHOWN_MAX);
  return new Fault('request_shape', `the value at ${path} must ${expected}`, { path, expected });
}
