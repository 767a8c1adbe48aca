package import ImageModel

/// Reads what coppice must know of a Dockerfile, as exactly as BuildKit's front end where it decides edges and files.
package enum DockerfileReader {
  /// Never throws: every fault is an error among `diagnostics`, and then the whole context counts.
  ///
  /// `target` is a stage's name or number, nil means the last one. `platform` is the one to build for and on.
  package static func read(
    _ text: [UInt8], file: FilePath, buildArguments: [String: String], target: String?, platform: Platform
  ) -> DockerfileFacts {
    let source = SourceText(text, file: file)
    var facts = DockerfileFacts(
      file: file, text: text, instructions: [], uses: [], reach: .whole(reason: "the Dockerfile has errors"))
    if let offset = source.firstInvalidByte {
      facts.diagnostics = [source.diagnostic(.error, "this byte is not UTF-8", at: offset)]
      return facts
    }
    let lines = DockerfileLines(source)
    facts.instructions = canonical(lines, source)
    facts.diagnostics = lines.diagnostics
    if lines.instructions.isEmpty, lines.diagnostics.isEmpty {
      let message = text.isEmpty ? "the Dockerfile is empty" : "the Dockerfile has no instructions"
      facts.diagnostics.append(
        Diagnostic(.error, message, at: SourceLocation(file: file), help: "begin with FROM and the image to build on"))
      return facts
    }
    let list = StageList(
      lines, source: source, buildArguments: buildArguments, predefined: predefined(platform, target: target))
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
      let needed = needed(wanted, stages, source, &facts)
      gather(needed.sorted().map { stages[$0] }, into: &facts)
      for index in needed { facts.stages[index].isNeeded = true }
      facts.instructions = canonical(lines, source, stages: needed)
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
      var text = InstructionText(instruction.text).canonical
      if text.hasPrefix("FROM ") { stage += 1 }
      if let stages, stage >= 0, !stages.contains(stage) { return nil }
      for heredoc in instruction.heredocs {
        text += "\n" + String(decoding: heredoc.body, as: UTF8.self) + heredoc.name
      }
      return DockerfileInstruction(canonical: text, location: source.location(at: instruction.text.start))
    }
    return directives + instructions
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
    var text = InstructionText(line)
    if text.keyword == "ONBUILD" { text = InstructionText(text.rest) }
    return text.keyword == "ARG" ? text.assignments(escape: escape).map { Assignment($0).name.text } : []
  }

  // MARK: - Stages

  private static func wantedStage(_ target: String?, _ list: StageList, _ facts: inout DockerfileFacts) -> Int? {
    guard let target else { return list.stages.indices.last }
    if let index = list.index(ofStage: target) { return index }
    if let index = Int(target), list.stages.indices.contains(index) { return index }
    let names = list.stages.compactMap(\.name)
    let nearest = NearestSpelling.of(target, among: names)
    let known = names.isEmpty ? "its stages have no names" : "its stages are " + names.joined(separator: ", ")
    facts.diagnostics.append(
      Diagnostic(
        .error, "there is no stage '\(target)'", at: SourceLocation(file: facts.file),
        help: nearest.map { "did you mean \($0)?" } ?? known))
    return nil
  }

  /// The stage and all that it needs; a cycle is an error.
  private static func needed(
    _ wanted: Int, _ stages: [Stage], _ source: SourceText, _ facts: inout DockerfileFacts
  ) -> Set<Int> {
    enum Visit { case open, done }
    var visits = [wanted: Visit.open]
    var path: [(stage: Int, next: Int)] = [(wanted, 0)]
    while let (stage, next) = path.last {
      guard next < stages[stage].needs.count else {
        visits[stage] = .done
        path.removeLast()
        continue
      }
      path[path.count - 1].next += 1
      let need = stages[stage].needs[next]
      switch visits[need] {
      case .done: break
      case .open:
        let name = stages[need].name ?? "\(need)"
        facts.diagnostics.append(
          Diagnostic(.error, "the stage '\(name)' needs itself", at: SourceLocation(file: facts.file)))
        return Set(visits.keys)
      case nil:
        visits[need] = .open
        path.append((need, 0))
      }
    }
    return Set(visits.keys)
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
    }
  }
}
