package import ImageModel
internal import YAMLText

/// Reads a lockfile block by block, so that a merge conflict or an edit costs one artifact its record, not all.
package struct LockfileReader {
  private struct Block {
    var section: String
    var line: Int
    var text: String
    var isConflicting: Bool
  }

  private let file: FilePath
  private var lockfile = Lockfile()
  private var diagnostics: [Diagnostic] = []
  /// Names that had two blocks: neither can be trusted.
  private var seen: [String: Int] = [:]
  /// The line before, when it was no line of a lockfile: what follows it is not told again.
  private var lastForeignLine = 0

  /// - Returns: every block that is whole, and a warning with its line for every one that is not.
  /// - Throws: `Failure` for a file of a later version, which must not be overwritten.
  package static func read(_ text: String, file: FilePath) throws(Failure) -> (Lockfile, [Diagnostic]) {
    var reader = LockfileReader(file: file)
    for block in try reader.blocks(of: text) { reader.take(block) }
    return (reader.lockfile, reader.diagnostics)
  }

  private init(file: FilePath) { self.file = file }

  private mutating func blocks(of text: String) throws(Failure) -> [Block] {
    var blocks: [Block] = []
    var section = ""
    var isConflict = false
    var isAfterMarker = false
    // A checkout may have given the lines other ends; both are one character.
    let lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    for (offset, line) in lines.enumerated() {
      let number = offset + 1
      if line.hasPrefix("<<<<<<<") || line.hasPrefix("|||||||") || line == "=======" || line.hasPrefix(">>>>>>>") {
        isAfterMarker = true
        if line.hasPrefix("<<<<<<<") {
          isConflict = true
          warn("a merge conflict: its artifacts count as never built", number)
        }
        if line.hasPrefix(">>>>>>>") { isConflict = false }
        continue
      }
      if line.hasPrefix("    ") {
        guard let last = blocks.indices.last else { continue }
        blocks[last].text += line + "\n"
        // A block with a marker inside is neither side's.
        if isAfterMarker { blocks[last].isConflicting = true }
      } else if line.hasPrefix("  ") {
        blocks.append(Block(section: section, line: number, text: line + "\n", isConflicting: isConflict))
      } else if line.hasPrefix("coppice-lock:") {
        let version = line.dropFirst("coppice-lock:".count).drop(while: { $0 == " " })
        guard version == "1" else {
          throw Failure(
            "the lockfile has format \(version), which this coppice does not know",
            at: SourceLocation(file: file, line: number), help: "use the coppice that wrote it, or a later one")
        }
      } else if line == "bases:" || line == "artifacts:" {
        section = String(line.dropLast())
      } else if !line.isEmpty && !line.hasPrefix("#") {
        if lastForeignLine == 0 || lastForeignLine != number - 1 {
          warn("this is not part of a lockfile", number)
        }
        lastForeignLine = number
      }
      isAfterMarker = false
    }
    return blocks
  }

  private mutating func take(_ block: Block) {
    guard let keyLine = block.text.split(separator: "\n").first else { return }
    let shown = keyLine.trimmingSpaces.dropLast()
    guard let cut = block.text.range(ofLast: "    check: ") else {
      return warn("the block of \(shown) has no checksum: it counts as never built", block.line)
    }
    let (body, check) = (block.text[..<cut.lowerBound], block.text[cut.upperBound...].trimmingSpaces)
    guard !block.isConflicting, check == LockfileWriter.checksum(body) else {
      if !block.isConflicting {
        warn("the block of \(shown) was edited or damaged: it counts as never built", block.line)
      }
      return
    }
    guard let node = try? YAMLReader.read(Array(body.utf8), file: file), let (name, fields) = Self.single(node) else {
      return warn("the block of \(shown) cannot be read: it counts as never built", block.line)
    }
    if let first = seen[block.section + " " + name] {
      warn("\(name) has another block at line \(first): it counts as never built", block.line)
      remove(name, from: block.section)
      return
    }
    seen[block.section + " " + name] = block.line
    let isGood = block.section == "bases" ? takeBase(name, fields) : takeArtifact(name, fields)
    if !isGood { warn("the block of \(name) is incomplete: it counts as never built", block.line) }
  }

  private mutating func remove(_ name: String, from section: String) {
    if section == "bases" {
      for key in lockfile.pins.keys where key.reference == name { lockfile.pins[key] = nil }
    } else if let id = ArtifactID(name) {
      lockfile.records[id] = nil
    }
  }

  private mutating func takeBase(_ name: String, _ fields: [String: YAMLNode]) -> Bool {
    let triggers = Self.fields(fields["onbuild"])
    for (key, node) in fields where key != "onbuild" {
      guard let platform = Platform(key), let words = node.text?.split(separator: " "),
        let digest = words.first.flatMap({ Digest($0) })
      else { return false }
      lockfile.pins[.init(reference: name, platform: platform)] =
        PinnedBase(
          digest: digest, isLocal: words.dropFirst().first == "local",
          onBuild: triggers[key]?.sequence?.compactMap(\.text) ?? [])
    }
    return true
  }

  private mutating func takeArtifact(_ name: String, _ fields: [String: YAMLNode]) -> Bool {
    func digest(_ key: String) -> Digest? { fields[key]?.text.flatMap { Digest($0) } }
    func number(_ key: String) -> Int? { fields[key]?.text.flatMap { Int($0) } }
    guard let id = ArtifactID(name), let fingerprint = digest("fingerprint"), let output = digest("output") else {
      return false
    }
    var groups: [InputGroup: Digest] = [:]
    for group in InputGroup.allCases { groups[group] = digest(group.rawValue) }
    var bases: [String: Digest] = [:]
    for (key, node) in Self.fields(fields["bases"]) { bases[key] = node.text.flatMap { Digest($0) } }
    var upstreams: [ArtifactID: Digest] = [:]
    for (key, node) in Self.fields(fields["upstreams"]) {
      if let upstream = ArtifactID(key) { upstreams[upstream] = node.text.flatMap { Digest($0) } }
    }
    lockfile.records[id] = BuildRecord(
      fingerprint: Fingerprint(fingerprint), groups: groups, bases: bases, upstreams: upstreams,
      output: ArtifactOutput(
        digest: output, content: digest("content"), manifest: digest("manifest"), index: digest("index"),
        size: number("size") ?? 0,
        isAssumed: fields["assumed"]?.text == "true"),
      generation: number("generation") ?? 0, refreshed: number("refreshed"))
    return true
  }

  private static func single(_ node: YAMLNode) -> (String, [String: YAMLNode])? {
    guard let pairs = node.mapping, pairs.count == 1, let name = pairs[0].key.text else { return nil }
    return (name, fields(pairs[0].value))
  }

  private static func fields(_ node: YAMLNode?) -> [String: YAMLNode] {
    var fields: [String: YAMLNode] = [:]
    for pair in node?.mapping ?? [] { if let key = pair.key.text { fields[key] = pair.value } }
    return fields
  }

  private mutating func warn(_ message: String, _ line: Int) {
    diagnostics.append(
      Diagnostic(
        .warning, message, at: SourceLocation(file: file, line: line), help: "`coppice build` writes it anew"))
  }
}

extension StringProtocol {
  fileprivate var trimmingSpaces: Substring {
    var text = Substring(self)
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text.drop(while: \.isWhitespace)
  }
}

extension String {
  /// The last line that begins with `prefix`.
  fileprivate func range(ofLast prefix: String) -> Range<String.Index>? {
    var found: Range<String.Index>?
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(prefix) { found = start..<index(start, offsetBy: prefix.count) }
      guard let end = self[start...].firstIndex(of: "\n") else { break }
      start = index(after: end)
    }
    return found
  }
}
