/** The ABI `buffer` (GU-6): the guest says where its input goes, and reads the buffer as it is. */
import { type Abi, i32s } from './abi.ts';
import { HOST_TYPES, HostTrap } from './host.ts';

/** Room that is asked for at least: a guest may rely on an address of its own. */
const INPUT_ROOM_MIN = 8;

export const BUFFER_ABI: Abi = {
  profile: 'integer',
  imports: { ava: HOST_TYPES },
  exports: { alloc: i32s(1, 1), judge: i32s(2, 1) },
  link: (host) => ({
    functions: { ava: host.functions() },
    attach(instance) {
      const alloc = instance.function('alloc');
      const judge = instance.function('judge');
      return {
        judge(input) {
          const at = alloc(Math.max(input.length, INPUT_ROOM_MIN)) >>> 0;
          const memory = host.view();
          if (at % 8 !== 0 || at + input.length > memory.length) throw new HostTrap('host');
          memory.set(input, at);
          const result = judge(at, input.length);
          if (result !== 0 && result !== 1 && result !== 2) throw new HostTrap('host');
          return result;
        },
      };
    },
  }),
};
