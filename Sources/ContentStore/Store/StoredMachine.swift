package import ImageModel

/// A VM image in the store: its files, and what they hold.
package struct StoredMachine: Hashable, Sendable {
  package struct File: Hashable, Sendable {
    package var format: MachineFormat
    package var digest: Digest
    package var size: Int
    /// As hexadecimal digits.
    package var md5: String

    package init(format: MachineFormat, digest: Digest, size: Int, md5: String) {
      (self.format, self.digest, self.size, self.md5) = (format, digest, size, md5)
    }
  }

  /// In the order in which the definition asks for them; the first stands for all.
  package var files: [File]
  /// Equal for images whose disks hold the same files, and whose machines are the same: disks themselves differ in times.
  package var content: Digest
  /// Key of the last step, under which the disk lies as an overlay as long as nothing has collected it.
  package var key: Digest

  /// - Precondition: there is a file.
  package init(files: [File], content: Digest, key: Digest) {
    (self.files, self.content, self.key) = (files, content, key)
  }

  package var output: ArtifactOutput? {
    files.first.map { ArtifactOutput(digest: $0.digest, content: content, size: $0.size) }
  }
}

extension ImageLayout {
  private static let kind = "coppice machine 1"

  /// Keeps what belongs to a VM image, for as long as its first file stays, and lets it be found by its content.
  package func record(_ machine: StoredMachine) throws {
    try inStore {
      guard let first = machine.files.first else { return }
      let lines =
        ["\(machine.content) \(machine.key)"]
        + machine.files.map { "\($0.format.rawValue) \($0.digest) \($0.size) \($0.md5)" }
      try write(machineRecords / FilePath(first.digest.hex), CheckedText.encode(Self.kind, lines))
      // A later one takes no whole one's place: what has a name stays where it is.
      if try self.machine(ofContent: machine.content) == nil { try recordContent(machine.content, first.digest) }
    }
  }

  /// The whole VM image that a recorded output means: that very one, else one of the same content; nil when the store has
  /// neither. docs/design.md, "A recorded image".
  package func machine(for output: ArtifactOutput) throws -> StoredMachine? {
    if let machine = try machine(output.digest) { return machine }
    return try output.content.flatMap { try machine(ofContent: $0) }
  }

  /// The VM image whose first file this is; nil when it is unknown, or a file is not whole by its size.
  func machine(_ digest: Digest) throws -> StoredMachine? {
    let lines = try inStore { try checkedLines(machineRecords / FilePath(digest.hex), Self.kind) }
    guard let lines, let head = lines.first, head.count == 2, let content = Digest(head[0]), let key = Digest(head[1])
    else { return nil }
    var files: [StoredMachine.File] = []
    for words in lines.dropFirst() {
      guard words.count == 4, let format = MachineFormat(rawValue: words[0]), let file = Digest(words[1]),
        let size = Int(words[2]), try self.size(ofBlob: file) == size
      else { return nil }
      files.append(StoredMachine.File(format: format, digest: file, size: size, md5: words[3]))
    }
    return files.first?.digest == digest ? StoredMachine(files: files, content: content, key: key) : nil
  }

  /// A whole VM image of this content, the first that was made.
  func machine(ofContent content: Digest) throws -> StoredMachine? {
    try digest(ofContent: content).flatMap { try machine($0) }.flatMap { $0.content == content ? $0 : nil }
  }
}
