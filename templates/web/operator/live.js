// Writes into the page how its edition goes on; without it, a reload shows the same.
"use strict";
(() => {
  const place = document.querySelector("[data-live-from]");
  if (!place || !window.EventSource) return;
  const bar = place.querySelector("progress");
  const source = new EventSource(place.dataset.liveFrom);
  source.addEventListener("progress", (event) => {
    const told = JSON.parse(event.data);
    for (const spot of place.querySelectorAll("[data-live]")) {
      const words = told.words[spot.dataset.live];
      if (words !== undefined && spot.textContent !== words) spot.textContent = words;
    }
    bar.value = told.share;
    if (told.over) source.close();
  });
})();
