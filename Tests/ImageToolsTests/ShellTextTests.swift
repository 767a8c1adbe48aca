import HostSystem
import ImageModel
import TestSupport
import Testing

@testable import ImageTools

/// What shells read is what was written.
@Suite struct ShellTextTests {
  private static let alphabet = Array("ab '\"\\!$`*?[]{}()<>|&;#~%^=-\t\u{e9}".unicodeScalars)

  private func text(_ random: inout SeededGenerator) -> String {
    (0..<Int.random(in: 0...12, using: &random)).reduce(into: "") { text, _ in
      text.unicodeScalars.append(Self.alphabet.randomElement(using: &random) ?? "a")
    }
  }

  @Test func everyShellReadsTheSameWord() async throws {
    var random = SeededGenerator(seed: Soak.start)
    let texts = (0..<(200 * Soak.factor)).map { _ in text(&random) }
    for shell in ["sh", "bash", "zsh", "tcsh", "fish"] {
      let words = texts.map {
        shell == "sh" ? [ShellText.word($0), ShellText.wordOfAnyShell($0)] : [ShellText.wordOfAnyShell($0)]
      }
      let script = words.flatMap { $0 }.map { "printf '[%s]\\n' " + $0 }.joined(separator: "\n")
      let command = ProcessCommand(
        [shell, "-c", script], environment: ProcessEnvironment.current.merging(["LC_ALL": "C.UTF-8"]) { $1 })
      // Not every shell is here.
      guard let result = try? await PosixProcessRunner().capture(command, limit: 1 << 26) else { continue }
      let expected = zip(texts, words).flatMap { text, words in words.map { _ in "[\(text)]\n" } }.joined()
      #expect(String(decoding: result.output, as: UTF8.self) == expected, "\(shell), seed \(Soak.start)")
    }
  }
}
