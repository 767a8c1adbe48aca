import HostSystem
import ImageModel

/// Where a build is, read from what engines print as they go; called from any thread.
final class StepTrace: Sendable {
  /// One instruction as an engine announces it.
  private struct Announcement {
    var text: String
    /// Of its stage or of all, from 1.
    var number: Int?
    /// A stage's name, or its number from 0 as `stage-N`.
    var stage: String?
    /// How many instructions or stages the engine sees.
    var total: Int?
    var kind: Kind

    enum Kind { case containers, legacy, buildKit }
  }

  private let last = Locked<Announcement?>(nil)
  private let line = Locked<Int?>(nil)

  func add(_ text: String) {
    if let number = Self.excerpt(text) { line.withLock { $0 = number } }
    guard let announcement = Self.announcement(text) else { return }
    last.withLock { $0 = announcement }
  }

  /// The failure with the line of the Dockerfile at which the build was, and what it was doing there.
  func failure(_ failure: Failure, in facts: DockerfileFacts) -> Failure {
    guard failure.location == nil, let instruction = instruction(in: facts) else { return failure }
    var located = failure
    located.location = instruction.location
    // One with help says more than which command ended.
    if failure.help == nil, let code = Self.exitCode(failure.message) {
      located.message = "\(Self.shown(instruction)) failed with exit code \(code)"
    }
    return located
  }

  func instruction(in facts: DockerfileFacts) -> DockerfileInstruction? {
    let numbered = Numbered.all(facts)
    if let line = line.withLock({ $0 }) { return numbered.last { $0.instruction.location.line <= line }?.instruction }
    guard let step = last.withLock({ $0 }) else { return nil }
    let text = Self.comparable(step.text)
    var found = numbered.filter { Self.comparable($0.instruction.canonical) == text }
    func narrow(_ isRight: (Numbered) -> Bool) {
      let right = found.filter(isRight)
      if found.count > 1, !right.isEmpty { found = right }
    }
    switch step.kind {
    case .legacy: narrow { $0.overall == step.number }
    case .containers:
      narrow { $0.inStage == step.number }
      // Where stages were left out as needless, their numbers are others.
      if let total = step.total, numbered.last.map({ $0.stage + 1 }) == total { narrow { "\($0.stage)" == step.stage } }
    case .buildKit:
      narrow { $0.stageName == step.stage }
      narrow { $0.layer == step.number }
    }
    // Rather none than a wrong one.
    return found.count == 1 ? found[0].instruction : nil
  }

  // MARK: - What engines print

  private static func announcement(_ line: String) -> Announcement? {
    if line.hasPrefix("Step "), let (numbers, text) = cut(line.dropFirst(5), at: " : ") {
      return pair(numbers).map { Announcement(text: text, number: $0.0, total: $0.1, kind: .legacy) }
    }
    var rest = line[...]
    var stage: (Int, Int)?
    if rest.first == "[", let (inner, after) = cut(rest.dropFirst(), at: "] ") {
      stage = pair(inner)
      rest = after[...]
    }
    if rest.hasPrefix("STEP "), let (numbers, text) = cut(rest.dropFirst(5), at: ": "), let pair = pair(numbers) {
      return Announcement(
        text: text, number: pair.0, stage: stage.map { "\($0.0 - 1)" }, total: stage?.1, kind: .containers)
    }
    // The head of what BuildKit says of the step that failed: ` > [stage 2/3] RUN …:`
    if line.hasPrefix(" > ["), line.hasSuffix(":"), let (inner, text) = cut(line.dropFirst(4).dropLast(), at: "] ") {
      let words = inner.split(separator: " ")
      return Announcement(
        text: text, number: words.last.flatMap { pair($0)?.0 }, stage: words.count > 1 ? String(words[0]) : nil,
        kind: .buildKit)
    }
    return nil
  }

  /// The line that an excerpt of BuildKit marks: `   3 | >>> RUN …`
  private static func excerpt(_ line: String) -> Int? {
    guard let (number, text) = cut(line[...], at: " | "), text.hasPrefix(">>> ") else { return nil }
    return Int(number.filter { $0 != " " })
  }

  private static func cut(_ text: Substring, at mark: String) -> (Substring, String)? {
    var start = text.startIndex
    while start < text.endIndex {
      if text[start...].hasPrefix(mark) { return (text[..<start], String(text[start...].dropFirst(mark.count))) }
      start = text.index(after: start)
    }
    return nil
  }

  private static func pair(_ text: Substring) -> (Int, Int)? {
    let numbers = text.split(separator: "/").map { Int($0) }
    guard numbers.count == 2, let first = numbers[0], let second = numbers[1] else { return nil }
    return (first, second)
  }

  private static func exitCode(_ message: String) -> Int? {
    for mark in ["exit status ", "exit code: ", "non-zero code: "] {
      if let (_, rest) = cut(message[...], at: mark), let code = Int(rest.prefix(while: \.isNumber)) { return code }
    }
    return nil
  }

  // MARK: - Instructions

  /// Without what engines print in another way: white space, flags (which hold exact names), heredocs.
  private static func comparable(_ text: String) -> String {
    let words = (text.split(separator: "\n").first ?? "").split(whereSeparator: \.isWhitespace)
    let name = words.first?.uppercased() ?? ""
    return ([name] + words.dropFirst().drop { $0.hasPrefix("--") }.map(String.init)).joined(separator: " ")
  }

  private static func shown(_ instruction: DockerfileInstruction) -> String {
    let words = (instruction.canonical.split(separator: "\n").first ?? "").split(whereSeparator: \.isWhitespace)
    let line = words.joined(separator: " ")
    return line.count > 60 ? line.prefix(59) + "…" : line
  }

  /// An instruction and the numbers by which engines know it.
  private struct Numbered {
    var instruction: DockerfileInstruction
    var overall: Int
    var stage: Int
    var stageName: String
    var inStage: Int
    var layer: Int

    static func all(_ facts: DockerfileFacts) -> [Numbered] {
      var (stage, name, inStage, layer) = (-1, "", 0, 0)
      let instructions = facts.instructions.filter { !$0.canonical.hasPrefix("#") }
      return instructions.enumerated().map { index, instruction in
        let words = InstructionWords(instruction.canonical)
        if words.name == "FROM" {
          (stage, inStage, layer) = (stage + 1, 0, 0)
          name = words.words.count > 2 ? words.words[2].lowercased() : "stage-\(stage)"
        }
        inStage += 1
        if ["FROM", "RUN", "COPY", "ADD", "WORKDIR"].contains(words.name) { layer += 1 }
        return Numbered(
          instruction: instruction, overall: index + 1, stage: stage, stageName: name, inStage: inStage, layer: layer)
      }
    }
  }
}
