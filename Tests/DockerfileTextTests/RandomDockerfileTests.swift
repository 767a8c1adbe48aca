import DockerfileText
import ImageModel
import TestSupport
import Testing

/// Properties of Dockerfiles that a grammar makes.
@Suite struct RandomDockerfileTests {
  /// One line of words; an instruction may have a heredoc's lines below it.
  private struct Line {
    var words: [String]
    var below: [String] = []
  }

  private struct Grammar {
    var random: SeededGenerator
    var stages: [String] = []
    /// Sources without variables and wildcards, cleaned.
    var literals: [String] = []

    init(seed: Int) { random = SeededGenerator(seed: seed) }

    mutating func pick<Element>(_ choices: [Element]) -> Element {
      choices[Int.random(in: choices.indices, using: &random)]
    }

    mutating func file() -> [Line] {
      var lines: [Line] = []
      for _ in 0..<Int.random(in: 0...2, using: &random) { lines.append(argument()) }
      for number in 0..<Int.random(in: 1...3, using: &random) {
        let base = pick(["scratch", "debian:12", "host:5000/a/b", stages.last ?? "alpine"])
        lines.append(Line(words: ["FROM", base, "AS", "s\(number)"]))
        // Only what the last stage and its bases copy is in reach for certain.
        if base != stages.last { literals = [] }
        for _ in 0..<Int.random(in: 0...5, using: &random) { lines.append(instruction()) }
        stages.append("s\(number)")
      }
      return lines
    }

    mutating func argument() -> Line { Line(words: ["ARG", pick(["V", "W=1", "X=\"a b\"", "Y=$W-${V:-z}"])]) }

    mutating func instruction() -> Line {
      switch Int.random(in: 0..<8, using: &random) {
      case 0: return argument()
      case 1: return Line(words: ["ENV", pick(["V=1", "A=${V:+x} B='c d'", "K v w"])])
      case 2: return Line(words: ["RUN", pick(["echo 'a  b'", "[\"x\", \"y z\"]", "make && # no comment"])])
      case 3: return Line(words: ["RUN", "<<-E", "sh"], below: [pick(["# kept", "COPY no /", "x \\", ""]), "\tE"])
      case 4:
        let source = literal()
        return Line(words: ["RUN", "--mount=type=bind,source=\(source),target=/m", "ls"])
      case 5: return Line(words: ["COPY", "--from=\(pick(stages + ["img:1"]))", "x", "/x"])
      case 6:
        return Line(words: [
          pick(["COPY", "ADD"]), pick(["--link", "--chown=1:1"]), literal(), "$V*", literal(), "/d/",
        ])
      default: return Line(words: ["COPY", "[\"\(literal())\",", "\"/x y\"]"])
      }
    }

    mutating func literal() -> String {
      let source = pick(["a", "src/main.c", "é", "d-1/e_2", "Z.tar.gz"])
      literals.append(source)
      return source
    }

    /// The lines as text; noise is what engines pass over.
    mutating func write(_ lines: [Line], noisily: Bool) -> String {
      var text = ""
      for line in lines {
        if noisily { text += pick(["", "", "# c\n", "\n", " \t\n", "  # d \\\n"]) + pick(["", "  ", "\t"]) }
        for (place, word) in line.words.enumerated() {
          if place > 0 { text += noisily ? gap() : " " }
          text +=
            noisily && place == 0
            ? pick([word, word.lowercased(), word.prefix(1) + word.dropFirst().lowercased()]) : word
        }
        text += "\n"
        for below in line.below { text += below + "\n" }
      }
      return text
    }

    /// White space before a continuation counts, since the shell sees it; so the noise keeps the one blank.
    private mutating func gap() -> String {
      pick([" ", " ", " \\\n", " \\ \t\n", " \\\n# c\n", " \\\n\n  # c \\\n", "\\\n "])
    }
  }

  @Test(arguments: Soak.seeds(400))
  func whatEnginesPassOverNeverChangesAFact(seed: Int) {
    var grammar = Grammar(seed: seed)
    let lines = grammar.file()
    let quiet = read(grammar.write(lines, noisily: false))
    let text = grammar.write(lines, noisily: true)
    let noisy = read(text)
    #expect(quiet.errors.isEmpty)
    #expect(noisy.errors == quiet.errors, "\(text)")
    #expect(noisy.canonical == quiet.canonical, "\(text)")
    #expect(noisy.sources == quiet.sources, "\(text)")
    #expect(noisy.used == quiet.used, "\(text)")
  }

  @Test(arguments: Soak.seeds(400, part: 1))
  func everyLiteralSourceIsInReach(seed: Int) {
    var grammar = Grammar(seed: seed)
    let lines = grammar.file()
    let text = grammar.write(lines, noisily: true)
    guard let sources = read(text).sources else { return }
    for literal in grammar.literals { #expect(sources.contains(literal), "\(literal) of\n\(text)") }
  }

  /// One byte that is changed, lost or doubled never makes a crash, nor a use that lies outside of the text.
  @Test(arguments: Soak.seeds(400, part: 2))
  func aDamagedDockerfileNeverCrashes(seed: Int) {
    var grammar = Grammar(seed: seed)
    let lines = grammar.file()
    var bytes = Array(grammar.write(lines, noisily: true).utf8)
    for _ in 0..<3 where !bytes.isEmpty {
      let place = Int.random(in: bytes.indices, using: &grammar.random)
      switch Int.random(in: 0..<3, using: &grammar.random) {
      case 0: bytes[place] = UInt8.random(in: 0...255, using: &grammar.random)
      case 1: bytes.remove(at: place)
      default: bytes.insert(bytes[place], at: place)
      }
    }
    for use in read(bytes).uses { #expect(use.range.upperBound <= bytes.count) }
  }
}
