import ImageModel

/// The instructions of a Dockerfile as an engine runs them: by stage, each with the triggers of its base behind `FROM`.
struct FiredStages: Sendable {
  struct Stage: Sendable {
    /// `FROM` first. What stands before any stage is not seen in one.
    fileprivate(set) var own: [InstructionWords]
    /// Those of the stage that it is built from, and of that one's.
    fileprivate(set) var inherited: [InstructionWords] = []
  }

  private(set) var stages: [Stage] = []
  /// In lower case.
  private(set) var names: [String: Int] = [:]

  /// - Parameter triggers: of the images that `FROM` names, by canonical reference.
  init(_ facts: DockerfileFacts, triggers: [String: [String]] = [:]) {
    for (index, instruction) in facts.instructions.enumerated() {
      let words = InstructionWords(instruction.canonical)
      guard words.name == "FROM" else {
        if !stages.isEmpty { stages[stages.count - 1].own.append(words) }
        continue
      }
      var stage = Stage(own: [words])
      let next = facts.instructions.dropFirst(index + 1).first?.location
      let use = facts.uses.first { use in
        use.role == .from && use.location >= instruction.location && next.map { use.location < $0 } ?? true
      }
      if let use {
        stage.own += (triggers[use.reference.canonical] ?? []).map { InstructionWords($0, isTrigger: true) }
      } else if let base = words.words.first.flatMap({ names[$0.lowercased()] }) {
        stage.inherited = stages[base].inherited + stages[base].own
        stage.own += stages[base].own.filter { $0.name == "ONBUILD" }.map { InstructionWords($0.rest) }
      }
      if words.words.count > 2, words.words[1].lowercased() == "as" {
        names[words.words[2].lowercased()] = stages.count
      }
      stages.append(stage)
    }
  }

  var instructions: [InstructionWords] { stages.flatMap(\.own) }
}

/// An instruction cut into words, as far as layer caches depend on them.
struct InstructionWords: Sendable {
  /// In upper case.
  let name: String
  let flags: [Substring]
  let words: [Substring]
  private let text: String
  /// Whether it comes out of the config of a base, where no name of an image is exact.
  let isTrigger: Bool

  init(_ text: String, isTrigger: Bool = false) {
    self.text = text
    self.isTrigger = isTrigger
    let all = text.split(whereSeparator: \.isWhitespace)
    name = all.first?.uppercased() ?? ""
    flags = Array(all.dropFirst().prefix { $0.hasPrefix("--") })
    words = Array(all.dropFirst(1 + flags.count))
  }

  /// What follows its name.
  var rest: String { String(text.drop { !$0.isWhitespace }.drop(while: \.isWhitespace)) }

  func value(ofFlag name: String) -> Substring? {
    flags.first { $0.hasPrefix("--\(name)=") }?.dropFirst(name.count + 3)
  }

  /// Names after `$`, with and without braces.
  var variables: [String] {
    let pieces = text.split(separator: "$", omittingEmptySubsequences: false)
    return zip(pieces, pieces.dropFirst()).filter { before, _ in before.last != "\\" }.map { _, rest in
      let rest = rest.first == "{" ? rest.dropFirst() : rest
      return String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
    }
  }

  struct Mount: Sendable {
    fileprivate let options: [Substring]

    subscript(name: String) -> Substring? {
      options.first { $0.hasPrefix(name + "=") }?.dropFirst(name.count + 1)
    }

    /// `bind` is what a mount without a type is.
    var kind: String { self["type"].map { $0.lowercased() } ?? "bind" }
    /// Whether it may show files of the context, of a stage or of an image.
    var readsFiles: Bool { kind == "bind" || kind == "cache" || kind.contains("$") }
  }

  var mounts: [Mount] {
    flags.filter { $0.hasPrefix("--mount=") }.map { flag in
      Mount(options: flag.dropFirst("--mount=".count).filter { $0 != "\"" }.split(separator: ",").map { Substring($0) })
    }
  }
}
