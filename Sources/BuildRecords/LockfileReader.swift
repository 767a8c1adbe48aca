package import ImageModel
internal import YAMLText

/// Reads a lockfile block by block, so that a merge conflict or an edit costs one artifact its record, not all.
///
/// Of a file with conflicts each side is read as if it were the whole file: what both say, and what is whole on one
/// side only, is true; what they say differently counts as never built.
package struct LockfileReader {
  private struct Block {
    var section: String
    var line: Int
    var conflict: Int?
    var text: String
    var isEnded = false
  }

  private enum Content: Equatable {
    case artifact(ArtifactID, BuildRecord)
    case base([Lockfile.BaseKey: PinnedBase])
  }

  private struct Entry {
    var content: Content
    var line: Int
    var conflict: Int?
  }

  private struct Fault {
    /// As the keys of `entries`; nil for lines outside of blocks.
    var block: String?
    var diagnostic: Diagnostic
  }

  private let file: FilePath
  /// By section and name.
  private var entries: [String: Entry] = [:]
  private var faults: [Fault] = []
  /// Names that had two blocks: neither can be trusted.
  private var seen: [String: Int] = [:]

  /// - Returns: every block that is whole, and a warning with its line for every one that is not.
  /// - Throws: `Failure` for a file of a later version, which must not be overwritten.
  package static func read(_ bytes: [UInt8], file: FilePath) throws(Failure) -> (Lockfile, [Diagnostic]) {
    if let plain = plain(bytes, file) { return (plain, []) }
    let sides = LockfileSides(String(decoding: bytes, as: UTF8.self))
    var readers: [LockfileReader] = []
    for lines in sides.sides {
      var reader = LockfileReader(file: file)
      for block in try reader.blocks(of: lines) { reader.take(block) }
      readers.append(reader)
    }
    guard let ours = readers.first else { return (Lockfile(), []) }
    if readers.count == 1 { return (ours.lockfile, ours.faults.map(\.diagnostic)) }
    return ours.merged(with: readers[1], conflicts: sides.conflicts)
  }

  package static func read(_ text: String, file: FilePath) throws(Failure) -> (Lockfile, [Diagnostic]) {
    try read(Array(text.utf8), file: file)
  }

  /// Nil when something in it needs a closer look.
  private static func plain(_ bytes: [UInt8], _ file: FilePath) -> Lockfile? {
    bytes.withUnsafeBytes { bytes in
      PlainLockfile.read(bytes) { head in
        // No artifact stands before the artifacts.
        guard !head.contains("fingerprint:"), !head.contains("<<<<<<<"), !head.contains("=======") else { return nil }
        var reader = LockfileReader(file: file)
        for line in LockfileSides(String(head)).sides {
          guard let blocks = try? reader.blocks(of: line) else { return nil }
          for block in blocks { reader.take(block) }
        }
        return reader.faults.isEmpty ? reader.lockfile : nil
      }
    }
  }

  private init(file: FilePath) { self.file = file }

  private var lockfile: Lockfile {
    var lockfile = Lockfile()
    for entry in entries.values {
      switch entry.content {
      case .artifact(let id, let record): lockfile.records[id] = record
      case .base(let pins): lockfile.pins.merge(pins) { first, _ in first }
      }
    }
    return lockfile
  }

  // MARK: conflicts

  private func merged(with theirs: LockfileReader, conflicts: [Int]) -> (Lockfile, [Diagnostic]) {
    var result = self
    var lost: Set<Int> = []
    for (key, entry) in theirs.entries {
      guard let own = entries[key] else {
        result.entries[key] = entry
        continue
      }
      if let content = Self.union(own.content, entry.content) {
        result.entries[key]?.content = content
      } else {
        result.entries[key] = nil
        let line = own.conflict ?? entry.conflict ?? entry.line
        lost.insert(line)
        let name = key.drop { $0 != " " }.dropFirst()
        result.warn("a merge conflict: \(name) counts as never built", line)
      }
    }
    // What is damaged on one side and whole on the other is not lost.
    let all = (result.faults + theirs.faults).filter { $0.block.map { result.entries[$0] == nil } ?? true }
    var diagnostics = Set(all.map(\.diagnostic))
    for line in conflicts where !lost.contains(line) {
      diagnostics.insert(diagnostic("a merge conflict that costs nothing: what is whole on either side is kept", line))
    }
    return (result.lockfile, diagnostics.sorted())
  }

  /// Nil when they contradict each other.
  private static func union(_ ours: Content, _ theirs: Content) -> Content? {
    if case .base(let first) = ours, case .base(let second) = theirs {
      guard second.allSatisfy({ first[$0.key] == nil || first[$0.key] == $0.value }) else { return nil }
      return .base(first.merging(second) { own, _ in own })
    }
    return ours == theirs ? ours : nil
  }

  // MARK: one side

  private mutating func blocks(of lines: [LockfileSides.Line]) throws(Failure) -> [Block] {
    var blocks: [Block] = []
    var section = ""
    /// The line before, when it was no line of a lockfile: what follows it is not told again.
    var lastForeignLine = 0
    /// Whether another line stands between the last block and this one.
    var isApart = false
    for line in lines {
      let text = line.text
      defer { isApart = !text.hasPrefix("  ") || isApart && text.hasPrefix("    ") }
      if text.hasPrefix("    ") {
        // A block ends with its checksum. What follows at once makes two blocks of it, as a union of two branches does;
        // what follows another line was a block whose first line is damaged.
        guard let last = blocks.indices.last, !(blocks[last].isEnded && isApart) else { continue }
        blocks[last].text += text + "\n"
        blocks[last].isEnded = blocks[last].isEnded || text.hasPrefix("    check: ")
        blocks[last].conflict = blocks[last].conflict ?? line.conflict
      } else if text.hasPrefix("  ") {
        blocks.append(Block(section: section, line: line.number, conflict: line.conflict, text: text + "\n"))
        isApart = false
      } else if text.hasPrefix("coppice-lock:") {
        let version = text.dropFirst("coppice-lock:".count).trimmingSpaces
        if version.isEmpty {
          warn("the version of the lockfile is missing", line.number)
          continue
        }
        guard version == "1" else {
          throw Failure(
            "the lockfile has format \(version), which this coppice does not know",
            at: SourceLocation(file: file, line: line.number), help: "use the coppice that wrote it, or a later one")
        }
      } else if text == "artifacts:" || text == "bases:" && section != "artifacts" {
        // A damaged line that reads `bases:` must not make bases of the artifacts behind it.
        section = String(text.dropLast())
      } else if !text.isEmpty && !text.hasPrefix("#") {
        if lastForeignLine == 0 || lastForeignLine != line.number - 1 {
          warn("this is not part of a lockfile", line.number)
        }
        lastForeignLine = line.number
      }
    }
    return blocks
  }

  private mutating func take(_ block: Block) {
    guard let keyLine = block.text.split(separator: "\n").first else { return }
    let shown = keyLine.trimmingSpaces.dropLast()
    func key(_ name: some StringProtocol) -> String { "\(block.section) \(name)" }
    // A key of a damaged block may be damaged itself.
    func fault(_ what: String) -> (message: String, line: Int, block: String) {
      let name = (try? YAMLReader.read(Array(keyLine.utf8), file: file)).flatMap(Self.single)?.0
      return ("the block of \(shown) \(what): it counts as never built", block.line, key(name ?? String(shown)))
    }
    guard let cut = block.text.range(ofLast: "    check: ") else { return warn(fault("has no checksum")) }
    let (body, check) = (block.text[..<cut.lowerBound], block.text[cut.upperBound...].trimmingSpaces)
    guard check == LockfileWriter.checksum(body) else { return warn(fault("was edited or damaged")) }
    guard let node = try? YAMLReader.read(Array(body.utf8), file: file), let (name, fields) = Self.single(node) else {
      return warn(fault("cannot be read"))
    }
    if let first = seen[key(name)] {
      warn("\(name) has another block at line \(first): it counts as never built", block.line)
      entries[key(name)] = nil
      return
    }
    seen[key(name)] = block.line
    guard let content = block.section == "bases" ? Self.base(name, fields) : Self.artifact(name, fields) else {
      return warn(fault("is incomplete"))
    }
    entries[key(name)] = Entry(content: content, line: block.line, conflict: block.conflict)
  }

  private static func base(_ name: String, _ fields: [String: YAMLNode]) -> Content? {
    var pins: [Lockfile.BaseKey: PinnedBase] = [:]
    let triggers = Self.fields(fields["onbuild"])
    let variables = Self.fields(fields["env"])
    for (key, node) in fields where key != "onbuild" && key != "env" {
      guard let platform = Platform(key), let words = node.text?.split(separator: " "),
        let digest = words.first.flatMap({ Digest($0) })
      else { return nil }
      pins[.init(reference: name, platform: platform)] =
        PinnedBase(
          digest: digest, isLocal: words.dropFirst().first == "local",
          onBuild: triggers[key]?.sequence?.compactMap(\.text) ?? [],
          environment: Self.fields(variables[key]).mapValues { $0.isNull ? nil : $0.text })
    }
    return .base(pins)
  }

  private static func artifact(_ name: String, _ fields: [String: YAMLNode]) -> Content? {
    func digest(_ key: String) -> Digest? { fields[key]?.text.flatMap { Digest($0) } }
    func number(_ key: String) -> Int? { fields[key]?.text.flatMap { Int($0) } }
    guard let id = ArtifactID(name), let fingerprint = digest("fingerprint"), let output = digest("output") else {
      return nil
    }
    var groups: [InputGroup: Digest] = [:]
    for group in InputGroup.allCases { groups[group] = digest(group.rawValue) }
    var bases: [String: Digest] = [:]
    for (key, node) in Self.fields(fields["bases"]) { bases[key] = node.text.flatMap { Digest($0) } }
    var upstreams: [ArtifactID: Digest] = [:]
    for (key, node) in Self.fields(fields["upstreams"]) {
      if let upstream = ArtifactID(key) { upstreams[upstream] = node.text.flatMap { Digest($0) } }
    }
    let record = BuildRecord(
      fingerprint: Fingerprint(fingerprint), groups: groups, bases: bases, upstreams: upstreams,
      output: ArtifactOutput(
        digest: output, content: digest("content"), manifest: digest("manifest"), index: digest("index"),
        size: number("size") ?? 0,
        isAssumed: fields["assumed"]?.text == "true"),
      generation: number("generation") ?? 0, refreshed: number("refreshed"))
    return .artifact(id, record)
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

  private mutating func warn(_ message: String, _ line: Int, block: String? = nil) {
    faults.append(Fault(block: block, diagnostic: diagnostic(message, line)))
  }

  private mutating func warn(_ fault: (message: String, line: Int, block: String)) {
    warn(fault.message, fault.line, block: fault.block)
  }

  private func diagnostic(_ message: String, _ line: Int) -> Diagnostic {
    Diagnostic(.warning, message, at: SourceLocation(file: file, line: line), help: "`coppice build` writes it anew")
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
