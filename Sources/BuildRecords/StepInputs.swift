package import ImageModel

/// One thing that a step is made of.
package struct StepInput: Hashable, Sendable {
  package var group: InputGroup
  /// The path of a file, the name of an argument, a base or an upstream; for instructions empty.
  package var name: [UInt8]
  /// What decides: an instruction, a value, a digest, or for files type, mode and content.
  package var value: [UInt8]

  package init(_ group: InputGroup, name: [UInt8], value: [UInt8]) {
    self.group = group
    self.name = name
    self.value = value
  }

  package init(_ group: InputGroup, _ name: String, _ value: String) {
    self.init(group, name: Array(name.utf8), value: Array(value.utf8))
  }
}

/// Everything that a step is made of, in canonical order: one description, read by the hash and by `explain`.
///
/// Instructions and steps keep their order; every other group is sorted by name. The files of the context are a list of their
/// own, of which this one holds the digest only, as a tree of git holds its subtrees: it is the same for all images of a
/// definition and for all their upstreams, and need not be made anew while no file has changed. docs/design.md,
/// "Fingerprint", has the format.
package struct StepInputs: Hashable, Sendable {
  /// All but files of the context.
  private let others: [StepInput]
  /// Files of the context, where they are at hand.
  private let files: [StepInput]?
  /// Of the encoded list of the context's files; nil when there are none.
  package let contextDigest: Digest?
  /// SHA-256 of the canonical encoding, which is also the digest of the list as a blob.
  package let fingerprint: Fingerprint

  package init(_ inputs: [StepInput]) {
    let files = Self.ranked(inputs.filter { $0.group == .context })
    let digest = files.isEmpty ? nil : Digest.sha256(InputEncoding.bytes(of: files))
    self.init(others: inputs.filter { $0.group != .context }, files: files, contextDigest: digest)
  }

  /// - Parameter contextDigest: of a list that is not at hand.
  package init(_ others: [StepInput], contextDigest: Digest?) {
    self.init(others: others, files: contextDigest == nil ? [] : nil, contextDigest: contextDigest)
  }

  private init(others: [StepInput], files: [StepInput]?, contextDigest: Digest?) {
    self.others = Self.ranked(others)
    self.files = files
    self.contextDigest = contextDigest
    fingerprint = Fingerprint(Digest.sha256(Self.encoded(self.others, contextDigest)))
  }

  /// Stable: the position decides among equals, and among instructions always.
  private static func ranked(_ inputs: [StepInput]) -> [StepInput] {
    // Whoever makes a list makes most of it in order.
    if zip(inputs, inputs.dropFirst()).allSatisfy({ isBefore($0, $1) ?? true }) { return inputs }
    return inputs.enumerated().sorted { left, right in
      isBefore(left.element, right.element) ?? (left.offset < right.offset)
    }.map(\.element)
  }

  /// Nil where their positions decide.
  private static func isBefore(_ left: StepInput, _ right: StepInput) -> Bool? {
    let (first, second) = (left.group.rank, right.group.rank)
    if first != second { return first < second }
    if left.group.isSequence || left.name == right.name { return nil }
    return left.name.precedes(right.name)
  }

  /// The same list with the files that it has the digest of, as they were looked at.
  package func with(_ snapshot: ContextSnapshot) -> StepInputs {
    StepInputs(others: others, files: snapshot.files.map(\.input), contextDigest: snapshot.listDigest)
  }

  /// Whether the files of the context can be named.
  package var hasFiles: Bool { files != nil }

  /// All that is at hand, in canonical order.
  package var inputs: [StepInput] {
    let cut = others.firstIndex { $0.group.rank > InputGroup.context.rank } ?? others.count
    return others[..<cut] + (files ?? []) + others[cut...]
  }

  /// The inputs of one group, in canonical order; none of the context where its list is not at hand.
  package subscript(group: InputGroup) -> ArraySlice<StepInput> {
    if group == .context { return files?[...] ?? [] }
    guard let first = others.firstIndex(where: { $0.group == group }) else { return [] }
    return others[first...].prefix { $0.group == group }
  }

  /// The canonical encoding, as it is kept in the store.
  package var encoded: [UInt8] { Self.encoded(others, contextDigest) }

  /// The list of the context's files as it is kept; nil when it is empty or not at hand.
  package var encodedFiles: [UInt8]? { files.flatMap { $0.isEmpty ? nil : InputEncoding.bytes(of: $0) } }

  private static func encoded(_ others: [StepInput], _ contextDigest: Digest?) -> [UInt8] {
    guard let contextDigest else { return InputEncoding.bytes(of: others) }
    let cut = others.firstIndex { $0.group.rank > InputGroup.context.rank } ?? others.count
    let context = StepInput(.context, "", contextDigest.description)
    return InputEncoding.bytes(of: others[..<cut] + [context] + others[cut...])
  }

  /// Reads a list back.
  /// - Parameter list: the list with this digest, if it can be had.
  /// - Throws: `Failure` for bytes that are not such a list.
  package init(encoded bytes: [UInt8], list: (Digest) -> [UInt8]? = { _ in nil }) throws(Failure) {
    let inputs = try InputEncoding.inputs(from: bytes)
    others = inputs.filter { $0.group != .context }
    let context = inputs.filter { $0.group == .context }
    contextDigest = context.first.flatMap { Digest(String(decoding: $0.value, as: UTF8.self)) }
    guard context.count <= 1, context.isEmpty == (contextDigest == nil), context.first?.name.isEmpty ?? true else {
      throw Failure("a list of inputs has more than one context, or a damaged one")
    }
    guard Self.encoded(others, contextDigest) == bytes else { throw Failure("a list of inputs is not in order") }
    files = contextDigest.map { list($0).flatMap { try? InputEncoding.inputs(from: $0) } } ?? []
    fingerprint = Fingerprint(Digest.sha256(bytes))
  }

  /// The same list with another output of one upstream.
  package func replacing(output digest: Digest, of upstream: ArtifactID) -> StepInputs {
    let name = Array(upstream.description.utf8)
    let replaced = others.map { input in
      guard input.group == .upstream, input.name == name else { return input }
      return StepInput(.upstream, name: name, value: Array(digest.description.utf8))
    }
    return StepInputs(others: replaced, files: files, contextDigest: contextDigest)
  }

  /// One digest per group that has inputs, for the lockfile.
  package var groupDigests: [InputGroup: Digest] {
    var digests: [InputGroup: Digest] = [:]
    for group in InputGroup.allCases where group != .context {
      let members = self[group]
      if !members.isEmpty { digests[group] = Digest.sha256(InputEncoding.bytes(of: members)) }
    }
    digests[.context] = contextDigest
    return digests
  }

  // Whatever is at hand, equal lists have equal digests.
  package static func == (left: Self, right: Self) -> Bool { left.fingerprint == right.fingerprint }
  package func hash(into hasher: inout Hasher) { hasher.combine(fingerprint) }
}

extension InputGroup {
  /// The place in the canonical order; part of the format.
  var rank: Int {
    switch self {
    case .recipe: 0
    case .dockerfile: 1
    case .argument: 2
    case .context: 3
    case .base: 4
    case .upstream: 5
    case .step: 6
    }
  }
}
