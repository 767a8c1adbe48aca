internal import ImageModel

/// What every page of a release plan has.
enum PageParts {
  /// Nothing is loaded, nothing is sent, and no script runs but this one, whatever a name may say.
  static var policy: String {
    let script = Base64.encode(Digest.sha256(script).bytes)
    return "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-\(script)'"
  }

  /// Colours of the predecessor: #d50000 is an error, #ff8a65 a warning, #a5d6a7 something to do, #b0bec5 nothing.
  static let style = """
    :root { color-scheme: light dark; --back: #fff; --front: #1c2326; --faint: #5b686e; --rule: #cfd8dc; }
    @media (prefers-color-scheme: dark) {
      :root { --back: #14191b; --front: #e3e9eb; --faint: #9aa7ad; --rule: #37474f; }
    }
    * { box-sizing: border-box; }
    body { margin: 0 auto; max-width: 90rem; padding: 1rem; background: var(--back); color: var(--front);
      font: 16px/1.45 system-ui, sans-serif; }
    h1 { margin: 0; } h2 { margin: 2rem 0 .5rem; font-size: 1.2rem; }
    .summary { font-size: 1.15rem; font-weight: 600; margin: .3rem 0; }
    header p, footer p { margin: .3rem 0; color: var(--faint); overflow-wrap: anywhere; }
    header .summary { color: inherit; }
    .problem { padding: .5rem .7rem; border-radius: .3rem; }
    header .problem { color: #fff; background: #d50000; }
    code { font-size: .9em; overflow-wrap: anywhere; }
    small { color: var(--faint); }
    form { display: flex; flex-wrap: wrap; gap: .6rem 1.2rem; align-items: center; margin-bottom: .8rem; }
    input[type=search], select { font: inherit; padding: .25rem .4rem; max-width: 100%; }
    #count { color: var(--faint); }
    table { width: 100%; border-collapse: collapse; }
    th { text-align: left; font-size: .85rem; color: var(--faint); }
    th, td { padding: .45rem .6rem; border-bottom: 1px solid var(--rule); vertical-align: top; }
    td:nth-child(2) { font-weight: 600; overflow-wrap: break-word; }
    th:nth-child(5), td:nth-child(5) { white-space: nowrap; }
    tr.error td:first-child { box-shadow: inset 5px 0 #d50000; }
    tr.warning td:first-child { box-shadow: inset 5px 0 #ff8a65; }
    tr.todo td:first-child { box-shadow: inset 5px 0 #a5d6a7; }
    tr.nothing td:first-child { box-shadow: inset 5px 0 #b0bec5; }
    .badge { display: inline-block; padding: .05rem .5rem; border-radius: .3rem; white-space: nowrap; color: #1c2326; }
    .error .badge { background: #d50000; color: #fff; } .warning .badge { background: #ff8a65; }
    .todo .badge { background: #a5d6a7; } .nothing .badge { background: #b0bec5; }
    summary { cursor: pointer; } details ul { margin: .3rem 0; padding-left: 1.2rem; }
    summary, li, td div { overflow-wrap: anywhere; }
    .picture { overflow: auto; max-height: 80vh; border: 1px solid var(--rule); border-radius: .3rem; }
    svg text { font: 13px ui-monospace, monospace; fill: #1c2326; } svg rect { stroke: #607d8b; }
    svg .error rect { fill: #d50000; } svg .error text { fill: #fff; } svg .warning rect { fill: #ff8a65; }
    svg .todo rect { fill: #a5d6a7; } svg .nothing rect { fill: #b0bec5; }
    svg .edge { fill: none; stroke: var(--faint); stroke-width: 1.3; } svg .order { stroke-dasharray: 5 4; }
    @media (max-width: 44rem) {
      body { padding: .7rem; }
      label, input[type=search], select { width: 100%; } input[type=checkbox] { width: auto; }
      thead { display: none; } table, tbody, tr, td { display: block; }
      tr { border: 1px solid var(--rule); border-radius: .4rem; margin-bottom: .7rem; overflow: hidden; }
      td { border: 0; padding: .3rem .7rem; } td:empty { display: none; }
      td::before { content: attr(data-label); display: block; font-size: .75rem; color: var(--faint); font-weight: 400; }
      tr td:first-child { padding-left: .9rem; }
    }
    tr[hidden] { display: none; }

    """

  static let script = """
    "use strict";
    const byId = name => document.getElementById(name);
    const rows = [...document.querySelectorAll("#lines tbody tr")];
    function show() {
      const words = byId("search").value.toLowerCase().split(/\\s+/).filter(word => word);
      let count = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase();
        const isShown = words.every(word => text.includes(word))
          && (!byId("destination").value || row.dataset.destination === byId("destination").value)
          && (!byId("action").value || row.dataset.action === byId("action").value)
          && (!byId("work").checked || row.dataset.work === "true");
        row.hidden = !isShown;
        if (isShown) count++;
      }
      byId("count").textContent = count + " of " + rows.length;
      byId("none").hidden = count > 0;
    }
    byId("filters").addEventListener("input", show);
    byId("filters").addEventListener("submit", event => event.preventDefault());
    show();

    """
}
