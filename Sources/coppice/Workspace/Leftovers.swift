internal import DefinitionScan
internal import HostSystem
internal import ImageModel

extension Workspace {
  /// Removes half-written files of killed runs from the directories whose files are replaced as a whole; only who has
  /// the lock may, and a cache that somebody writes without it is written another time.
  func removeLeftovers() {
    for directory in [repository, stateDirectory, settings.images] {
      for entry in (try? files.entries(of: directory)) ?? [] where isLeftover(entry) {
        try? files.remove(directory / entry.name)
      }
    }
  }

  /// The names that a `PendingFile` has: no person chooses one.
  private func isLeftover(_ entry: DirectoryEntry) -> Bool {
    guard entry.status.kind == .regular, let name = entry.name.text, name.hasPrefix(".coppice-") else { return false }
    let random = name.dropFirst(".coppice-".count)
    return random.count >= 8 && UInt64(random, radix: 36) != nil
  }
}
