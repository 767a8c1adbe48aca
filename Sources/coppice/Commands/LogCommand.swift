internal import BuildRecords
internal import HostSystem
internal import ImageModel

extension LogOptions {
  func run(_ invocation: Invocation) throws -> ExitCode {
    let workspace = try Workspace(invocation)
    let entries = try workspace.journal.entries()
    let id = try workspace.selectOne(target, past: Set(entries.map(\.id)))
    let own = entries.filter { $0.id == id && (build == nil || $0.build == build) }
    guard let entry = own.last(where: { $0.log != nil }), let log = entry.log else {
      if let build {
        throw InvalidInput([
          Diagnostic(
            .error, "there is no log of \(id) from build \(build)",
            help: "`coppice history \(id)` lists its builds")
        ])
      }
      throw Failure("there is no log of \(id)", help: "`coppice history \(id)` lists its builds")
    }
    do {
      let bytes = try workspace.files.contents(of: workspace.logDirectory / FilePath(log), limit: 1 << 30)
      invocation.showForeign(String(decoding: bytes, as: UTF8.self))
    } catch {
      throw Failure(
        "the log of \(id) from build \(entry.build) is gone: \(error)", help: "`coppice clean` removes logs")
    }
    return .success
  }
}
