internal import ContentStore
internal import HostSystem
internal import ImageModel

/// Takes the disk out of an appliance that somebody else made: nothing of it is believed, and no name in it becomes a path.
struct ApplianceReader {
  /// Larger descriptions are none.
  private static let longestText = 8 << 20
  let files: any FileSystem

  /// Writes the one disk of an appliance, as it lies in there.
  /// - Parameters:
  ///   - path: of the `.ova`.
  ///   - disk: where nothing lies yet.
  /// - Throws: `Failure` for an archive that ends too early, names outside of it, digests that do not agree.
  func extractDisk(of path: FilePath, to disk: FilePath) throws {
    let name = path.name.description
    let reader = TarReader(try files.open(path), name: name, holes: 0)
    var (description, wanted): (Bytes?, String?) = (nil, nil)
    var digests: [String: Digest] = [:]
    var manifest: [String: Digest] = [:]
    var seen: Set<String> = []
    let file = try files.create(in: disk.parent, mode: 0o644)
    defer { file.discard() }
    while let entry = try reader.next() {
      let member = try checked(entry, name)
      guard seen.insert(member).inserted else { throw fault(name, "`\(member)` is in it twice") }
      if member.hasSuffix(".ovf") {
        guard description == nil else { throw fault(name, "it describes more than one machine") }
        let text = try text(of: reader, entry, name)
        digests[member] = .sha256(text)
        description = Bytes(text)
        wanted = try Self.disk(in: String(decoding: text, as: UTF8.self), name)
      } else if member.hasSuffix(".mf") {
        manifest = Self.manifest(String(decoding: try text(of: reader, entry, name), as: UTF8.self))
      } else if member == wanted {
        digests[member] = try copy(reader, to: file)
      }
    }
    guard description != nil, let wanted else {
      throw fault(name, "it has no description (`.ovf`) before its disk")
    }
    guard digests[wanted] != nil else { throw fault(name, "its disk `\(wanted)` is not in it: it is truncated") }
    for (member, digest) in manifest where digests[member].map({ $0 != digest }) ?? false {
      throw fault(name, "`\(member)` is not what its manifest says: it is damaged")
    }
    try file.commit(to: disk)
  }

  private func fault(_ name: String, _ message: String) -> Failure {
    Failure("\(name): \(message)", help: "get the appliance again, or export it anew")
  }

  /// - Returns: the name of a plain file of the archive.
  private func checked(_ entry: TarEntry, _ name: String) throws -> String {
    let shown = String(decoding: entry.path.prefix(200), as: UTF8.self)
    guard entry.kind == .file else { throw fault(name, "`\(shown)` in it is no file") }
    guard !entry.path.isEmpty, !entry.path.contains(UInt8(ascii: "/")), entry.path != Array("..".utf8),
      let text = String(validating: entry.path, as: UTF8.self)
    else { throw fault(name, "`\(shown)` in it is no plain name: names of an appliance lead nowhere else") }
    return text
  }

  private func text(of reader: TarReader, _ entry: TarEntry, _ name: String) throws -> [UInt8] {
    guard entry.size <= Self.longestText else { throw fault(name, "its description is too long") }
    var bytes: [UInt8] = []
    try reader.forEachPiece { bytes.append(contentsOf: $0) }
    return bytes
  }

  private func copy(_ reader: TarReader, to file: any PendingFile) throws -> Digest {
    var hasher = SHA256Hasher()
    try reader.forEachPiece { piece in
      hasher.update(piece)
      try file.write(piece)
    }
    return hasher.finish()
  }

  /// The file of the one disk that a description refers to.
  static func disk(in text: String, _ name: String) throws -> String {
    func fault(_ message: String) -> Failure {
      Failure("\(name): \(message)", help: "give an appliance with one machine and one disk")
    }
    let disks = elements("Disk", in: text)
    guard disks.count == 1, let disk = disks.first else {
      throw fault(disks.isEmpty ? "its description names no disk" : "its machine has \(disks.count) disks")
    }
    let format = attribute("format", of: disk) ?? ""
    guard format.isEmpty || format.lowercased().contains("vmdk") else {
      throw fault("its disk is in a format that is not read: \(format.prefix(100))")
    }
    let files = elements("File", in: text)
    guard let id = attribute("fileRef", of: disk), let file = files.first(where: { attribute("id", of: $0) == id }),
      let link = attribute("href", of: file)
    else { throw fault("its description does not say where its disk lies") }
    guard !link.contains("/"), !link.contains("\\"), !link.isEmpty, link != ".." else {
      throw fault("its description leads out of it: `\(link.prefix(100))`")
    }
    guard attribute("compression", of: file).map({ $0 == "identity" || $0.isEmpty }) ?? true else {
      throw fault("its disk is compressed within the archive, which is not read")
    }
    return link
  }

  /// The start tags of all elements of a name, whatever their prefix. This is no reader of XML: it finds the few tags that an
  /// exported machine has, comments aside; what it does not understand is refused.
  private static func elements(_ name: String, in text: String) -> [Substring] {
    var found: [Substring] = []
    var rest = text[...]
    while let start = rest.firstIndex(of: "<") {
      rest = rest[rest.index(after: start)...]
      if rest.hasPrefix("!--") {
        guard let end = rest.firstRange(of: "-->") else { return found }
        rest = rest[end.upperBound...]
        continue
      }
      guard let end = rest.firstIndex(of: ">") else { return found }
      let tag = rest[..<end]
      rest = rest[end...]
      let word = tag.prefix { !$0.isWhitespace && $0 != "/" }
      if word.split(separator: ":").last.map({ $0 == name }) ?? false, !tag.hasPrefix("/") { found.append(tag) }
    }
    return found
  }

  private static func attribute(_ name: String, of tag: Substring) -> String? {
    var rest = tag
    while let equals = rest.firstIndex(of: "=") {
      let key = rest[..<equals].split(whereSeparator: { $0.isWhitespace || $0 == ":" }).last
      rest = rest[rest.index(after: equals)...].drop(while: \.isWhitespace)
      guard let quote = rest.first, quote == "\"" || quote == "'" else { return nil }
      rest = rest.dropFirst()
      guard let end = rest.firstIndex(of: quote) else { return nil }
      if key.map({ $0 == name }) ?? false {
        return String(rest[..<end]).replacing("&lt;", with: "<").replacing("&gt;", with: ">")
          .replacing("&quot;", with: "\"").replacing("&amp;", with: "&")
      }
      rest = rest[rest.index(after: end)...]
    }
    return nil
  }

  /// `SHA256 (name) = hex`; weaker digests prove nothing and are passed over.
  private static func manifest(_ text: String) -> [String: Digest] {
    var found: [String: Digest] = [:]
    for line in text.split(whereSeparator: \.isNewline) where line.hasPrefix("SHA256") {
      guard let open = line.firstIndex(of: "("), let close = line.lastIndex(of: ")"), open < close,
        let digest = line.split(separator: "=").last.flatMap({
          Digest(hex: $0.filter { !$0.isWhitespace }.lowercased())
        })
      else { continue }
      found[String(line[line.index(after: open)..<close])] = digest
    }
    return found
  }
}
