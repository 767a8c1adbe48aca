package import ImageModel

/// Reads what coppice must know of a Dockerfile, as exactly as BuildKit's front end where it decides edges and files.
package enum DockerfileReader {
  /// Never throws: every fault is an error among `diagnostics`, and then the whole context counts.
  ///
  /// `target` is a stage's name or number, nil means the last one; `targetPlace` is where that is said. `platform` is the
  /// one to build for and on. `environments` are those of images that `FROM` names, by canonical reference, where
  /// something is known of them.
  package static func read(
    _ text: [UInt8], file: FilePath, buildArguments: [String: String], target: String?,
    targetPlace: SourceLocation? = nil, platform: Platform, environments: [String: ImageEnvironment] = [:]
  ) -> DockerfileFacts {
    let source = SourceText(text, file: file)
    let lines = DockerfileLines(source)
    let facts = read(
      lines, source, buildArguments: buildArguments,
      target: target.map { Located($0, at: targetPlace ?? SourceLocation(file: file)) }, platform: platform,
      environments: environments)
    let syntax = lines.directives.first { $0.name == "syntax" }?.value.words.first?.text
    let reason = ForeignFrontEnd.reason(for: source, syntax: syntax, buildArguments: buildArguments)
    return reason.map { ForeignFrontEnd.degraded(facts, source, reason: $0) } ?? facts
  }

  private static func read(
    _ lines: DockerfileLines, _ source: SourceText, buildArguments: [String: String], target: Located<String>?,
    platform: Platform, environments: [String: ImageEnvironment]
  ) -> DockerfileFacts {
    var facts = DockerfileFacts(
      file: source.file, text: source.bytes, instructions: [], uses: [],
      reach: .whole(reason: "the Dockerfile has errors"))
    facts.diagnostics = lines.diagnostics
    if lines.instructions.isEmpty, lines.diagnostics.isEmpty {
      let message = source.bytes.isEmpty ? "the Dockerfile is empty" : "the Dockerfile has no instructions"
      facts.diagnostics.append(
        Diagnostic(
          .error, message, at: SourceLocation(file: source.file), help: "begin with FROM and the image to build on"))
      return facts
    }
    let list = StageList(
      lines, source: source, buildArguments: buildArguments,
      predefined: predefined(platform, target: target?.value ?? lastName(lines)), environments: environments)
    facts.diagnostics += list.diagnostics
    var stages: [Stage] = []
    for index in list.stages.indices {
      let reader = StageReader(
        index, of: list, after: stages, source: source, escape: lines.escape, buildArguments: buildArguments)
      stages.append(reader.stage)
    }
    readSyntax(lines, list.expander, into: &facts)
    facts.arguments = Set(lines.instructions.flatMap { argumentNames($0.text, escape: lines.escape) })
    facts.stages = stages.map { DockerfileStage(name: $0.name, location: $0.location, isNeeded: false) }
    if let wanted = wantedStage(target, list, &facts) {
      let needed = needed(wanted, stages)
      gather(needed.sorted().map { stages[$0] }, into: &facts)
      for index in needed { facts.stages[index].isNeeded = true }
      facts.environment = stages[wanted].scope.image
      facts.triggers = stages[wanted].triggers.map { self.text(of: $0.text.bytes) }
      facts.instructions = canonical(lines, source, stages: needed)
      CountedText(lines, stages, needed: needed).mark(&facts)
    } else {
      facts.instructions = canonical(lines, source)
    }
    if lines.instructions.contains(where: { !$0.heredocs.isEmpty }) { facts.features.insert("heredoc") }
    // What is wrong with a trigger is found in every stage that runs it.
    facts.diagnostics = Set(facts.diagnostics).sorted()
    if facts.diagnostics.contains(where: { $0.severity == .error }) {
      facts.reach = .whole(reason: "the Dockerfile has errors")
    }
    return facts
  }

  /// - Parameter stages: those that count, all by default; what stands before the first `FROM` always does.
  private static func canonical(
    _ lines: DockerfileLines, _ source: SourceText, stages: Set<Int>? = nil
  ) -> [DockerfileInstruction] {
    let directives = lines.directives.map { directive in
      DockerfileInstruction(
        canonical: "# \(directive.name)=\(directive.value.text)", location: source.location(at: directive.start))
    }
    var stage = -1
    let instructions = lines.instructions.compactMap { instruction -> DockerfileInstruction? in
      let read = InstructionText(instruction.text, escape: lines.escape)
      var text = read.canonical
      if read.keyword == "FROM" { stage += 1 }
      if let stages, stage >= 0, !stages.contains(stage) { return nil }
      for heredoc in instruction.heredocs {
        text += [Ascii.newline] + heredoc.body + heredoc.name.utf8
      }
      return DockerfileInstruction(
        canonical: self.text(of: text), location: source.location(at: instruction.text.start))
    }
    return directives + instructions
  }

  /// Bytes as text that no other bytes have; what is no UTF-8 is shown as far as it can be.
  static func text(of bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    let digits = bytes.map { byte in (byte < 0x10 ? "0" : "") + String(byte, radix: 16) }.joined()
    // No keyword is in lower case.
    return "bytes \(digits) \(String(decoding: bytes, as: UTF8.self))"
  }

  /// The name of the last stage.
  private static func lastName(_ lines: DockerfileLines) -> String? {
    let all = lines.instructions.lazy.map { InstructionText($0.text, escape: lines.escape) }
    guard let words = all.last(where: { $0.keyword == "FROM" })?.arguments.words, words.count == 3 else { return nil }
    return words[2].text.lowercased()
  }

  /// The arguments that BuildKit and buildah define by themselves.
  private static func predefined(_ platform: Platform, target: String?) -> [String: String] {
    var values = ["TARGETSTAGE": target ?? "default"]
    for prefix in ["BUILD", "TARGET"] {
      values[prefix + "PLATFORM"] = platform.description
      values[prefix + "OS"] = platform.os
      values[prefix + "ARCH"] = platform.architecture
      values[prefix + "VARIANT"] = platform.variant ?? ""
    }
    return values
  }

  private static func readSyntax(_ lines: DockerfileLines, _ expander: WordExpander, into facts: inout DockerfileFacts)
  {
    guard let word = lines.directives.first(where: { $0.name == "syntax" })?.value.words.first else { return }
    let plain = ShellWord.Expansion(text: word.text, words: [word.text], missing: [])
    switch expander.use(plain, of: word, role: .syntax) {
    case .success(let use): facts.uses.append(use)
    case .failure(let problem): facts.diagnostics.append(problem.diagnostic)
    }
  }

  /// What an ARG declares, also one that waits for a stage built from this one.
  private static func argumentNames(_ line: MappedText, escape: UInt8) -> [String] {
    var text = InstructionText(line, escape: escape)
    if text.keyword == "ONBUILD" { text = InstructionText(text.rest, escape: escape) }
    return text.keyword == "ARG" ? text.assignments.map { Assignment($0).name.text } : []
  }

  // MARK: - Stages

  private static func wantedStage(
    _ target: Located<String>?, _ list: StageList, _ facts: inout DockerfileFacts
  ) -> Int? {
    guard let target else { return list.stages.indices.last }
    if let index = list.index(ofStage: target.value) { return index }
    if let index = Int(target.value), list.stages.indices.contains(index) { return index }
    let names = list.stages.compactMap(\.name)
    let nearest = NearestSpelling.of(target.value, among: names)
    let known = names.isEmpty ? "its stages have no names" : "its stages are " + names.joined(separator: ", ")
    facts.diagnostics.append(
      Diagnostic(
        .error, "there is no stage '\(target.value)'", at: target.location,
        help: nearest.map { "did you mean \($0)?" } ?? known))
    return nil
  }

  /// The stage and all that it needs; a stage only needs earlier ones.
  private static func needed(_ wanted: Int, _ stages: [Stage]) -> Set<Int> {
    var needed = [wanted] as Set
    for index in stages.indices.reversed() where needed.contains(index) { needed.formUnion(stages[index].needs) }
    return needed
  }

  private static func gather(_ stages: [Stage], into facts: inout DockerfileFacts) {
    var selectors: [ContextSelector] = []
    var known: Set<ContextSelector> = []
    for selector in stages.flatMap(\.selectors) where known.insert(selector).inserted { selectors.append(selector) }
    let unknown = stages.compactMap(\.unknownReach).first
    facts.reach = unknown.map { .whole(reason: $0) } ?? .selected(selectors)
    // A trigger of a stage is read once for each stage built from it.
    facts.uses = Set(facts.uses + stages.flatMap(\.uses)).sorted { $0.range.lowerBound < $1.range.lowerBound }
    facts.sources = Set(stages.flatMap(\.named)).sorted { ($0.location, $0.text) < ($1.location, $1.text) }
    for stage in stages {
      facts.features.formUnion(stage.features)
      facts.diagnostics += stage.diagnostics
      if let base = stage.scope.base?.reference, !stage.askedVariables.isEmpty {
        facts.askedVariables[base, default: []].formUnion(stage.askedVariables)
      }
    }
  }
}
