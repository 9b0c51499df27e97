/** The shapes of OpenID AuthZEN 1.0 (spec/http.md N-60 to N-64). Members that are not named here are left unread, as it asks. */
import { type Static, Type } from 'typebox';
import { LABEL_BYTES_MAX } from '../base/limit.ts';

/** Evaluations of one request. */
export const EVALUATIONS_MAX = 256;

const open = { additionalProperties: true } as const;
const word = (description: string) => Type.String({ minLength: 1, maxLength: LABEL_BYTES_MAX, description });
const properties = (description: string) => Type.Optional(Type.Object({}, { ...open, description }));

const Subject = Type.Object(
  {
    type: word('`session`: its id is that of an AVA session; any other: its id is the name of an agent'),
    id: word('The id'),
    properties: properties('Not read'),
  },
  { ...open, $id: 'AuthzenSubject' },
);
const Action = Type.Object(
  { name: word('The tool'), properties: properties('`kind`, `server`; `permit: true` asks for a permit') },
  { ...open, $id: 'AuthzenAction' },
);
const Resource = Type.Object(
  { type: word('Told to rules as context'), id: word('Told to rules as context'), properties: properties("The tool's arguments; without it, `{id}`") },
  { ...open, $id: 'AuthzenResource' },
);
const Context = Type.Object({}, { ...open, description: 'Facts that the caller vouches for; `obligations: true`: that it honours obligations' });

export const Evaluation = Type.Object(
  { subject: Subject, action: Action, resource: Resource, context: Type.Optional(Context) },
  { ...open, $id: 'AuthzenEvaluation' },
);
export const EvaluationAnswer = Type.Object(
  {
    decision: Type.Boolean({ description: 'true: the verdict is allow, and nothing else is owed' }),
    context: Type.Optional(Type.Object({}, { ...open, description: 'reason, and the decision as POST /v1/decisions gives it' })),
  },
  { additionalProperties: false, $id: 'AuthzenAnswer' },
);

export const SEMANTICS = ['execute_all', 'deny_on_first_deny', 'permit_on_first_permit'] as const;

/** Each evaluation may leave out what the request has for all; each is checked once they are put together. */
export const Evaluations = Type.Object(
  {
    subject: Type.Optional(Subject),
    action: Type.Optional(Action),
    resource: Type.Optional(Resource),
    context: Type.Optional(Context),
    evaluations: Type.Optional(Type.Array(Type.Object({}, open), { maxItems: EVALUATIONS_MAX })),
    options: Type.Optional(Type.Object({ evaluations_semantic: Type.Optional(Type.Enum([...SEMANTICS])) }, open)),
  },
  { ...open, $id: 'AuthzenEvaluations' },
);
export const EvaluationsAnswer = Type.Union([Type.Object({ evaluations: Type.Array(EvaluationAnswer) }, { additionalProperties: false }), EvaluationAnswer], {
  $id: 'AuthzenAnswers',
});

export const AuthzenConfiguration = Type.Object(
  { policy_decision_point: Type.String(), access_evaluation_endpoint: Type.String(), access_evaluations_endpoint: Type.String() },
  { additionalProperties: false, $id: 'AuthzenConfiguration' },
);

export type Evaluation = Static<typeof Evaluation>;
export type Evaluations = Static<typeof Evaluations>;
export type EvaluationAnswer = Static<typeof EvaluationAnswer>;
