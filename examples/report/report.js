// Calls other actions of its namespace through the platform's API, with the
// key that the annotation provide-api-key gives it.

/**
 * Makes a report in HTML from a table in CSV.
 *
 * @param {{csv: string, title?: string, summary?: string, renderer?: string}} params
 * @returns {Promise<{html: string, rows: number}>}
 */
async function main({ csv, title = 'Report', summary = 'csv-summary', renderer = 'markdown' }) {
  const table = await invoke(summary, { csv });
  const markdown = [
    `# ${title}`,
    '',
    `${table.rows} rows.`,
    '',
    '| column | distinct | missing | range or most frequent |',
    '|--------|---------:|--------:|------------------------|',
    ...table.columns.map((c) =>
      `| ${c.name} | ${c.distinct} | ${c.missing} | ${c.type === 'number' ? `${c.min} to ${c.max}` : c.top} |`),
  ].join('\n');
  const { html } = await invoke(renderer, { markdown, title });
  return { html, rows: table.rows };
}

async function invoke(action, params) {
  const { __OW_API_HOST: host, __OW_API_KEY: key } = process.env;
  const url = `${host}/api/v1/namespaces/_/actions/${encodeURIComponent(action)}?blocking=true&result=true`;
  console.log(`invoking ${action}`);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Basic ${btoa(key)}` },
    body: JSON.stringify(params),
  });
  const result = await response.json();
  if (response.status !== 200) {
    throw new Error(`${action} answered ${response.status}: ${JSON.stringify(result.error ?? result)}`);
  }
  return result;
}

exports.main = main;
