internal import ImageModel
internal import ReleasePlanning

/// A release plan as one web page that needs nothing from outside of itself.
struct ReleasePage {
  let plan: ReleasePlan
  /// In one line.
  let summary: String
  let rulings: [ArtifactID: Decisions.Ruling]
  /// What is published and what that is made of.
  let graph: GraphView

  /// More than this no picture shows.
  private static let largestGraph = 500

  /// As the predecessor coloured its rows.
  private enum Look: String {
    case error, warning, todo, nothing
  }

  var html: String {
    """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta http-equiv="Content-Security-Policy" content="\(PageParts.policy)">
    <title>Release plan</title>
    <style>
    \(PageParts.style)</style>
    </head>
    <body>
    <header>
    <h1>Release plan</h1>
    <p class="summary">\(HTMLText.escaped(summary))</p>
    <p>Made \(DateText.utc(plan.time)), for \(places).</p>
    \(problems)</header>
    <main>
    <h2>What is published</h2>
    \(filters)<table id="lines">
    <thead><tr><th>Action</th><th>Artifact</th><th>Destination</th><th>Names</th><th>To send</th><th>Why</th></tr></thead>
    <tbody>
    \(plan.lines.map(row).joined())</tbody>
    </table>
    <p id="none" hidden>Nothing matches.</p>
    \(builds)\(decisions)\(picture)</main>
    <footer><p>Plan <code>\(plan.seal)</code>. <code>coppice apply</code> does exactly this, and refuses once the tree, the
    lockfile or a destination has moved.</p></footer>
    <script>\(PageParts.script)</script>
    </body>
    </html>

    """
  }

  private var places: String {
    plan.destinations.map { "<strong>\(HTMLText.escaped($0.name))</strong> (\(HTMLText.escaped($0.definition)))" }
      .joined(separator: ", ")
  }

  private var problems: String {
    plan.destinations.filter { $0.problem != nil }.map { place in
      "<p class=\"error problem\">\(HTMLText.escaped(place.name)) cannot be asked: "
        + "\(HTMLText.escaped(place.problem ?? ""))</p>\n"
    }.joined()
  }

  // MARK: The table

  private var filters: String {
    func options(_ values: [String]) -> String {
      values.map { "<option>\(HTMLText.escaped($0))</option>" }.joined()
    }
    let actions = Set(plan.lines.map(action)).sorted()
    return """
      <form id="filters">
      <label>Search <input type="search" id="search" autocomplete="off"></label>
      <label>Destination <select id="destination"><option value="">all</option>\(options(plan.destinations.map(\.name)))\
      </select></label>
      <label>Action <select id="action"><option value="">all</option>\(options(actions))</select></label>
      <label><input type="checkbox" id="work"> only what is to be done</label>
      <span id="count"></span>
      </form>

      """
  }

  private func row(_ line: ReleasePlan.Line) -> String {
    let look = look(line)
    let action = HTMLText.escaped(action(line))
    let isWork = look == .todo || look == .warning
    return """
      <tr class="\(look.rawValue)" data-action="\(action)" data-destination="\(HTMLText.escaped(line.destination))" \
      data-work="\(isWork)">
      <td data-label="Action"><span class="badge">\(action)</span></td>
      <td data-label="Artifact">\(HTMLText.escaped("\(line.artifact)"))</td>
      <td data-label="Destination">\(HTMLText.escaped(line.destination))</td>
      <td data-label="Names">\(names(line))</td>
      <td data-label="To send">\(bytes(line))</td>
      <td data-label="Why">\(reasons(line.reasons, note: rulings[line.artifact]?.note))</td>
      </tr>

      """
  }

  private func names(_ line: ReleasePlan.Line) -> String {
    let all = line.names.map { name in
      let to = line.to.map { short($0) } ?? (line.action == .build || line.action == .may ? "to be built" : nil)
      let from = name.from.map { short($0) } ?? "nothing"
      let change = to.map { from == $0 ? from : "\(from) → \($0)" } ?? (line.action == .unknown ? "unknown" : from)
      let moved = name.isMoved ? " <em>moved by somebody else</em>" : ""
      return "<div><code>\(HTMLText.escaped(name.name))</code> <small>\(change)</small>\(moved)</div>"
    }
    return all.joined()
  }

  private func bytes(_ line: ReleasePlan.Line) -> String {
    guard let bytes = line.bytes else { return "" }
    return (line.action == .build || line.action == .may ? "up to " : "") + HumanText.bytes(bytes)
  }

  private func short(_ digest: Digest) -> String { "<code title=\"\(digest)\">\(digest.short)…</code>" }

  private func reasons(_ reasons: [String], note: String? = nil) -> String {
    let note = note.map { "<div>\(HTMLText.escaped($0))</div>" } ?? ""
    guard let first = reasons.first else { return note }
    if reasons.count == 1 { return note + "<div>\(HTMLText.escaped(first))</div>" }
    let rest = reasons.dropFirst().map { "<li>\(HTMLText.escaped($0))</li>" }.joined()
    return note + "<details><summary>\(HTMLText.escaped(first))</summary><ul>\(rest)</ul></details>"
  }

  private func action(_ line: ReleasePlan.Line) -> String {
    if let ruling = rulings[line.artifact] { return ruling.kind == .hold ? "held back" : "ignored" }
    return switch line.action {
    case .build: "build, publish"
    case .publish: line.names.allSatisfy { $0.from == nil } ? "publish new" : "publish"
    case .may: "may change"
    case .keep: "unchanged"
    case .retire: "retired"
    case .unknown: "unknown"
    }
  }

  private func look(_ line: ReleasePlan.Line) -> Look {
    if rulings[line.artifact] != nil { return .nothing }
    if line.action == .unknown { return .error }
    if line.names.contains(where: \.isMoved) { return .warning }
    return [.build, .publish, .may].contains(line.action) ? .todo : .nothing
  }

  // MARK: Other parts

  private var builds: String {
    guard !plan.builds.isEmpty else { return "" }
    let items = plan.builds.map { build in
      let time = [
        build.expectedSeconds.map { ", about \(HumanText.duration(.seconds($0)))" },
        build.expectedBytes.map { ", about \(HumanText.bytes($0)) of disk" },
      ].compactMap(\.self).joined()
      let name = HTMLText.escaped("\(build.artifact)")
      return "<li><strong>\(name)</strong> \(build.isCertain ? "is built" : "may be built")\(time)"
        + "\(reasons(build.reasons))</li>\n"
    }
    return "<h2>What is built first</h2>\n<ol>\n\(items.joined())</ol>\n"
  }

  private var decisions: String {
    let all =
      plan.decisions.ignored.map { ("ignored", $0) } + plan.decisions.held.map { ("held back", $0) }
    guard !all.isEmpty else { return "" }
    let items = all.map { word, decision in
      let note = decision.note.map { ": \(HTMLText.escaped($0))" } ?? ""
      return "<li><code>\(HTMLText.escaped(decision.pattern))</code> is \(word)\(note)</li>\n"
    }
    return "<h2>What people decided</h2>\n<ul>\n\(items.joined())</ul>\n"
  }

  private var picture: String {
    guard !graph.nodes.isEmpty else { return "" }
    guard graph.nodes.count <= Self.largestGraph else {
      return "<h2>The graph</h2>\n<p>\(graph.nodes.count) artifacts are too many for a picture.</p>\n"
    }
    let order: [Look] = [.error, .warning, .todo, .nothing]
    var looks: [ArtifactID: Look] = [:]
    for look in order.reversed() {
      for line in plan.lines where self.look(line) == look { looks[line.artifact] = look }
    }
    for build in plan.builds where looks[build.artifact] == nil { looks[build.artifact] = .todo }
    let svg = LayeredDrawing(graph).svg { looks[$0]?.rawValue ?? "nothing" }
    return "<h2>The graph</h2>\n<p>Left is what the right is made of; dashed where only the order counts.</p>\n"
      + "<div class=\"picture\" tabindex=\"0\">\n\(svg)</div>\n"
  }
}
