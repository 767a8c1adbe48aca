internal import ImageModel

/// Reads the instructions of one stage: which images, stages and files of the context it takes.
///
/// Source: moby/buildkit `frontend/dockerfile/dockerfile2llb`.
struct StageReader {
  private(set) var stage: Stage
  private let index: Int
  private let list: StageList
  private let source: SourceText
  private let escape: UInt8
  private let buildArguments: [String: String]

  /// `readStages` are the stages before this one, read already.
  init(
    _ index: Int, of list: StageList, after readStages: [Stage], source: SourceText, escape: UInt8,
    buildArguments: [String: String]
  ) {
    stage = list.stages[index]
    self.index = index
    self.list = list
    self.source = source
    self.escape = escape
    self.buildArguments = buildArguments
    switch stage.base {
    case .stage(let base) where base < readStages.count:
      guard list.expander.budget.spend(readStages[base].scope.weight) else {
        stage.diagnostics.append(Diagnostic(.error, ReadingBudget.fault, at: stage.location))
        return
      }
      stage.scope = readStages[base].scope.inherited
      for trigger in readStages[base].triggers {
        guard list.expander.budget.spend(trigger.text.count + Self.triggerWeight) else {
          report(.error, ReadingBudget.fault, at: trigger.text.start)
          return
        }
        read(trigger)
      }
    case .image(let use):
      stage.uses.append(use)
      let reference = use.reference.canonical
      stage.scope.base = Scope.Base(
        reference: reference, environment: list.environments[reference] ?? ImageEnvironment(root: .image(reference)),
        reason: "the environment of the base image \(use.reference) is not known")
    case .stage, .broken:
      stage.scope.base = Scope.Base(
        environment: ImageEnvironment(root: .unknown), reason: "the base image is not known")
    case .scratch:
      stage.scope.base = Scope.Base(environment: ImageEnvironment(root: .scratch), reason: "")
    }
    for instruction in stage.instructions { read(instruction) }
  }

  /// What reading an instruction takes apart from its length.
  private static let triggerWeight = 256

  private mutating func read(_ instruction: DockerfileLines.Instruction) {
    if !instruction.heredocs.isEmpty { stage.features.insert("heredoc") }
    let text = InstructionText(instruction.text, escape: escape)
    checkFlags(of: text)
    switch text.keyword {
    case "ARG": declare(text)
    case "ENV": setEnvironment(text)
    case "COPY", "ADD": copy(text)
    case "RUN": for flag in text.flags where flag.name == "mount" { mount(flag) }
    case "ONBUILD": addTrigger(text, instruction)
    default:
      if !StageList.keywords.contains(text.keyword) {
        // The list of stages has warned.
        stage.scope.isDoubtful = true
        let place = source.location(at: text.start)
        stage.unknownReach = stage.unknownReach ?? "\(place): nobody knows what \(text.keyword) takes"
      }
    }
  }

  private mutating func report(
    _ severity: Diagnostic.Severity, _ message: String, at offset: Int, help: String? = nil, rule: LintRule? = nil
  ) {
    stage.diagnostics.append(source.diagnostic(severity, message, at: offset, help: help, rule: rule))
  }

  /// Remembers where a source is written.
  private mutating func name(_ text: String, _ place: DockerfileSource.Place, by instruction: String, at offset: Int) {
    stage.named.append(
      DockerfileSource(instruction: instruction, text: text, place: place, location: source.location(at: offset)))
  }

  private static let flags: [String: [String]] = [
    "COPY": ["from", "chown", "chmod", "link", "parents", "exclude"],
    "ADD": ["chown", "chmod", "link", "keep-git-dir", "checksum", "exclude", "unpack"],
    "RUN": ["mount", "network", "security", "device"],
  ]

  private mutating func checkFlags(of text: InstructionText) {
    guard let known = Self.flags[text.keyword] else { return }
    for flag in text.flags where !known.contains(flag.name) {
      let nearest = list.expander.budget.nearest(flag.name, among: known)
      stage.cannotKnow(
        "\(text.keyword) has no flag --\(flag.name)", at: flag.start, source,
        help: nearest.map { "did you mean --\($0)?" } ?? "it has \(known.map { "--" + $0 }.joined(separator: ", "))",
        rule: .unknownFlag, severity: .warning)
    }
  }

  // MARK: - Variables

  private mutating func declare(_ text: InstructionText) {
    for word in text.assignments {
      let argument = Assignment(word)
      let name = argument.name.text
      if argument.isQuoted(escape: escape) {
        setQuoted(word)
      } else if let given = buildArguments[name] {
        stage.scope.setArgument(name, .set(given))
      } else if let value = argument.value {
        let (value, origins) = evaluated(value)
        stage.scope.setArgument(name, value, from: origins)
      } else {
        stage.scope.setArgument(name, list.globals[name])
      }
    }
  }

  /// `ARG "NAME=VALUE"`: buildah takes the quotes off, to BuildKit they are a part of the name.
  private mutating func setQuoted(_ word: MappedText) {
    switch expand(word) {
    case .success(let expansion):
      let name = String(expansion.text.prefix { $0 != "=" })
      stage.scope.setArgument(name, .unknown("engines read the quotes in its ARG differently"))
    case .failure(.unknown(let name, let reason)): cannotKnow(name, reason, word)
    case .failure(let fault): stage.diagnostics.append(list.expander.diagnostic(fault, at: word))
    }
  }

  private mutating func setEnvironment(_ text: InstructionText) {
    let words = text.assignments
    guard let first = words.first else { return }
    let assignments: [Assignment]
    if first.bytes.contains(Ascii.equals) {
      assignments = words.map(Assignment.init)
    } else {
      // The old form: ENV NAME the rest of the line.
      let end = text.arguments.bytes.firstIndex(where: Ascii.isSpace) ?? text.arguments.count
      var assignment = Assignment(text.arguments[0..<end])
      assignment.value = text.arguments.dropFirst(end).trimmed
      assignments = [assignment]
    }
    // All values are expanded before the first name is set.
    var values: [(written: MappedText, name: String?, value: ShellWord.Value, origins: Set<String>)] = []
    for assignment in assignments {
      let name = name(of: assignment)
      let (value, origins) = name == nil ? (.unset, []) : assignment.value.map { evaluated($0) } ?? (.set(""), [])
      values.append((assignment.name, name, value, origins))
    }
    for (written, name, value, origins) in values {
      if let name {
        stage.scope.setEnvironment(name, value, from: origins)
      } else {
        stage.scope.isDoubtful = true
        stage.cannotKnow("nobody knows which variable '\(written.text)' is", at: written.start, source)
      }
    }
  }

  /// The name that ENV sets, nil where it cannot be known.
  private mutating func name(of assignment: Assignment) -> String? {
    if !assignment.isQuoted(escape: escape) { return assignment.name.text }
    guard case .success(let expansion) = expand(assignment.name) else { return nil }
    return expansion.text
  }

  /// A value, and the variables of the base that decide it.
  private mutating func evaluated(_ value: MappedText) -> (ShellWord.Value, origins: Set<String>) {
    var origins: Set<String> = []
    switch list.expander.expand(value, in: stage.scope, origins: &origins) {
    case .success(let expansion): return (.set(expansion.text), origins)
    case .failure(.unknown(let name, let reason)): return (.unknown(madeOf: name, for: reason), origins)
    case .failure(let fault):
      stage.diagnostics.append(list.expander.diagnostic(fault, at: value))
      return (.unknown("it cannot be expanded"), origins)
    }
  }

  /// A word that decides what the stage takes.
  private mutating func expand(_ word: MappedText) -> Result<ShellWord.Expansion, ShellWord.Fault> {
    list.expander.expand(word, in: stage.scope, origins: &stage.askedVariables)
  }

  // MARK: - COPY and ADD

  private mutating func copy(_ text: InstructionText) {
    for name in ["link", "parents"] where text.isSet(name) { stage.features.insert("copy-\(name)") }
    for name in ["exclude", "chmod"] where text.flag(name) != nil { stage.features.insert("copy-\(name)") }
    guard let sources = sources(of: text) else { return }
    if text.keyword == "COPY", let from = text.flag("from")?.value, !from.isEmpty {
      take(from, role: .copyFrom)
      return
    }
    let paths = CopySources(text, count: sources.count, budget: list.expander.budget)
    for source in sources { select(source, by: text, paths) }
  }

  /// The words before the destination; nil when there is a fault.
  private mutating func sources(of text: InstructionText) -> [MappedText]? {
    var words = text.arguments.words
    switch JSONStrings(text.arguments.bytes) {
    case .otherArray:
      report(.error, "the JSON form of \(text.keyword) takes strings only", at: text.arguments.start)
      return nil
    case .strings(let strings):
      words = strings.map { string in
        var word = MappedText(at: text.arguments.start)
        for byte in string.utf8 { word.append(byte, at: text.arguments.start) }
        return word
      }
    case .notJSON: break
    }
    if words.count < 2 {
      report(.error, "\(text.keyword) takes at least one source and a destination", at: text.start)
      return nil
    }
    return words.dropLast()
  }

  private mutating func select(_ word: MappedText, by text: InstructionText, _ paths: CopySources) {
    if Heredoc(word: word.text) != nil { return }
    var expanded: [String] = []
    var remote = RemoteSource(word.text)
    switch expand(word) {
    case .success(let expansion):
      remote = RemoteSource(expansion.text)
      expanded = [expansion.text]
      // Where a value has a blank, BuildKit takes one path and buildah takes several.
      if expansion.words.count > 1, word.text.contains("$") { expanded += expansion.words }
    case .failure(.unknown(let name, let reason)):
      if remote == nil || remote == .gitOrFile { cannotKnow(name, reason, word) }
    case .failure(let fault):
      stage.diagnostics.append(list.expander.diagnostic(fault, at: word))
      return
    }
    if let path = expanded.first, path.unicodeScalars.contains("\u{FFFD}") {
      return stage.cannotKnow("'\(word.text)' is not UTF-8", at: word.start, source)
    }
    if let remote, remote != .gitOrFile || text.keyword == "ADD" {
      if text.keyword == "COPY" {
        report(.error, "COPY cannot take '\(word.text)' from the network", at: word.start, help: "use ADD")
      }
      if remote != .web { stage.features.insert("add-git") }
      if remote != .gitOrFile {
        let address = expanded.first ?? word.text
        let isPinned = paths.areChecked || remote == .git && RemoteSource.namesCommit(address)
        return name(address, .network(isPinned: isPinned), by: text.keyword, at: word.start)
      }
    }
    let selectors = expanded.flatMap(paths.selectors)
    stage.selectors += selectors
    // Nobody misses a file where the engine may take a repository.
    if let first = expanded.first, remote != .gitOrFile || text.keyword != "ADD" {
      name(first, .context(selectors), by: text.keyword, at: word.start)
    }
  }

  private mutating func cannotKnow(_ name: String, _ reason: String, _ word: MappedText) {
    stage.cannotKnow(
      "the value of '\(name)' cannot be known: \(reason)", at: word.start, source,
      help: "the whole context counts as an input; give it by ARG to narrow it")
  }

  /// A stage or image that files are taken from.
  private mutating func take(_ word: MappedText, role: ImageUse.Role) {
    let expansion: ShellWord.Expansion
    switch expand(word) {
    case .success(let result): expansion = result
    case .failure(let fault):
      stage.diagnostics.append(list.expander.diagnostic(fault, at: word))
      return
    }
    // Only stages before this one are looked at: to buildah the name of any other is an image's, BuildKit refuses it.
    if let found = list.index(ofStage: expansion.text, before: index) {
      link(word, to: found)
    } else if let number = Int(expansion.text), number >= 0, number < index {
      link(word, to: number)
    } else if role == .copyFrom, let number = Int(expansion.text) {
      report(
        .error, "there is no stage \(number) before this one", at: word.start, help: "stages are counted from 0")
    } else if expansion.text != "scratch" {
      if list.index(ofStage: expansion.text) != nil {
        report(
          .warning, "the stage '\(expansion.text)' does not stand before this one", at: word.start,
          help: "so this means an image of that name, if the engine takes it at all", rule: .doubtfulSyntax)
      }
      switch list.expander.use(expansion, of: word, role: role) {
      case .success(let use): stage.uses.append(use)
      case .failure(let problem): stage.diagnostics.append(problem.diagnostic)
      }
    }
  }

  private mutating func link(_ word: MappedText, to other: Int) {
    stage.sources.append(other)
    stage.links.append((word.range, other))
  }

  // MARK: - RUN --mount and ONBUILD

  private mutating func mount(_ flag: InstructionText.Flag) {
    guard let value = flag.value else { return }
    let options = MountOptions(value)
    var kind = "bind"
    if let type = options.value("type") {
      switch expand(type) {
      case .success(let expansion): kind = expansion.text.lowercased()
      case .failure(.unknown(let name, let reason)): cannotKnow(name, reason, type)
      case .failure(let fault): stage.diagnostics.append(list.expander.diagnostic(fault, at: type))
      }
    }
    let kinds = ["bind", "cache", "tmpfs", "secret", "ssh"]
    guard kinds.contains(kind) else {
      stage.cannotKnow(
        "'\(kind)' is no type of mount", at: options.value("type")?.start ?? flag.start, source,
        help: list.expander.budget.nearest(kind, among: kinds).map { "did you mean \($0)?" })
      return
    }
    if kind != "tmpfs" { stage.features.insert("mount-\(kind)") }
    guard kind == "bind" || kind == "cache" else { return }
    if let from = options.value("from"), !from.isEmpty {
      take(from, role: .mountFrom)
    } else if kind == "bind" {
      guard let path = options.value("source", "src") else {
        bind(".", at: flag.start)
        return
      }
      switch expand(path) {
      case .success(let expansion):
        if expansion.text.unicodeScalars.contains("\u{FFFD}") {
          return stage.cannotKnow("'\(path.text)' is not UTF-8", at: path.start, source)
        }
        bind(expansion.text, at: path.start)
      case .failure(.unknown(let name, let reason)): cannotKnow(name, reason, path)
      case .failure(let fault): stage.diagnostics.append(list.expander.diagnostic(fault, at: path))
      }
    }
  }

  private mutating func bind(_ source: String, at offset: Int) {
    let selector = ContextSelector(pattern: CopySources.cleaned(source), isPattern: false)
    stage.selectors.append(selector)
    name(source, .context([selector]), by: "RUN --mount", at: offset)
  }

  private mutating func addTrigger(_ text: InstructionText, _ instruction: DockerfileLines.Instruction) {
    stage.features.insert("onbuild")
    let keyword = InstructionText(text.rest, escape: escape).keyword
    if ["", "ONBUILD", "FROM", "MAINTAINER"].contains(keyword) {
      report(
        .error, keyword.isEmpty ? "ONBUILD takes an instruction" : "ONBUILD cannot run \(keyword)", at: text.start)
      return
    }
    if !StageList.keywords.contains(keyword) {
      stage.diagnostics.append(list.unknownInstruction(keyword, at: text.rest.start))
    }
    stage.triggers.append(DockerfileLines.Instruction(text: text.rest, heredocs: instruction.heredocs))
  }
}
