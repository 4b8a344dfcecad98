import type { StandaloneRedis } from '../../config/config.ts';
import { connectRedis } from '../../stores/redis/connect.ts';

/** Whether a Redis answers, within its connect deadline. */
export function reachable(settings: StandaloneRedis): Promise<boolean> {
  const redis = connectRedis(settings);
  return new Promise((resolve) => {
    const answer = (is: boolean) => () => {
      redis.disconnect();
      resolve(is);
    };
    redis.once('ready', answer(true));
    redis.once('error', answer(false));
  });
}
