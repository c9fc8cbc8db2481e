// Copying a text, for the pages of a run and of a sweep.
"use strict";

// Without a secure context, as at another machine's address or in a file, there may be no clipboard, but still this.
function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}
