import HostSystem
import ImageModel
import TestSupport
import Testing

/// All that publishing changes, kept aside: a test begins again from there much quicker than it builds something new.
struct ReleaseSnapshot: Sendable {
  private let kept: TemporaryDirectory
  private let places: [FilePath]

  /// - Parameter others: what lies elsewhere, for instance a registry's data.
  init(of tree: Repository, and others: [FilePath] = []) async throws {
    kept = try TemporaryDirectory(isInMemory: true)
    places = ["www", "releases", ".coppice/release.yaml", ".coppice/apply.yaml"].map { tree.directory / $0 } + others
    try await copy { (from: $1, to: $0) }
  }

  func restore() async throws { try await copy { (from: $0, to: $1) } }

  private func copy(_ way: (_ kept: FilePath, _ place: FilePath) -> (from: FilePath, to: FilePath)) async throws {
    var words: [String] = []
    for (number, place) in places.enumerated() {
      let (from, to) = way(kept / FilePath("\(number)"), place)
      words += [from.description, to.description]
    }
    let script = #"set -e; while [ $# -gt 0 ]; do rm -rf "$2"; if [ -e "$1" ]; then cp -a "$1" "$2"; fi; shift 2; done"#
    let copied = try await Laboratory.run(["sh", "-c", script, "sh"] + words)
    try #require(copied.status.isSuccess, "\(String(decoding: copied.errorOutput, as: UTF8.self))")
  }
}
