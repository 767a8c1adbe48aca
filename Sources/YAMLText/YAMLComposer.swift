internal import ImageModel

/// Builds the tree from events: expands aliases and merge keys, refuses what no file of coppice needs.
struct YAMLComposer {
  /// A node with what expanding it again costs.
  private struct Part {
    var node: YAMLNode
    var nodes: Int
    var height: Int
  }

  private let events: YAMLEvents
  private let limits: YAMLReader.Limits
  /// By name; nil while the anchored node itself is being read.
  private var anchors: [String: Part?] = [:]
  private var nodes = 0
  /// Faults after which reading goes on.
  private var diagnostics: [Diagnostic] = []

  init(events: YAMLEvents, limits: YAMLReader.Limits) {
    self.events = events
    self.limits = limits
  }

  mutating func document() throws(InvalidInput) -> YAMLNode? {
    _ = try events.next()
    let first = try events.next()
    guard case .documentStart = first.kind else { return nil }
    let root = try part(try events.next(), depth: 1).node
    _ = try events.next()
    let last = try events.next()
    if case .documentStart = last.kind {
      throw stop("a second document begins here; only one is allowed", last)
    }
    guard diagnostics.isEmpty else { throw InvalidInput(diagnostics.sorted()) }
    if case .scalar("", isPlain: true) = root.kind { return nil }
    return root
  }

  private mutating func part(_ event: YAMLEvent, depth: Int) throws(InvalidInput) -> Part {
    nodes += 1
    try check(event, depth: depth)
    // Finding the line of a fault reads the file from its beginning, so a hostile file must not have many.
    if diagnostics.count >= 50 { throw stop("the file has too many faults", event) }
    switch event.kind {
    case .alias(let name):
      guard let entry = anchors[name] else { throw stop("nothing is named '&\(name)' before this line", event) }
      guard let part = entry else { throw stop("'*\(name)' refers to the value that it stands in", event) }
      nodes += part.nodes - 1
      try check(event, depth: depth + part.height - 1)
      return part
    case .scalar(let text, let isPlain, let properties):
      checkTag(properties, event, allowed: ["str", "int", "float", "bool", "null"])
      return finish(Part(node: node(.scalar(text: text, isPlain: isPlain), event), nodes: 1, height: 1), properties)
    case .sequenceStart(let properties):
      checkTag(properties, event, allowed: ["seq"])
      return try sequence(event, properties, depth: depth)
    case .mappingStart(let properties):
      checkTag(properties, event, allowed: ["map"])
      return try mapping(event, properties, depth: depth)
    case .streamStart, .streamEnd, .documentStart, .documentEnd, .sequenceEnd, .mappingEnd:
      throw stop("expected a value here", event)
    }
  }

  private mutating func sequence(
    _ event: YAMLEvent, _ properties: YAMLEvent.Properties, depth: Int
  ) throws(InvalidInput) -> Part {
    if let anchor = properties.anchor { anchors[anchor] = .some(nil) }
    var result = Part(node: node(.sequence([]), event), nodes: 1, height: 1)
    var elements: [YAMLNode] = []
    while true {
      let next = try events.next()
      if case .sequenceEnd = next.kind { break }
      let element = try part(next, depth: depth + 1)
      elements.append(element.node)
      result.nodes += element.nodes
      result.height = max(result.height, element.height + 1)
    }
    result.node.kind = .sequence(elements)
    return finish(result, properties)
  }

  private mutating func mapping(
    _ event: YAMLEvent, _ properties: YAMLEvent.Properties, depth: Int
  ) throws(InvalidInput) -> Part {
    if let anchor = properties.anchor { anchors[anchor] = .some(nil) }
    var result = Part(node: node(.mapping([]), event), nodes: 1, height: 1)
    var entries: [YAMLNode.Entry] = []
    var merged: [YAMLNode] = []
    var lines: [String: Int] = [:]
    while true {
      let next = try events.next()
      if case .mappingEnd = next.kind { break }
      let key = try part(next, depth: depth + 1)
      let value = try part(try events.next(), depth: depth + 1)
      result.nodes += key.nodes + value.nodes
      result.height = max(result.height, key.height + 1, value.height + 1)
      guard case .scalar(let text, let isPlain) = key.node.kind else {
        report("a key must be text, this is \(key.node.summary)", next)
        continue
      }
      if let line = lines.updateValue(next.line, forKey: text) {
        report("the key '\(text)' is given twice, first in line \(line)", next)
      } else if text == "<<", isPlain {
        merged += mergeable(value.node, next)
      } else {
        entries.append((key.node, value.node))
      }
    }
    for entry in merged.flatMap({ $0.mapping ?? [] }) {
      guard let text = entry.key.text, lines.updateValue(entry.key.location.line, forKey: text) == nil else { continue }
      entries.append(entry)
    }
    result.node.kind = .mapping(entries)
    return finish(result, properties)
  }

  /// The mappings that `<<` names, nearest first.
  private mutating func mergeable(_ value: YAMLNode, _ event: YAMLEvent) -> [YAMLNode] {
    let nodes = value.sequence ?? [value]
    if nodes.contains(where: { $0.mapping == nil }) { report("'<<' merges mappings, this is \(value.summary)", event) }
    return nodes
  }

  private mutating func finish(_ part: Part, _ properties: YAMLEvent.Properties) -> Part {
    if let anchor = properties.anchor { anchors[anchor] = part }
    return part
  }

  private func node(_ kind: YAMLNode.Kind, _ event: YAMLEvent) -> YAMLNode {
    YAMLNode(kind, at: SourceLocation(file: events.source.file, line: event.line, column: event.column))
  }

  private func check(_ event: YAMLEvent, depth: Int) throws(InvalidInput) {
    if depth > limits.depth { throw stop("values are nested deeper than \(limits.depth) levels", event) }
    if nodes > limits.nodes {
      throw stop("the file has more than \(limits.nodes) values after its aliases are expanded", event)
    }
  }

  private mutating func checkTag(_ properties: YAMLEvent.Properties, _ event: YAMLEvent, allowed: [String]) {
    let prefix = "tag:yaml.org,2002:"
    guard let tag = properties.tag, tag != "!", !allowed.contains(where: { prefix + $0 == tag }) else { return }
    let shown = tag.hasPrefix(prefix) ? "!!" + tag.dropFirst(prefix.count) : tag
    report("the tag '\(shown)' is not allowed here", event)
  }

  private mutating func report(_ message: String, _ event: YAMLEvent) {
    diagnostics.append(events.source.diagnostic(.error, message, line: event.line, column: event.column))
  }

  /// A fault after which reading cannot go on, with those before it.
  private func stop(_ message: String, _ event: YAMLEvent) -> InvalidInput {
    let last = events.source.diagnostic(.error, message, line: event.line, column: event.column)
    return InvalidInput((diagnostics + [last]).sorted())
  }
}
