/** Tells AVA what the user says in a conversation, once each. */
import type { Session } from './session.ts';

export class Prompts {
  private readonly session: Session;
  private said: readonly string[] = [];
  private telling: Promise<void> = Promise.resolve();

  constructor(session: Session) {
    this.session = session;
  }

  /** The user's texts of the conversation so far, oldest first: what was not told yet is told. @throws AvaError */
  tell(texts: readonly string[], signal?: AbortSignal): Promise<void> {
    // one after the other, so that parallel turns tell nothing twice
    const told = this.telling.then(async () => {
      let same = 0;
      while (same < this.said.length && this.said[same] === texts[same]) same += 1;
      for (let i = same; i < texts.length; i++) {
        await this.session.say(texts[i], signal);
        this.said = texts.slice(0, i + 1);
      }
    });
    this.telling = told.catch(() => undefined);
    return told;
  }
}
