import { marked } from 'marked';

/**
 * Renders Markdown to HTML.
 *
 * @param {{markdown: string, title?: string}} params
 * @returns {{html: string, headings: string[]}} a page if there is a title, else a fragment
 */
export function main({ markdown, title }) {
  if (typeof markdown !== 'string') {
    return { error: 'the parameter "markdown" must be a text' };
  }
  const tokens = marked.lexer(markdown);
  const headings = tokens.filter((token) => token.type === 'heading').map((token) => token.text);
  const body = marked.parser(tokens);
  console.log(`rendered ${markdown.length} characters under ${headings.length} headings`);
  return { html: title ? page(title, body) : body, headings };
}

function page(title, body) {
  const text = title.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  return `<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>${text}</title>\n<body>\n${body}</body>\n</html>\n`;
}
