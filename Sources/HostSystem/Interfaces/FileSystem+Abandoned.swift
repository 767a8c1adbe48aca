package import ImageModel

extension FileSystem {
  /// Removes from a directory what killed processes have left of files that they were writing there (`create`); what cannot
  /// be removed stays.
  ///
  /// Who writes such a file has a lock on it, which ends with the process. Where files cannot be locked nothing is removed.
  package func removeAbandoned(in directory: FilePath) {
    for entry in (try? names(of: directory)) ?? [] where entry.kind == .regular && Self.isPending(entry.name) {
      guard let lock = try? lock(directory / entry.name, waiting: false) else { continue }
      // While we have the lock: who has made the file, but not locked it yet, sees that it is gone.
      try? remove(directory / entry.name)
      lock.unlock()
    }
  }

  /// Whether it is a name as `create` gives: no person chooses one.
  private static func isPending(_ name: FilePath) -> Bool {
    guard let text = name.text, text.hasPrefix(".coppice-") else { return false }
    let random = text.dropFirst(".coppice-".count)
    return random.count >= 8 && UInt64(random, radix: 36) != nil
  }
}
