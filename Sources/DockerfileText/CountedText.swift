internal import ImageModel

/// What of a Dockerfile makes an image another one.
///
/// No engine keeps the name or the number of a stage in an image, nor an argument that nothing takes, nor the blanks
/// between flags, the strings of `CMD ["a", "b"]`, the words of `COPY a b` and the variables of `ENV A=1 B=2`.
struct CountedText {
  private let instructions: [Placed]
  private let stages: [Stage]
  /// The place of each needed stage among the needed.
  private let numbers: [Int: Int]
  /// What names other stages, by where it begins.
  private let links: [Int: (end: Int, stage: Int)]

  /// An instruction that counts, and its stage, -1 before the first `FROM`.
  private struct Placed {
    var instruction: DockerfileLines.Instruction
    var text: InstructionText
    var stage: Int
  }

  init(_ lines: DockerfileLines, _ stages: [Stage], needed: Set<Int>) {
    self.stages = stages
    // Those of triggers, which several stages may read, are never looked up.
    links = Dictionary(
      needed.flatMap { stages[$0].links }.map { ($0.range.lowerBound, ($0.range.upperBound, $0.stage)) }
    ) { first, _ in first }
    numbers = Dictionary(uniqueKeysWithValues: needed.sorted().enumerated().map { ($1, $0) })
    var stage = -1
    instructions = lines.instructions.compactMap { instruction in
      let text = InstructionText(instruction.text, escape: lines.escape)
      if text.keyword == "FROM" { stage += 1 }
      guard stage < 0 || needed.contains(stage) else { return nil }
      return Placed(instruction: instruction, text: text, stage: stage)
    }
  }

  /// - Precondition: the last instructions of `facts` are the needed ones.
  func mark(_ facts: inout DockerfileFacts) {
    let first = facts.instructions.count - instructions.count
    guard first >= 0 else { return }
    let arguments = takenArguments
    facts.takenArguments = arguments
    // A base by its digest has no pin that says whether its triggers name stages; to BuildKit there is an argument with
    // the name of the target; what nobody knows may do anything.
    let keepsNames =
      arguments == nil || facts.uses.contains { $0.role == .from && $0.reference.digest != nil }
      || instructions.contains { Self.mentionsTarget($0.text.rest.bytes) }
    facts.countsTarget = keepsNames
    for (index, placed) in instructions.enumerated() {
      if let arguments, isUnused(placed, arguments) {
        facts.instructions[first + index].counted = nil
      } else if let text = counted(placed, keepsNames: keepsNames) {
        facts.instructions[first + index].counted = DockerfileReader.text(of: text)
      }
    }
  }

  // MARK: - Arguments

  /// The names that an `ARG` of a stage, or one before the stages that is used, takes; nil when they cannot be known.
  private var takenArguments: Set<String>? {
    var used: Set<String> = []
    var globals: [(name: String, names: Set<String>)] = []
    for placed in instructions {
      var text = placed.text
      if text.keyword == "ONBUILD" { text = InstructionText(text.rest, escape: text.escape) }
      guard StageList.keywords.contains(text.keyword) else { return nil }
      if text.keyword == "FROM" { used.formUnion(Self.names(text.rest)) }
      guard text.keyword == "ARG" else { continue }
      for word in text.assignments {
        let argument = Assignment(word)
        if argument.isQuoted(escape: text.escape) { return nil }
        if placed.stage < 0 {
          globals.append((argument.name.text, Self.names(argument.value ?? MappedText(at: 0))))
        } else {
          used.insert(argument.name.text)
        }
      }
    }
    // One may be made of those before it.
    for global in globals.reversed() where used.contains(global.name) { used.formUnion(global.names) }
    return used
  }

  private func isUnused(_ placed: Placed, _ used: Set<String>) -> Bool {
    guard placed.stage < 0, placed.text.keyword == "ARG" else { return false }
    return placed.text.assignments.map { Assignment($0).name.text }.allSatisfy {
      !used.contains($0) && !PredefinedArguments.contain($0)
    }
  }

  private static func mentionsTarget(_ bytes: [UInt8]) -> Bool {
    let name = "TARGETSTAGE".utf8
    return bytes.indices.contains { bytes[$0] == name.first && bytes[$0...].starts(with: name) }
  }

  /// Everything in a text that may be the name of a variable.
  private static func names(_ text: MappedText) -> Set<String> {
    let words = text.bytes.split { !Ascii.isLetter($0) && !Ascii.isDigit($0) && $0 != UInt8(ascii: "_") && $0 < 0x80 }
    return Set(words.map { String(decoding: $0, as: UTF8.self) })
  }

  // MARK: - Stages and JSON

  /// Nil where all of it counts.
  private func counted(_ placed: Placed, keepsNames: Bool) -> [UInt8]? {
    let text = placed.text
    switch text.keyword {
    case "FROM": return keepsNames ? nil : from(text, stages[placed.stage])
    // It stays in the image as it is written.
    case "ONBUILD": return nil
    default:
      if !placed.instruction.heredocs.isEmpty { return nil }
      let arguments = Self.withoutBlanks(text) ?? Self.inWords(text)
      if text.flags.isEmpty, arguments == nil { return nil }
      return Self.begin(text, text.writtenFlags.map { keepsNames ? $0.bytes : linked($0) })
        + (arguments ?? text.arguments.bytes)
    }
  }

  /// Without its name; a stage in place of an image by its number.
  private func from(_ text: InstructionText, _ stage: Stage) -> [UInt8]? {
    guard let image = text.arguments.words.first else { return nil }
    let begin = Self.begin(text, text.writtenFlags.map(\.bytes))
    if case .stage(let base) = stage.base, let number = numbers[base] { return begin + Array("stage \(number)".utf8) }
    return begin + image.bytes
  }

  /// The keyword and the flags, one blank behind each.
  private static func begin(_ text: InstructionText, _ flags: [[UInt8]]) -> [UInt8] {
    ([Array(text.keyword.utf8)] + flags).flatMap { $0 + [Ascii.space] }
  }

  /// A flag with the numbers of stages in place of their names.
  private func linked(_ flag: MappedText) -> [UInt8] {
    var bytes: [UInt8] = []
    var end = 0
    for (byte, offset) in zip(flag.bytes, flag.offsets) where offset >= end {
      if let link = links[offset], let number = numbers[link.stage] {
        bytes += Array(String(number).utf8)
        end = link.end
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }

  /// The arguments of an instruction that only takes words apart, one blank between them.
  private static func inWords(_ text: InstructionText) -> [UInt8]? {
    let words: [MappedText]
    switch text.keyword {
    case "COPY", "ADD", "EXPOSE", "VOLUME": words = text.arguments.words
    case "ARG", "ENV", "LABEL":
      words = text.assignments
      // The old form has one value, with the blanks in it.
      if text.keyword != "ARG", words.first?.bytes.contains(Ascii.equals) != true { return nil }
    default: return nil
    }
    return Array(words.map(\.bytes).joined(separator: [Ascii.space]))
  }

  /// The arguments in their JSON form without the blanks between its strings; nil in any other form.
  private static func withoutBlanks(_ text: InstructionText) -> [UInt8]? {
    var list = text.arguments
    var before: [UInt8] = []
    switch text.keyword {
    case "CMD", "ENTRYPOINT", "RUN", "SHELL", "VOLUME", "COPY", "ADD": break
    case "HEALTHCHECK":
      guard let command = list.words.first, command.text.uppercased() == "CMD" else { return nil }
      before = Array("CMD ".utf8)
      list = list.dropFirst(command.count).trimmed
    default: return nil
    }
    guard case .strings = JSONStrings(list.bytes) else { return nil }
    var bytes = before
    var (isQuoted, isEscaped) = (false, false)
    for byte in list.bytes {
      if !isQuoted, Ascii.isSpace(byte) { continue }
      bytes.append(byte)
      if isEscaped {
        isEscaped = false
      } else if byte == Ascii.quote {
        isQuoted.toggle()
      } else if byte == Ascii.backslash {
        isEscaped = true
      }
    }
    return bytes
  }
}
