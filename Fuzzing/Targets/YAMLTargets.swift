import ImageModel
import YAMLText

@testable import DefinitionScan

extension FuzzTarget {
  /// Places lie in the text, and what is written of a document is read as the same.
  static let yaml = FuzzTarget("yaml", share: 8) { bytes in
    let places = Places.ofYAML(bytes)
    let root: YAMLNode
    do throws(InvalidInput) {
      guard let node = try YAMLReader.read(bytes, file: "a.yaml") else { return }
      root = node
    } catch {
      try places.check(error.diagnostics)
      return
    }
    try root.forEach { try places.check($0.location) }
    let text = YAMLWriter.text(of: root.value)
    guard text.utf8.count <= YAMLReader.Limits().bytes else { return }
    let again: YAMLNode?
    do throws(InvalidInput) {
      again = try YAMLReader.read(Array(text.utf8), file: "b.yaml")
    } catch {
      throw Violation("what was written is refused: \(error.diagnostics.map(\.message)) \(text)")
    }
    try require(again.map { $0.isSame(as: root) } ?? false, "what was written is read as something else: \(text)")
    try again?.forEach { node in
      try require(node.boolean == nil && node.integer == nil, "text is written so that it reads as a value: \(text)")
    }
  }

  /// Two readings agree, and every fault has its place.
  static let definition = FuzzTarget("definition") { bytes in
    func read() -> (definition: DefinitionFile, diagnostics: [Diagnostic]) {
      DefinitionFileReader.read(bytes, file: "d.yaml", directory: "/tree/d", settings: Settings(repository: "/tree"))
    }
    let (first, second) = (read(), read())
    try require(first.diagnostics == second.diagnostics, "two readings tell different faults")
    try Places.ofYAML(bytes).check(first.diagnostics, mayBeEmpty: true)
    for image in first.definition.images { try require(!image.tags.isEmpty, "an image without tags") }
  }

  /// As `definition`; and what is read can be told apart: no two steps have the same words but equal ones.
  static let machine = FuzzTarget("machine") { bytes in
    func read() -> (definition: MachineDefinition, diagnostics: [Diagnostic]) {
      MachineDefinitionReader.read(
        bytes, file: "d.yaml", directory: "/tree/d", settings: Settings(repository: "/tree"))
    }
    let (first, second) = (read(), read())
    try require(first.diagnostics == second.diagnostics, "two readings tell different faults")
    try Places.ofYAML(bytes).check(first.diagnostics, mayBeEmpty: true)
    for image in first.definition.images {
      try require(!image.tags.isEmpty && !image.formats.isEmpty, "an image without tags or formats")
      try require(image.base != nil || !first.diagnostics.isEmpty, "an image without a base is not told")
      for case .copy(let copy) in image.steps.map(\.action) {
        try require(!copy.from.isEmpty && copy.to.first == "/", "a copy of nothing, or to nowhere")
        for source in copy.from {
          try require(FilePath("/d/" + source.value).normalized.isBelow("/d"), "a source outside of the definition")
        }
      }
    }
  }

  static let settings = FuzzTarget("settings") { bytes in
    do {
      let settings = try SettingsReader.read(bytes, repository: "/r")
      try require(settings.jobs ?? 1 > 0, "\(settings.jobs ?? 0) jobs")
    } catch let error as InvalidInput {
      try Places.ofYAML(bytes).check(error.diagnostics)
    }
  }

  /// Lines `KEY=VALUE` up to an empty one are the parameters, the rest is the template.
  static let template = FuzzTarget("template") { bytes in
    let newline = UInt8(ascii: "\n")
    var rest = bytes[...]
    var parameters: [String: Located<String>] = [:]
    while let end = rest.firstIndex(of: newline) {
      let line = rest[..<end]
      rest = rest[(end + 1)...]
      if line.isEmpty { break }
      let parts = line.split(separator: UInt8(ascii: "="), maxSplits: 1)
      guard parts.count == 2 else { continue }
      parameters[String(decoding: parts[0], as: UTF8.self)] = Located(
        String(decoding: parts[1], as: UTF8.self), at: SourceLocation(file: "d.yaml", line: 1, column: 1))
    }
    var expansion = TemplateExpansion(parameters: parameters)
    let text = Array(rest)
    let (expanded, faults) = expansion.expand(text)
    try require(expanded.count <= 32 << 20, "a template expands to \(expanded.count) bytes")
    try require(faults.allSatisfy { text.indices.contains($0.offset) }, "a fault lies outside of the template")
    if !text.contains(UInt8(ascii: "%")) { try require(expanded == text, "text without % changes") }
  }
}

extension YAMLNode {
  /// All scalars as text.
  fileprivate var value: YAMLValue {
    switch kind {
    case .scalar(let text, _): .text(text)
    case .sequence(let nodes): .sequence(nodes.map(\.value))
    case .mapping(let entries): .mapping(entries.map { ($0.key.text ?? "", $0.value.value) })
    }
  }

  fileprivate func forEach(_ body: (YAMLNode) throws -> Void) rethrows {
    try body(self)
    for node in sequence ?? [] { try node.forEach(body) }
    for (key, value) in mapping ?? [] {
      try key.forEach(body)
      try value.forEach(body)
    }
  }

  /// Whether the texts agree byte for byte, whatever their places and quotes.
  fileprivate func isSame(as other: YAMLNode) -> Bool {
    switch (kind, other.kind) {
    case (.scalar(let text, _), .scalar(let otherText, _)): text.utf8.elementsEqual(otherText.utf8)
    case (.sequence(let nodes), .sequence(let others)):
      nodes.count == others.count && zip(nodes, others).allSatisfy { $0.isSame(as: $1) }
    case (.mapping(let entries), .mapping(let others)):
      entries.count == others.count
        && zip(entries, others).allSatisfy { $0.key.isSame(as: $1.key) && $0.value.isSame(as: $1.value) }
    default: false
    }
  }
}
