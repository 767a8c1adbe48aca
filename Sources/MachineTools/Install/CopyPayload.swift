internal import BuildRecords
internal import HostSystem
internal import ImageModel

/// Files of this machine as a guest is to have them: exactly those that were hashed.
struct CopyPayload {
  /// All that the steps of the image read, by path.
  let staged: [StagedFile]
  let files: any FileSystem

  /// - Parameters:
  ///   - to: ends with a slash where the sources go into it by their names.
  ///   - mode: of regular files; nil for what each one has.
  func write(
    _ sources: [Located<String>], to: String, owner: String? = nil, mode: UInt16? = nil, _ payload: PayloadWriter
  ) throws {
    let target = FilePath(to).normalized
    for source in sources {
      let root = FilePath(source.value).normalized
      let place = to.hasSuffix("/") ? target / root.name : target
      for file in staged where FilePath(bytes: file.path).isBelow(root) {
        let below = FilePath(bytes: file.path).relative(to: root) ?? FilePath("")
        try add(file, at: below.isEmpty ? place : place / below, owner, mode, source.location, payload)
      }
    }
  }

  private func add(
    _ file: StagedFile, at place: FilePath, _ owner: String?, _ mode: UInt16?, _ location: SourceLocation,
    _ payload: PayloadWriter
  ) throws {
    var entry = PayloadEntry(
      path: place.components.joined(separator: [UInt8(ascii: "/")]).map { $0 }, kind: .directory, mode: Int(file.mode))
    // The root of the guest is there.
    if entry.path.isEmpty { return }
    let names = owner.map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) } ?? []
    if let name = names.first { Self.set(name, &entry.uid, &entry.owner) }
    if names.count > 1 { Self.set(names[1], &entry.gid, &entry.group) }
    switch file.kind {
    case .directory: try payload.begin(entry)
    case .symbolicLink(let target):
      entry.kind = .symbolicLink(target)
      try payload.begin(entry)
    case .regular(let digest):
      guard let source = file.source else { throw Failure("\(place) has no bytes", at: location) }
      let size = try files.status(of: source, followingLinks: true).size
      entry.kind = .file(size: size)
      if let mode { entry.mode = Int(mode) }
      try payload.begin(entry)
      let reader = HashingReader(try files.open(source))
      try payload.append(reader)
      guard reader.digest == digest else {
        throw Failure("\(source) changed while the image was built", at: location, help: "run again")
      }
    }
  }

  private static func set(_ name: String, _ number: inout Int, _ text: inout String) {
    if let value = Int(name) { number = value } else { text = name }
  }

  /// For the guest: unpacks `$PAYLOAD` at its root. A user that it does not have is a fault, and not root.
  static func script(owner: String?) -> String {
    var lines = ["set -e"]
    let names = owner.map { $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init) } ?? []
    for (name, database) in zip(names, ["passwd", "group"]) where Int(name) == nil && !name.isEmpty {
      let word = Shell.quoted(name)
      lines.append(
        "grep -q \"^\"\(word): /etc/\(database) || { echo the guest has no \(database) entry for \(word); exit 1; }")
    }
    lines.append("tar -xpf \"$PAYLOAD\" -C / --keep-directory-symlink --no-overwrite-dir")
    return lines.joined(separator: "\n")
  }
}

/// Hashes what passes.
private final class HashingReader: ByteReader {
  private let source: any ByteReader
  private var hasher = SHA256Hasher()

  init(_ source: any ByteReader) { self.source = source }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws -> Int {
    let count = try source.read(into: buffer)
    hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
    return count
  }

  var digest: Digest { hasher.finish() }
}
