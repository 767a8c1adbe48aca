internal import ImageModel

/// The stages of a Dockerfile, cut at their `FROM`, and the scope of the `ARG`s before the first one.
struct StageList {
  private(set) var stages: [Stage] = []
  private(set) var globals = Scope()
  private(set) var diagnostics: [Diagnostic] = []

  private let source: SourceText
  private let escape: UInt8
  /// By name, ascending.
  private var indices: [String: [Int]] = [:]
  private let buildArguments: [String: String]
  /// What is known of images, by canonical reference.
  let environments: [String: ImageEnvironment]
  /// What stands before the first FROM: to BuildKit it is a fault, to buildah a part of the first stage.
  private var preamble: [DockerfileLines.Instruction] = []

  static let keywords = [
    "ADD", "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER",
    "ONBUILD", "RUN", "SHELL", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
  ]

  init(
    _ lines: DockerfileLines, source: SourceText, buildArguments: [String: String], predefined: [String: String],
    environments: [String: ImageEnvironment]
  ) {
    self.environments = environments
    self.source = source
    self.escape = lines.escape
    self.buildArguments = buildArguments
    expander = WordExpander(source: source, escape: escape)
    for (name, value) in predefined { globals.setArgument(name, .set(buildArguments[name] ?? value)) }
    for instruction in lines.instructions { add(instruction) }
    if !lines.instructions.isEmpty, stages.isEmpty {
      diagnostics.append(
        source.diagnostic(
          .error, "there is no FROM instruction", at: lines.instructions[0].text.start,
          help: "begin with FROM and the image to build on, or with FROM scratch"))
    }
  }

  func index(ofStage name: String, before end: Int = .max) -> Int? {
    indices[name.lowercased()]?.last { $0 < end }
  }

  let expander: WordExpander

  private mutating func add(_ instruction: DockerfileLines.Instruction) {
    let text = InstructionText(instruction.text, escape: escape)
    if !Self.keywords.contains(text.keyword) {
      diagnostics.append(unknownInstruction(text.keyword, at: text.start))
    }
    if text.keyword == "FROM" {
      addStage(text)
      takePreamble()
    } else if !stages.isEmpty {
      stages[stages.count - 1].instructions.append(instruction)
    } else if text.keyword == "ARG" {
      setGlobals(text)
    } else {
      preamble.append(instruction)
    }
  }

  func unknownInstruction(_ keyword: String, at offset: Int) -> Diagnostic {
    let nearest = expander.budget.nearest(keyword, among: Self.keywords)
    return source.diagnostic(
      .warning, "unknown instruction '\(keyword)'", at: offset,
      help: nearest.map { "did you mean \($0)?" } ?? "the engine decides; the whole context counts as an input",
      rule: .unknownInstruction)
  }

  private mutating func takePreamble() {
    for instruction in preamble {
      let text = InstructionText(instruction.text, escape: escape)
      guard Self.keywords.contains(text.keyword) else { continue }
      diagnostics.append(
        source.diagnostic(
          .warning, "\(text.keyword) stands before the first FROM", at: text.start,
          help: "only ARG may stand there with BuildKit", rule: .doubtfulSyntax))
    }
    stages[stages.count - 1].instructions += preamble
    preamble = []
  }

  private mutating func setGlobals(_ text: InstructionText) {
    for word in text.assignments {
      let argument = Assignment(word)
      if argument.isQuoted(escape: escape) {
        setQuoted(word)
      } else if let given = buildArguments[argument.name.text] {
        globals.setArgument(argument.name.text, .set(given))
      } else if let value = argument.value {
        var found: ShellWord.Value = .unset
        switch expander.expand(value, in: globals) {
        case .success(let expansion): found = .set(expansion.text)
        case .failure(let fault): diagnostics.append(expander.diagnostic(fault, at: value))
        }
        globals.setArgument(argument.name.text, found)
      } else {
        globals.setArgument(argument.name.text, .unset)
      }
    }
  }

  /// `ARG "NAME=VALUE"`, which only buildah takes.
  private mutating func setQuoted(_ word: MappedText) {
    switch expander.expand(word, in: globals) {
    case .success(let expansion):
      let parts = expansion.text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let value = buildArguments[parts[0]] ?? (parts.count > 1 ? parts[1] : nil) else { return }
      globals.setArgument(parts[0], .set(value))
    case .failure(let fault): diagnostics.append(expander.diagnostic(fault, at: word))
    }
  }

  // MARK: - FROM

  private mutating func addStage(_ text: InstructionText) {
    let words = text.arguments.words
    var name: String?
    if words.count == 3, words[1].text.lowercased() == "as" {
      name = words[2].text.lowercased()
      checkName(words[2])
    } else if words.count != 1 {
      diagnostics.append(
        source.diagnostic(
          .error, "FROM takes an image and, if wanted, AS and a name", at: text.start,
          help: "write FROM IMAGE or FROM IMAGE AS NAME"))
    }
    var problems: [Diagnostic] = []
    var stage = Stage(
      name: name, base: words.first.map { base($0, &problems) } ?? .broken, at: source.location(at: text.start))
    stage.diagnostics = problems
    for flag in text.flags where flag.name != "platform" { take(flag, into: &stage) }
    if let name { indices[name, default: []].append(stages.count) }
    stages.append(stage)
  }

  /// buildah's `--after=STAGE` makes another stage be built before.
  private func take(_ flag: InstructionText.Flag, into stage: inout Stage) {
    guard flag.name == "after" else {
      return stage.cannotKnow("FROM has no flag --\(flag.name)", at: flag.start, source)
    }
    guard let name = flag.value?.text, let index = index(ofStage: name) ?? Int(name) else { return }
    if stages.indices.contains(index) { stage.sources.append(index) }
  }

  private mutating func checkName(_ word: MappedText) {
    let isValid =
      Ascii.isLetter(word.bytes[0])
      && word.bytes.allSatisfy { Ascii.isLetter($0) || Ascii.isDigit($0) || "-_.".utf8.contains($0) }
    if !isValid {
      diagnostics.append(
        source.diagnostic(
          .warning, "'\(word.text)' is no name for a stage", at: word.start,
          help: "to BuildKit a name begins with a letter and holds letters, digits, '-', '_' and '.'",
          rule: .doubtfulSyntax))
    } else if index(ofStage: word.text) != nil {
      diagnostics.append(
        source.diagnostic(
          .warning, "the stage name '\(word.text)' is used twice", at: word.start,
          help: "later instructions mean the last one", rule: .repeatedStage))
    }
  }

  private func base(_ word: MappedText, _ problems: inout [Diagnostic]) -> Stage.Base {
    let expansion: ShellWord.Expansion
    switch expander.expand(word, in: globals) {
    case .success(let result): expansion = result
    case .failure(let fault):
      problems.append(expander.diagnostic(fault, at: word))
      return .broken
    }
    if let index = index(ofStage: expansion.text) { return .stage(index) }
    if expansion.text == "scratch" { return .scratch }
    switch expander.use(expansion, of: word, role: .from) {
    case .success(let use):
      if !expansion.missing.isEmpty {
        problems.append(
          source.diagnostic(
            .warning, Self.noValue(expansion.missing), at: word.start, help: Self.giveValue, rule: .unsetArgument))
      }
      return .image(use)
    case .failure(let problem):
      problems.append(problem.diagnostic)
      return .broken
    }
  }

  static func noValue(_ names: [String]) -> String {
    "no ARG before the first FROM gives \(names.map { "'\($0)'" }.joined(separator: ", ")) a value"
  }

  static let giveValue =
    "write ARG NAME=VALUE before the first FROM, or declare it there and give it as a build argument"
}

/// `NAME` or `NAME=VALUE`.
struct Assignment {
  var name: MappedText
  var value: MappedText?

  /// Whether the name is not what is written: buildah expands it, BuildKit does not.
  func isQuoted(escape: UInt8) -> Bool {
    name.bytes.contains { $0 == Ascii.quote || $0 == Ascii.apostrophe || $0 == escape || $0 == UInt8(ascii: "$") }
  }

  init(_ word: MappedText) {
    if let equals = word.bytes.firstIndex(of: Ascii.equals) {
      name = word[0..<equals]
      value = word.dropFirst(equals + 1)
    } else {
      name = word
    }
  }
}
