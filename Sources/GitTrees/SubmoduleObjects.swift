internal import HostSystem
internal import ImageModel

/// Finds where the objects of submodules lie, so that one git can read them all.
struct SubmoduleObjects {
  let files: any FileSystem

  /// Below `modules` of git's directories.
  func directories(in gitDirectories: Set<FilePath>) -> [FilePath] {
    var found: [FilePath] = []
    for directory in gitDirectories { collect(below: directory / "modules", depth: 0, &found) }
    return found.sorted()
  }

  /// The name of a submodule may have slashes, and submodules have submodules.
  private func collect(below directory: FilePath, depth: Int, _ found: inout [FilePath]) {
    guard depth < 12, let entries = try? files.entries(of: directory) else { return }
    let names = entries.filter { $0.status.kind == .directory }.map(\.name)
    let isRepository = entries.contains { $0.name == "HEAD" && $0.status.kind == .regular }
    if isRepository { found.append(directory / "objects") }
    for name in names where !isRepository || name == "modules" {
      collect(below: directory / name, depth: depth + 1, &found)
    }
  }
}
