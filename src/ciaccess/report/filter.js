// Shows the rows that contain every word typed; a row counts with its section's heading. "/" goes to the box, Escape empties it.
(() => {
  const box = document.getElementById("filter");
  const count = document.getElementById("filter-count");
  const selector = "tbody tr, .findings > li";
  const sections = [...document.querySelectorAll("main section")].map((section) => {
    const head = [...section.querySelectorAll("h2, .intro")].map((part) => part.textContent).join(" ");
    const rows = [...section.querySelectorAll(selector)];
    return { section, rows: rows.map((row) => ({ row, text: `${head} ${row.textContent}`.toLowerCase() })) };
  });
  const total = sections.reduce((sum, { rows }) => sum + rows.length, 0);
  const apply = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const { section, rows } of sections) {
      let left = 0;
      for (const { row, text } of rows) {
        row.hidden = !words.every((word) => text.includes(word));
        left += !row.hidden;
      }
      section.hidden = words.length > 0 && left === 0;
      shown += left;
    }
    const top = document.getElementById("main").offsetTop - box.form.offsetHeight;
    if (scrollY > top) scrollTo({ top, behavior: "instant" });
    count.textContent = words.length ? `${shown} of ${total} rows` : "";
  };
  box.addEventListener("input", apply);
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== box) {
      event.preventDefault();
      box.focus();
      box.select();
    } else if (event.key === "Escape" && document.activeElement === box) {
      box.value = "";
      apply();
    }
  });
  box.form.addEventListener("submit", (event) => event.preventDefault());
  box.form.hidden = false;
})();
