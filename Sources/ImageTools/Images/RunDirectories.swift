package import HostSystem
package import ImageModel

/// The directories that this run makes below `.coppice/tmp`; their names say which run made them.
package struct RunDirectories: Sendable {
  package enum Purpose: String, Sendable, CaseIterable { case build, generate, trial, load }

  /// `.coppice/tmp`, absolute.
  package let directory: FilePath
  private let token: String

  /// - Parameter token: differs from run to run: letters and digits; by default one for this process.
  package init(below directory: FilePath, token: String = RunDirectories.processToken) {
    self.directory = directory
    self.token = token
  }

  /// One for all parts of this process: what one part makes is no leftover to another.
  package static let processToken = String(UInt64.random(in: .min ... .max), radix: 36)

  /// A path that nobody has; its maker creates it.
  package func newDirectory(_ purpose: Purpose) -> FilePath {
    directory / FilePath("\(purpose.rawValue)-\(token)-\(String(UInt64.random(in: .min ... .max), radix: 36))")
  }

  /// Runs `body` with a path that nobody has, and removes what it left there.
  ///
  /// What cannot be removed is left to the next run: it is no reason to lose what `body` finished.
  func withNewDirectory<Value: Sendable>(
    _ purpose: Purpose, _ files: any FileSystem, _ body: (FilePath) async throws -> Value
  ) async throws -> Value {
    let directory = newDirectory(purpose)
    let result: Result<Value, any Error>
    do {
      result = .success(try await body(directory))
    } catch {
      result = .failure(error)
    }
    try? await onBlockingThread { try files.removeTree(directory) }
    return try result.get()
  }

  /// Whether a directory below `directory` belongs to this run.
  package func isCurrent(_ path: FilePath) -> Bool { parts(path).map { $0.token == token } ?? false }

  /// Whether a path is the directory of a build of a run that is over.
  func isDeadBuild(_ path: FilePath) -> Bool {
    parts(path).map { $0.purpose == .build && $0.token != token } ?? false
  }

  /// What killed runs left: one coppice at a time writes, so all of this kind that is not ours.
  package func leftovers(_ files: any FileSystem) -> [FilePath] {
    guard let entries = try? files.entries(of: directory) else { return [] }
    return entries.map { directory / $0.name }.filter { path in
      // `load` takes no lock: another one may be at work.
      parts(path).map { $0.purpose != .load && $0.token != token } ?? false
    }
  }

  private func parts(_ path: FilePath) -> (purpose: Purpose, token: String)? {
    guard let name = path.relative(to: directory)?.components.first else { return nil }
    let words = String(decoding: name, as: UTF8.self).split(separator: "-")
    guard words.count == 3, let purpose = Purpose(rawValue: String(words[0])) else { return nil }
    return (purpose, String(words[1]))
  }
}
