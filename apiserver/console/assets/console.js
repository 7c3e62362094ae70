// Replaces the body of a page that asks for it by a fresh one, while somebody
// looks at it. Without this script the page is as it was when it was loaded.
"use strict";

const body = document.getElementById("body");

async function refresh() {
  const part = body.querySelector("[data-refresh]");
  if (!part) return;
  const again = () => setTimeout(refresh, Number(part.dataset.refresh));
  if (document.hidden || document.getSelection().toString() !== "") return again();
  try {
    const url = new URL(location.href);
    url.searchParams.set("part", "1");
    const answer = await fetch(url, { redirect: "error" });
    // 404: a record that is not there yet.
    if (answer.ok || answer.status === 404) body.innerHTML = await answer.text();
  } catch {
    // The server is away: what is shown stays, the next try may do better.
  }
  again();
}

setTimeout(refresh, 2000);
