// The feeds alarm, interval and once: what a client calls in the life of a
// trigger becomes the trigger's annotation "cron", which the platform obeys.
// It acts with the key of whoever calls it, and has no rights of its own.

class Refusal extends Error {}

const refuse = (text) => { throw new Refusal(text); };

function moment(name, value) {
  const date = new Date(isNaN(value) ? value : Number(value));
  return isNaN(date) ? refuse(`${name} parameter '${value}' is not a valid Date`) : date;
}

const stamp = (date) => `${date.toISOString().slice(0, 19)}Z`;

function future(name, value) {
  const date = moment(name, value);
  return date > new Date() ? date : refuse(`${name} parameter '${value}' must be in the future`);
}

// object makes of a trigger_payload what a trigger can be fired with.
function object(payload) {
  let value = payload;
  if (typeof value === 'string') {
    try { value = JSON.parse(value); } catch (e) { /* a text like any other */ }
  }
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : { payload: value };
}

// bounds adds startDate and stopDate, where they are given.
function bounds(settings, params) {
  const start = params.startDate ? future('startDate', params.startDate) : undefined;
  const stop = params.stopDate ? moment('stopDate', params.stopDate) : undefined;
  if (stop && start && stop <= start) {
    refuse(`stopDate parameter '${params.stopDate}' must be greater than the startDate parameter '${params.startDate}'`);
  }
  if (stop && stop <= new Date()) refuse(`stopDate parameter '${params.stopDate}' must be in the future`);
  if (start) settings.start = stamp(start);
  if (stop) settings.stop = stamp(stop);
  return settings;
}

// Each feed reads its parameters into settings, in which UPDATE leaves what it
// does not name, and shows settings as it was given them.
const feeds = {
  alarm: {
    read(params, old) {
      const cron = params.cron || old.cron || refuse('alarms trigger feed is missing the cron parameter');
      const settings = bounds({ ...old, cron }, params);
      if (params.timezone) settings.tz = params.timezone;
      return settings;
    },
    show: (s) => ({ cron: s.cron, timezone: s.tz }),
  },
  interval: {
    read(params, old) {
      if (params.minutes === undefined) {
        return old.cron ? bounds({ ...old }, params) : refuse('interval trigger feed is missing the minutes parameter');
      }
      const minutes = Number(params.minutes);
      if (!Number.isInteger(minutes)) refuse('the minutes parameter must be an integer');
      if (minutes <= 0) refuse('the minutes parameter must be an integer greater than zero');
      return bounds({ ...old, cron: `@every ${minutes}m` }, params);
    },
    show: (s) => ({ minutes: parseInt(s.cron.slice('@every '.length), 10) }),
  },
  once: {
    read(params, old) {
      const after = String(params.deleteAfterFire || old.after || 'false').toLowerCase();
      if (!['false', 'true', 'rules'].includes(after)) refuse('deleteAfterFire parameter must be one of [false, true, rules].');
      const settings = { ...old };
      if (params.date) settings.cron = `@at ${stamp(future('date', params.date))}`;
      if (!settings.cron) refuse('alarms once trigger feed is missing the date parameter');
      if (after === 'false') delete settings.after; else settings.after = after === 'true' ? 'delete' : 'rules';
      return settings;
    },
    show: (s) => ({
      date: s.cron.slice('@at '.length),
      deleteAfterFire: { delete: 'true', rules: 'rules' }[s.after] || 'false',
    }),
  },
};

// api calls the trigger's own address.
async function api(params, method, body) {
  const [, namespace, name] = /^\/?([^/]+)\/([^/]+)$/.exec(params.triggerName || '') || refuse('no valid triggerName');
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/triggers/${encodeURIComponent(name)}`;
  const answer = await fetch(`${process.env.__OW_API_HOST}${path}${method === 'PUT' ? '?overwrite=true' : ''}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(params.authKey || '').toString('base64')}`,
      'content-type': 'application/json',
    },
    body: body && JSON.stringify(body),
  });
  const text = await answer.text();
  let read = {};
  try { read = JSON.parse(text); } catch (e) { /* then only the status counts */ }
  return answer.ok ? read : refuse(read.error || `the trigger cannot be used: status ${answer.status}`);
}

async function work(params, feed) {
  const trigger = await api(params, 'GET');
  const others = trigger.annotations.filter((a) => a.key !== 'cron');
  const old = (trigger.annotations.find((a) => a.key === 'cron') || {}).value;
  const put = (settings) => api(params, 'PUT', {
    annotations: settings ? [...others, { key: 'cron', value: settings }] : others,
  });
  const known = () => (old && typeof old === 'object' ? old : refuse('the trigger has no alarm'));
  switch (params.lifecycleEvent) {
    case 'CREATE':
    case 'UPDATE': {
      const settings = feed.read(params, params.lifecycleEvent === 'UPDATE' ? known() : {});
      if (params.trigger_payload !== undefined) settings.payload = object(params.trigger_payload);
      await put(settings);
      return {};
    }
    case 'DELETE':
      await put();
      return {};
    case 'PAUSE':
      await put({ ...known(), paused: true });
      return {};
    case 'UNPAUSE': {
      const { paused, ...settings } = known();
      await put(settings);
      return {};
    }
    case 'READ': {
      const s = known();
      return {
        config: {
          name: trigger.name, namespace: trigger.namespace, payload: s.payload, ...feed.show(s), startDate: s.start, stopDate: s.stop,
        },
        status: {
          active: !s.paused, dateChanged: trigger.updated, dateChangedISO: new Date(trigger.updated).toISOString(),
        },
      };
    }
    default:
      return refuse('lifecycleEvent must be one of CREATE, READ, UPDATE, DELETE, PAUSE, UNPAUSE');
  }
}

async function main(params) {
  const feed = feeds[(process.env.__OW_ACTION_NAME || '').split('/').pop()];
  try {
    return await work(params, feed || refuse('there is no such feed'));
  } catch (e) {
    if (e instanceof Refusal) return { error: e.message };
    throw e;
  }
}
