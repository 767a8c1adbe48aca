import HostSystem
import ImageModel
import TestSupport
import Testing

/// A shell of this machine.
struct Shell: Sendable, CustomTestStringConvertible {
  let words: [String]

  var testDescription: String { words.joined(separator: " ") }

  /// Those that containers have most often; tests run over each that is here.
  static let all = [["/bin/dash"], ["/bin/bash"], ["/bin/bash", "--posix"], ["/bin/busybox", "sh"]].filter { words in
    (try? PosixFileSystem().status(of: FilePath(words[0]), followingLinks: true)) != nil
  }.map { Shell(words: $0) }

  /// What a script prints, cut at zero bytes.
  func run(_ arguments: [String], environment: [String: String] = ["PATH": "/usr/bin:/bin"]) async throws -> [String] {
    let (output, errors) = (Locked<[UInt8]>([]), Locked<[UInt8]>([]))
    let command = ProcessCommand(
      words + arguments, environment: environment,
      output: .handler { bytes in output.withLock { $0.append(contentsOf: bytes) } },
      errorOutput: .handler { bytes in errors.withLock { $0.append(contentsOf: bytes) } })
    let status = try await PosixProcessRunner().run(command)
    guard status.isSuccess else {
      throw Failure("\(status): \(String(decoding: errors.withLock { $0 }, as: UTF8.self))")
    }
    return output.withLock { $0 }.split(separator: 0, omittingEmptySubsequences: false).dropLast()
      .map { String(decoding: $0, as: UTF8.self) }
  }
}

extension SeededGenerator {
  private static let nasty = [
    "\\", "\"", "'", "`", "$", "$HOME", "$(id)", "`id`", "${X}", " ", "  ", "\n", "\t", "*", "?", "[a]", "~", "!", "#",
    ";", "&", "|", "<", ">", "(", ")", "<(echo x)", ">(", "{", "}", "a}b", "%s", "\\n", "é", "日本", "\u{7F}", "\u{1}",
    "-", "=", "\\\\",
    "'\"'\"'", "a", "b", "word",
  ]

  /// Of what shells give a meaning to.
  mutating func nastyText() -> String {
    (0..<Int.random(in: 0...6, using: &self)).map { _ in Self.nasty.randomElement(using: &self) ?? "" }.joined()
  }

  mutating func nastyWords(_ count: ClosedRange<Int> = 0...4) -> [String] {
    (0..<Int.random(in: count, using: &self)).map { _ in nastyText() }
  }
}
