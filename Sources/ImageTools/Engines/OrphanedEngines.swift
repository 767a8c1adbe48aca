import HostSystem
import ImageModel

/// Engines that go on building for a coppice that was killed: they would write into what the next one removes.
///
/// They are known by a variable that names the build's directory; no number in a file, which could mean another
/// process by now.
struct OrphanedEngines: Sendable {
  private static let mark = "COPPICE_BUILD_DIRECTORY"

  let directories: RunDirectories
  let files: any FileSystem

  static func variables(_ directory: FilePath) -> [String: String] { [mark: directory.description] }

  /// Ends their process groups, and waits a little until they are gone.
  func end() async {
    for round in 0..<200 {
      let groups = groups()
      if groups.isEmpty { return }
      // An engine that is asked unmounts and unlocks; two seconds are enough for that.
      if round == 0 { groups.forEach { $0.terminate() } }
      if round >= 100 { groups.forEach { $0.kill() } }
      try? await Task.sleep(for: .milliseconds(20))
    }
  }

  private func groups() -> Set<ProcessGroup> {
    var groups: Set<ProcessGroup> = []
    for entry in (try? files.entries(of: "/proc")) ?? [] where Int32(entry.name.description) != nil {
      let place: FilePath = "/proc" / entry.name
      guard isOrphan(place), let group = group(place),
        // Of the whole group only when its leader, too, was started by a coppice.
        isOrphan("/proc" / FilePath("\(group.number)"))
      else { continue }
      groups.insert(group)
    }
    return groups
  }

  private func isOrphan(_ place: FilePath) -> Bool {
    let start = Array("\(Self.mark)=".utf8)
    guard let variables = try? files.contents(of: place / "environ", limit: 1 << 22).split(separator: 0),
      let variable = variables.first(where: { $0.starts(with: start) })
    else { return false }
    return directories.isDeadBuild(FilePath(bytes: variable.dropFirst(start.count)))
  }

  /// The third word after the program's name, which may hold anything and ends with the last parenthesis.
  private func group(_ place: FilePath) -> ProcessGroup? {
    guard let bytes = try? files.contents(of: place / "stat", limit: 4096),
      let end = bytes.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    let words = bytes[(end + 1)...].split(separator: UInt8(ascii: " "))
    guard words.count > 2, words[0] != [UInt8(ascii: "Z")] else { return nil }
    return Int32(String(decoding: words[2], as: UTF8.self)).flatMap(ProcessGroup.init)
  }
}
