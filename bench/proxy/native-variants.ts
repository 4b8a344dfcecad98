import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { accepts, freePort } from '../../gateway/test/support/ports.ts';
import { until } from '../../gateway/test/support/until.ts';
import { spawnPinned, stop } from '../pinned.ts';
import { serverCore } from './load.ts';
import type { Server, Variant, World } from './variant.ts';

const modules = '/usr/lib/nginx/modules';
const luaModule = `${modules}/ngx_http_lua_module.so`;
const redisForLua = '/usr/share/lua/5.1/nginx/redis.lua';
const warmUpMs = 1000;

export const nativeVariants: readonly Variant[] = [
  {
    key: 'nginx',
    name: 'nginx',
    needs: ['nginx'],
    warmUpMs,
    start: (world) => startNginx(world, { modules: '', access: '' }),
  },
  { key: 'haproxy', name: 'HAProxy', needs: ['haproxy'], warmUpMs, start: startHaproxy },
  {
    key: 'nginx-lua',
    name: 'nginx + Lua + Redis INCR',
    needs: ['nginx', luaModule, redisForLua],
    warmUpMs,
    start: (world) =>
      startNginx(world, {
        modules: `load_module ${modules}/ndk_http_module.so;\nload_module ${luaModule};`,
        access: countInRedis(world.redisPort),
        proof: 'x-ratelimit-remaining',
      }),
  },
];

/** One counter for each address and minute, as gateways on nginx and Lua count. */
function countInRedis(port: number): string {
  return `
      access_by_lua_block {
        local redis = require("nginx.redis"):new()
        redis:set_timeout(1000)
        if not redis:connect("127.0.0.1", ${port}) then return ngx.exit(503) end
        local limit = 1000000000
        local key = "lua:" .. ngx.var.remote_addr .. ":" .. math.floor(ngx.time() / 60)
        local used = redis:incr(key)
        if not used then return ngx.exit(503) end
        if used == 1 then redis:expire(key, 120) end
        redis:set_keepalive(60000, 256)
        if used > limit then return ngx.exit(429) end
        ngx.header["X-RateLimit-Remaining"] = limit - used
      }`;
}

async function startNginx(
  { backendPort }: World,
  more: { readonly modules: string; readonly access: string; readonly proof?: string },
): Promise<Server> {
  const { uid, username } = userInfo();
  const port = await freePort();
  const config = (folder: string): string => `
${more.modules}
${uid === 0 ? `user ${username};` : ''}
worker_processes 1;
worker_rlimit_nofile 16384;
daemon off;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 8192; }
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  keepalive_timeout 300s;
  keepalive_requests 1000000000;
  upstream backend {
    server 127.0.0.1:${backendPort};
    keepalive 128;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / {${more.access}
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    }
  }
}
`;
  return startNative({ command: 'nginx', args: (file) => ['-c', file], config, port, proof: more.proof });
}

async function startHaproxy({ backendPort }: World): Promise<Server> {
  const port = await freePort();
  const config = (): string => `
global
  nbthread 1
  maxconn 8192
defaults
  mode http
  http-reuse always
  option forwardfor
  timeout connect 5s
  timeout client 300s
  timeout server 300s
  timeout http-keep-alive 300s
frontend proxy
  bind 127.0.0.1:${port} backlog 4096
  default_backend backend
backend backend
  server backend 127.0.0.1:${backendPort}
`;
  return startNative({
    command: 'haproxy',
    args: (file) => ['-db', '-f', file],
    config,
    port,
    proof: undefined,
  });
}

async function startNative(how: {
  readonly command: string;
  readonly args: (file: string) => readonly string[];
  readonly config: (folder: string) => string;
  readonly port: number;
  readonly proof: string | undefined;
}): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const file = join(folder, 'config');
  writeFileSync(file, how.config(folder));
  const child = spawnPinned(how.command, how.args(file), serverCore);
  const close = async (): Promise<void> => {
    await stop(child);
    rmSync(folder, { recursive: true });
  };
  try {
    await until(() => accepts(how.port));
  } catch (error) {
    await close();
    throw error;
  }
  return { pid: child.pid ?? 0, port: how.port, basePath: '', fields: {}, proof: how.proof, close };
}
