// Replaces the body of a page that asks for it by a fresh one, while somebody
// looks at it, and adds the lines of an activation that runs. Without this
// script the page is as it was when it was loaded.
"use strict";

const body = document.getElementById("body");

async function load() {
  try {
    const url = new URL(location.href);
    url.searchParams.set("part", "1");
    const answer = await fetch(url, { redirect: "error" });
    // 404: a record that is not there yet.
    if (answer.ok || answer.status === 404) body.innerHTML = await answer.text();
  } catch {
    // The server is away: what is shown stays, the next try may do better.
  }
}

async function refresh() {
  const part = body.querySelector("[data-refresh]");
  if (!part) return;
  if (!document.hidden && document.getSelection().toString() === "") await load();
  setTimeout(refresh, Number(part.dataset.refresh));
}

// follow shows lines as they are printed, and the record after the end. Where
// that cannot be, such as for an activation that is not known, it refreshes.
function follow(part) {
  const lines = part.querySelector(".logs");
  const source = new EventSource(part.dataset.follow);
  source.onmessage = (event) => {
    lines.hidden = false;
    lines.append(event.data + "\n");
  };
  source.addEventListener("end", async () => {
    source.close();
    await load();
    setTimeout(refresh, 2000);
  });
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(refresh, 500);
  };
}

const running = body.querySelector("[data-follow]");
if (running) follow(running);
else setTimeout(refresh, Number(body.querySelector("[data-refresh]")?.dataset.refresh ?? 0));
