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
/// Instructions keep their order; every other group is sorted by name. docs/design.md, "Fingerprint", has the format.
package struct StepInputs: Hashable, Sendable {
  package let inputs: [StepInput]
  /// SHA-256 of the canonical encoding, which is also the digest of the list as a blob; made once, since a context may
  /// have a hundred thousand files.
  package let fingerprint: Fingerprint

  package init(_ inputs: [StepInput]) {
    // Stable: the position decides among equals, and among instructions always.
    let ranked = inputs.enumerated().sorted { left, right in
      let (first, second) = (left.element.group.rank, right.element.group.rank)
      if first != second { return first < second }
      if left.element.group == .dockerfile || left.element.name == right.element.name {
        return left.offset < right.offset
      }
      return left.element.name.lexicographicallyPrecedes(right.element.name)
    }
    self.inputs = ranked.map(\.element)
    fingerprint = Fingerprint(Digest.sha256(InputEncoding.bytes(of: self.inputs)))
  }

  /// The inputs of one group, in canonical order.
  package subscript(group: InputGroup) -> ArraySlice<StepInput> {
    guard let first = inputs.firstIndex(where: { $0.group == group }) else { return [] }
    return inputs[first...].prefix { $0.group == group }
  }

  /// The canonical encoding, as it is kept in the store.
  package var encoded: [UInt8] { InputEncoding.bytes(of: inputs) }

  /// Reads a list back.
  /// - Throws: `Failure` for bytes that are not such a list.
  package init(encoded bytes: [UInt8]) throws(Failure) {
    inputs = try InputEncoding.inputs(from: bytes)
    fingerprint = Fingerprint(Digest.sha256(bytes))
  }

  /// The same list with another output of one upstream.
  package func replacing(output digest: Digest, of upstream: ArtifactID) -> StepInputs {
    let name = Array(upstream.description.utf8)
    return StepInputs(
      inputs.map { input in
        guard input.group == .upstream, input.name == name else { return input }
        return StepInput(.upstream, name: name, value: Array(digest.description.utf8))
      })
  }

  /// One digest per group that has inputs, for the lockfile.
  package var groupDigests: [InputGroup: Digest] {
    var digests: [InputGroup: Digest] = [:]
    for group in InputGroup.allCases {
      let members = self[group]
      if !members.isEmpty { digests[group] = Digest.sha256(InputEncoding.bytes(of: members)) }
    }
    return digests
  }
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
    }
  }
}
