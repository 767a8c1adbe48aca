internal import HostSystem
internal import ImageModel
internal import JSONText
internal import ReleasePlanning

extension ReleasesOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let workspace = try Workspace(invocation)
    let history = workspace.releaseHistory
    let releases = try history.releases().reversed()
    let pending = try history.pending()
    if isJSON {
      invocation.show([
        "pending": pending.map(json) ?? .null, "releases": .array(releases.map(json)),
      ])
      return .success
    }
    if pending != nil {
      invocation.show([
        Diagnostic(
          .warning, "a release has begun and not ended",
          help: "'coppice publish' completes it, --rollback takes it back")
      ])
    }
    var text = releases.isEmpty ? "nothing was published yet\n" : ""
    for release in releases {
      text += "\(release.name)  \(HumanText.count(release.entries.count, "name"))"
      text += (release.undone.map { ", takes back \($0)" } ?? "") + "\n"
      if invocation.global.isVerbose { text += release.entries.map { "  \(line($0))\n" }.joined() }
    }
    invocation.output.write(text)
    return .success
  }

  private func line(_ entry: Release.Entry) -> String {
    func short(_ digest: Digest?) -> String { digest.map { "sha256:\($0.short)…" } ?? "nothing" }
    return "\(entry.destination)  \(entry.change.name)  \(short(entry.change.from)) → \(short(entry.change.to))"
  }

  private func json(_ release: Release) -> JSONValue {
    [
      "name": .string(release.name), "time": .string(DateText.utc(release.time)),
      "undone": release.undone.map { .string($0) } ?? .null,
      "plan": release.plan.map { .string("\($0)") } ?? .null,
      "published": .array(
        release.entries.map { entry in
          [
            "artifact": .string("\(entry.artifact)"), "destination": .string(entry.destination),
            "name": .string(entry.change.name), "from": entry.change.from.map { .string("\($0)") } ?? .null,
            "to": entry.change.to.map { .string("\($0)") } ?? .null,
          ]
        }),
    ]
  }
}
