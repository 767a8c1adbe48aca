internal import BuildEngine
internal import BuildRecords
internal import ContentStore
internal import HostSystem
internal import ImageModel
internal import JSONText

extension VerifyOptions {
  func run(_ invocation: Invocation) async throws -> ExitCode {
    let workspace = try Workspace.checked(invocation)
    let lock = try await RepositoryLock.take(workspace, isWaiting: true)
    defer { lock.release() }
    let damages = try workspace.store.verify()
    var missing: [(id: ArtifactID, what: String)] = []
    let runners = workspace.runners(.init())
    for (id, record) in try workspace.ledger().lockfile.records.sorted(by: { $0.key < $1.key })
    where !record.output.isAssumed {
      switch runners[id.kind]?.condition(of: id, record.output) {
      case .missing(let what): missing.append((id, "missing: \(what)"))
      case .damaged(let what): missing.append((id, "damaged: \(what)"))
      case .intact, nil: break
      }
    }
    if isJSON {
      invocation.show([
        "damaged": .array(
          damages.map { ["blob": .string($0.blob.description), "names": .array($0.names.map { .string($0) })] }),
        "artifacts": .array(missing.map { ["id": .string($0.id.description), "what": .string($0.what)] }),
      ])
    } else {
      for damage in damages {
        let names = damage.names.isEmpty ? "" : " of \(damage.names.joined(separator: ", "))"
        invocation.output.write(
          "damaged: \(damage.blob)\(names), moved to \(invocation.diagnostics.shown(damage.movedTo))\n")
      }
      for (id, what) in missing { invocation.output.write("\(id): \(what)\n") }
      let isWhole = damages.isEmpty && missing.isEmpty
      if isWhole {
        invocation.output.write("everything is whole\n")
      } else if !missing.isEmpty {
        let ids = missing.map(\.id.description).joined(separator: " ")
        invocation.output.write("`coppice build \(ids)` makes it anew\n")
      } else {
        invocation.output.write("no recorded artifact needs what is damaged\n")
      }
    }
    return damages.isEmpty && missing.isEmpty ? .success : .failure
  }
}
