// Keeps the words about due times fresh while a page is open, and moves the focus to what went wrong. Pages work without it.
"use strict";
(() => {
  const made = Number(document.body.dataset.now);
  const opened = performance.now();
  const length = (millis) => {
    const minutes = Math.floor(millis / 60000), hours = Math.floor(minutes / 60), days = Math.floor(hours / 24);
    const some = (count) => `${count} ${count === 1 ? "day" : "days"}`;
    if (minutes === 0) return "less than a minute";
    if (hours === 0) return `${minutes} min`;
    if (days === 0) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
    return hours % 24 === 0 || days > 6 ? some(days) : `${some(days)} ${hours % 24} h`;
  };
  const refresh = () => {
    const now = made + performance.now() - opened;
    for (const shown of document.querySelectorAll("[data-due]")) {
      const left = Number(shown.dataset.due) - now;
      const words = left < 0 ? `late by ${length(-left)}` : `in ${length(left)}`;
      if (shown.textContent !== words) shown.textContent = words;
      const box = shown.closest(".due"), mark = box && box.querySelector(".mark");
      if (left < 0 && mark && !box.classList.contains("late")) {
        box.classList.remove("soon", "ahead");
        box.classList.add("late");
        mark.textContent = "▲";
      }
    }
  };
  if (Number.isFinite(made)) setInterval(refresh, 15000);
  const trouble = document.getElementById("trouble");
  if (trouble) trouble.focus();
})();
